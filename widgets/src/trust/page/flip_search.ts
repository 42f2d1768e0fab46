// The least set of items without which another is recommended first, as the beam search of
// attnrec/explanations/counterfactuals.py.
import { type Keep, size } from './keep';

const BEAM = 16; // sets kept at each size

/** How far the first recommendation leads where only some items are there; below zero it has lost. */
export type Leads = (keeps: readonly Keep[]) => Promise<readonly number[]>;

export interface Found {
  /** Which items stay; null: no set that was tried does it. */
  keep: Keep | null;
  /** Every smaller set was tried; null: not known. */
  minimal: true | null;
}

/** At least one item stays. Of several sets of a size, the one after which the first is furthest behind. `beam` 1: the greedy search. */
export async function smallestFlip(n: number, leads: Leads, beam = BEAM): Promise<Found> {
  let sets: Keep[] = ['1'.repeat(n)], complete = true, tried = 0;
  for (let gone = 1; gone < n; gone++) {
    sets = oneLess(sets);
    const lead = await leads(sets), order = sets.map((_, i) => i).sort((a, b) => lead[a]! - lead[b]!);
    if (complete) tried = gone;
    if (lead[order[0]!]! < 0) {
      const keep = await withAllThatCanStay(sets[order[0]!]!, leads);
      return { keep, minimal: tried >= n - size(keep) - 1 || null };
    }
    complete &&= sets.length <= beam;
    sets = order.slice(0, beam).map(i => sets[i]!);
  }
  return { keep: null, minimal: tried >= n - 1 || null };
}

/** Every set without each item that it has, each once. */
const oneLess = (sets: readonly Keep[]): Keep[] =>
  [...new Set(sets.flatMap(keep => [...keep].flatMap((there, i) => (there === '1' ? [set(keep, i, '0')] : []))))].sort().reverse();

/** With each item back that was taken out to no end. */
async function withAllThatCanStay(keep: Keep, leads: Leads): Promise<Keep> {
  for (let chosen = keep; ; ) {
    const more = [...chosen].flatMap((there, i) => (there === '0' ? [set(chosen, i, '1')] : []));
    if (more.length < 2) return chosen;
    const lead = await leads(more), best = lead.reduce((least, one, i) => (one < lead[least]! ? i : least), 0);
    if (lead[best]! >= 0) return chosen;
    chosen = more[best]!;
  }
}

const set = (keep: Keep, i: number, to: '0' | '1'): Keep => keep.slice(0, i) + to + keep.slice(i + 1);
