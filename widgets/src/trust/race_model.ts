// The deletion race: each explanation takes items out in its own order, and the target's score falls.
import type { Sentence } from '../model/sentence';
import { score } from '../model/format';
import { clamp, lerp } from '../model/scale';
import type { Id } from '../types';

export interface Item { position: number; id: Id; title: string }
export interface Named { id: Id; title: string }

export interface Racer {
  name: string;
  label: string;
  /** Positions, the first deleted first. */
  order: number[];
  /** One for each of the race's counts: of the target, and who is recommended first then. */
  scores: number[];
  ranks: number[];
  firsts: (Named | null)[];
}

export interface Race {
  seq: number;
  target: Named;
  items: Item[];
  /** How many items are gone at each step, ascending from 0. */
  counts: number[];
  score: number;
  /** The explanation that the panel looks through comes first. */
  racers: Racer[];
  /** Ends of what 95% of random orders do, at each step. */
  band: [number[], number[]];
  orders: number;
  removal: 'drop' | 'mask';
  /** Why an explanation that would race does not. */
  absent?: string[];
}

/** By position, as which item an order takes it out: 1 for the first. */
export const places = (racer: Racer): Map<number, number> => new Map(racer.order.map((position, i) => [position, i + 1]));

/** The first step at which the target is not recommended first; null if there is none, or it never was. */
export function dethroned({ ranks }: Racer): number | null {
  const step = ranks.findIndex(rank => rank > 1);
  return step > 0 ? step : null;
}

/** How the target stands with one racer at a step. */
export function standing(race: Race, racer: Racer, step: number): string {
  const rank = racer.ranks[step]!, lost = dethroned(racer);
  if (racer.ranks[0]! > 1) return `rank ${rank}, was ${racer.ranks[0]}`;
  if (lost === null || step < lost) return 'still first';
  return `dethroned after ${race.counts[lost]}${rank === 1 ? ', first again' : ''}`;
}

/** Who is recommended first at a step, and which rank the target has where it is not. */
export function leader(racer: Racer, step: number): string {
  const first = racer.firsts[step], rank = racer.ranks[step]!;
  return first ? `${rank > 1 ? `rank ${rank}; ` : ''}first: ${first.title}` : 'nothing left to go by';
}

/** What an order takes from the target's score, mean over the steps. */
export const meanLoss = (race: Race, racer: Racer): number =>
  racer.scores.slice(1).reduce((sum, after) => sum + race.score - after, 0) / Math.max(1, racer.scores.length - 1);

/** At how many of the steps at which orders differ a racer's score lies below the band, and above it. */
export function outside({ band: [low, high] }: Race, { scores }: Racer): { below: number; above: number; of: number } {
  const free = scores.map((_, i) => i).filter(i => i > 0 && high[i]! - low[i]! > 1e-6);
  return { below: free.filter(i => scores[i]! < low[i]!).length, above: free.filter(i => scores[i]! > high[i]!).length, of: free.length };
}

/** What one sees: whose order lowers the score most, and whether the first racer's beats chance. */
export function tellRace(race: Race): Sentence {
  const [lens] = race.racers as [Racer], best = race.racers.reduce((a, b) => (meanLoss(race, b) > meanLoss(race, a) ? b : a));
  const loss = meanLoss(race, best), { below, above, of } = outside(race, lens);
  const alike = race.racers.every(racer => loss - meanLoss(race, racer) < 1e-6);
  if (alike && loss > 0) return ['Every order lowers ', { title: race.target.title }, ` alike, by ${score(loss)} on average.`];
  const most: Sentence = loss > 0
    ? [`${best.name === 'random' ? 'The random order drawn here' : `${best.label}’s order`} lowers `, { title: race.target.title }, ` most, by ${score(loss)} on average`]
    : ['No order lowers ', { title: race.target.title }, ' on average'];
  if (!of || lens.name === 'random') return [...most, '.'];
  const itself = best === lens && loss > 0, whose = itself ? ', and is ' : `. ${lens.label}’s order is `;
  if (below) return [...most, `${whose}faster than 95% of random orders at ${below} of ${of} steps${above ? `, slower at ${above}` : ''}.`];
  if (above) return [...most, `${whose}slower than 95% of random orders at ${above} of ${of} steps, and never faster.`];
  return [...most, `${itself ? ', yet' : `. ${lens.label}’s order`} stays within what 95% of random orders do.`];
}

/** A list's value between two of its places. */
export function between(values: readonly number[], at: number): number {
  const i = clamp(Math.floor(at), 0, values.length - 1), next = Math.min(i + 1, values.length - 1);
  return lerp(values[i]!, values[next]!, clamp(at - i));
}

/** Places at least `gap` apart, as near to those wanted as can be, within `low` and `high` where they fit. */
export function spread(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  const groups: { members: number[]; middle: number }[] = [];
  for (const i of order) {
    groups.push({ members: [i], middle: clamp(wanted[i]!, low, high) });
    for (;;) { // touching groups become one, around the mean of what its members want
      const last = groups.at(-1)!, before = groups.at(-2);
      const half = (g: typeof last) => (g.members.length - 1) * gap / 2;
      last.middle = clamp(last.middle, low + half(last), Math.max(low + half(last), high - half(last)));
      if (!before || last.middle - half(last) - before.middle - half(before) >= gap - 1e-9) break;
      groups.pop();
      before.members.push(...last.members);
      before.middle = before.members.reduce((sum, j) => sum + wanted[j]!, 0) / before.members.length;
    }
  }
  const placed: number[] = [];
  for (const { members, middle } of groups) members.forEach((i, k) => { placed[i] = middle + (k - (members.length - 1) / 2) * gap; });
  return placed;
}

/** How the rows of a history fit: titles, small titles, or marks alone. */
export function rowsFor(n: number): { height: number; titles: boolean; small: boolean } {
  if (n <= 20) return { height: 22, titles: true, small: false };
  if (n <= 32) return { height: 15, titles: true, small: true };
  return { height: Math.max(2, Math.floor(440 / n)), titles: false, small: true };
}
