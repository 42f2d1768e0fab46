// Race and flip, spelled as attnrec_widgets/trust_views.py spells them.
import { capital } from '../../model/format';
import type { Race, Racer } from '../race_model';
import type { Flip, Report } from '../types';
import { smallestFlip } from './flip_search';
import { whole, without } from './keep';
import { inEqualParts, orderOf } from './orders';
import { BAND, quantile } from './statistics';
import { type Subject, titled } from './subject';
import type { Unnumbered } from './told';
import type { Variants } from './variants';

const MOST_STEPS = 50;

/** The lens, and what races beside it in Python as far as it has values here; then the first of the random orders. */
export async function raceOf(subject: Subject, lens: string, report: Unnumbered<Report>, variants: Variants, random: number[][], signal: AbortSignal): Promise<Unnumbered<Race>> {
  const { items, target, case: { source, removal } } = subject, n = items.length;
  const values = (name: string): readonly number[] | null => (name === 'leave-one-out' ? report.effects : report.methods.find(one => one.name === name)?.values ?? null);
  const wanted = [...new Set([lens, 'gradient x input', 'leave-one-out'])], names = wanted.filter(values), drawn = random.map(orderOf);
  const absent = report.methods.filter(({ name, reason }) => reason !== null && wanted.includes(name)).map(method => method.reason!);
  const counts = inEqualParts(n, MOST_STEPS).filter(count => removal === 'mask' || count < n), along = (order: readonly number[]) => counts.map(count => without(order, count));
  const racing = [...names.map(name => ({ name, order: orderOf(values(name)!) })), { name: 'random', order: drawn[0]! }];
  await variants.ask([...racing.map(one => one.order), ...drawn].flatMap(along), signal);
  const racers = racing.map(({ name, order }): Racer => {
    const standings = along(order).map(keep => variants.get(keep));
    return {
      name, label: capital(name).replaceAll(' x ', ' × '), order: order.map(i => items[i]!.position),
      scores: standings.map(one => one.score), ranks: standings.map(one => one.rank),
      firsts: standings.map(({ first }, i) => (counts[i]! < n ? titled(source, first) : null)),
    };
  });
  const scores = drawn.map(order => along(order).map(keep => variants.get(keep).score)), end = (share: number) => counts.map((_, i) => quantile(scores.map(one => one[i]!), share));
  return { target, items, counts, score: variants.get(whole(n)).score, racers, band: [end(BAND[0]), end(BAND[1])], orders: random.length, removal, absent };
}

/** The least removal that changes what comes first. */
export async function flipOf({ items, case: { source, first, removal } }: Subject, variants: Variants, signal: AbortSignal): Promise<Unnumbered<Flip>> {
  const n = items.length;
  const { keep, minimal } = await smallestFlip(n, async keeps => {
    await variants.ask(keeps, signal);
    return keeps.map(one => variants.get(one).lead);
  });
  const gone = keep === null ? [] : items.filter((_, i) => keep[i] === '0');
  return {
    found: keep !== null, error: null, removed: gone.map(item => item.position), of: n, titles: gone.map(item => item.title),
    before: titled(source, first), after: titled(source, keep === null ? first : variants.get(keep).first), minimal, asked: variants.asked, removal, played: false,
  };
}
