// The table of measures, spelled as attnrec_widgets/trust_report.py spells it.
import type { Present } from '../../engine/page/responder';
import { ATTENTION } from '../lens_of';
import type { Method, Report } from '../types';
import { explain } from './explain';
import { whole } from './keep';
import { effectsOf, measure, negligibleOf, singles, variantsOf } from './metrics';
import { BAND, mean, quantile } from './statistics';
import type { Subject } from './subject';
import type { Told, Unnumbered } from './told';
import type { Variants } from './variants';

const ITSELF = 'leave-one-out', AGREEMENT = 'Kendall';

/** Every explanation that takes forward passes alone, measured beside random ones. */
export async function reportOf(subject: Subject, present: Present, variants: Variants, random: number[][], { anew, report }: Told, signal: AbortSignal): Promise<Unnumbered<Report>> {
  const { items, unread, target, note, case: { removal } } = subject, n = items.length, k = Math.min(anew.k, n);
  await variants.ask(singles(n), signal);
  const effects = effectsOf(n, keep => variants.get(keep).score), { score, rank } = variants.get(whole(n));
  const methods = report.methods.map(method => methodOf(method, present, effects, anew.lacks[method.name])), able = methods.filter(method => method.values);
  const measured = await measuredOf([...able.map(method => method.values!), new Array<number>(n).fill(1), ...random], effects, variants, anew, signal);
  const drawn = measured.splice(able.length + 1), over = (fold: (values: number[]) => number) => anew.metrics.map((_, i) => folded(drawn.map(row => row[i]!), fold));
  const itself = able.findIndex(method => method.name === ITSELF), filled = (text: string) => text.replaceAll('{k}', String(k));
  if (itself >= 0) measured[itself] = measured[itself]!.with(anew.metrics.findIndex(metric => metric.name === AGREEMENT), null);
  return {
    ...report, state: 'ready', error: null, target: { ...target, score, rank }, items, unread, k, removal,
    orders: random.length, seed: anew.seed, methods, note,
    metrics: anew.metrics.map(metric => ({ ...metric, name: filled(metric.name), says: filled(metric.says) })),
    rows: [...able.map(method => method.name), 'uniform', 'random'],
    values: [...measured, over(mean)],
    cells: itself >= 0 ? { [ITSELF]: { [AGREEMENT]: 'itself' } } : {},
    band: [over(values => quantile(values, BAND[0])), over(values => quantile(values, BAND[1]))],
    effects, negligible: negligibleOf(score),
    foot: [...anew.provenance, `leave-one-out ${anew.removals[removal]}`, `${random.length} random orders in this page, seed ${anew.seed}`].join(' · '),
  };
}

/** Python's report, with the attention of another layer or head in it. */
export async function withAttention(report: Unnumbered<Report>, present: Present, variants: Variants, { anew }: Told, signal: AbortSignal): Promise<Unnumbered<Report>> {
  const row = report.rows.indexOf(ATTENTION), methods = report.methods.map(one => (one.name === ATTENTION ? methodOf(one, present, report.effects) : one));
  const values = methods.find(one => one.name === ATTENTION)?.values;
  if (row < 0 || !values) return report;
  const [measured] = await measuredOf([values], report.effects, variants, anew, signal);
  return { ...report, methods, values: report.values.with(row, measured!) };
}

async function measuredOf(explained: number[][], effects: readonly number[], variants: Variants, anew: Told['anew'], signal: AbortSignal): Promise<(number | null)[][]> {
  const n = effects.length, k = Math.min(anew.k, n), names = anew.metrics.map(metric => metric.name);
  await variants.ask([whole(n), ...explained.flatMap(values => variantsOf(values, k))], signal);
  return explained.map(values => measure(names, values, effects, k, keep => variants.get(keep).score));
}

/** A method as it stands here: with its values, or with the reason why there are none. */
function methodOf({ name, label, note, signed }: Method, { inspected, state: { layer, head } }: Present, effects: readonly number[], lacks: string | null = null): Method {
  const found = lacks ?? explain(name, label, { inspected, layer, head, effects }), none = typeof found === 'string', at = inspected.layer(layer);
  const which = inspected.head(head) === null ? 'mean of heads' : `head ${head}`;
  return { name, label, signed, note: name === ATTENTION && at !== null ? `layer ${at}, ${which}` : note, values: none ? null : found, reason: none ? found : null };
}

/** Of values that are all defined. */
const folded = (values: (number | null)[], fold: (values: number[]) => number): number | null => (values.some(value => value === null) ? null : fold(values as number[]));
