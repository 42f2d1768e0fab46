// What a lens shows of a history: how wide each position is drawn, in which hue, and where the two
// disagree. Width is how much an explanation gives a position; hue is what leaving it out does.
import { type Id, type Lens, sameIds } from '../types';
import { decimals } from './format';
import { rekey } from './keys';

/** A lens on the history that is shown. Lists have an entry for each position that the model sees. */
export interface LensView extends Pick<Lens, 'name' | 'target' | 'removal' | 'negligible'> {
  /** The name as it is written. */
  label: string;
  /** It is of the history before an edit, carried over item by item; of an item that was not in it nothing is known. */
  stale: boolean;
  /** By the method; null: attention, as the picker has it. */
  values: (number | null)[] | null;
  /** The sizes of those values, which sum to one. */
  shares: number[] | null;
  effects: (number | null)[];
  /** Each effect as a share of the strongest; 0 where it is negligible. */
  hues: (number | null)[];
  /** Decimals that tell the effects apart. */
  digits: number;
  /** Positions that weigh more than the average, from 1. A signed value below zero speaks against the target, and weighs nothing for it. */
  above: number[];
  /** Those of them that in fact lower the target's score. */
  hatched: Set<number>;
}

const ALIKE = 1e-6; // of the average: equal weights in single precision are not above it

/** `row`: attention to each position, from the position that is read; null where it is not known. */
export function lensView(lens: Lens, seen: readonly Id[], row: ArrayLike<number> | null): LensView {
  const { name, target, removal, negligible } = lens, stale = !sameIds(lens.history, seen);
  const carry = stale ? carried(lens.history, seen) : (list: number[]) => list;
  const values = lens.values && carry(lens.values), effects = carry(lens.effects), shares = values && sharesOf(values);
  const strongest = Math.max(0, ...lens.effects.map(Math.abs)), average = 1 / Math.min(seen.length, lens.limit ?? Infinity);
  const weights = shares ?? sharesOf(seen.map((_, i) => row?.[i] ?? 0));
  const above = weights.flatMap((w, i) => (w > average * (1 + ALIKE) && !(lens.signed && values && values[i]! < 0) ? [i + 1] : []));
  return {
    name, label: name.replaceAll(' x ', ' × '), target, removal, negligible, stale, values, shares, effects, above,
    hues: effects.map(e => (e === null ? null : Math.abs(e) <= negligible ? 0 : e / strongest)),
    digits: decimals([strongest, -strongest]),
    hatched: new Set(above.filter(position => lowers(effects[position - 1]!, negligible))),
  };
}

export const lowers = (effect: number | null, negligible: number): boolean => effect !== null && effect < -negligible;
export const raises = (effect: number | null, negligible: number): boolean => effect !== null && effect > negligible;

/** What was told of the items of one history, for another. */
function carried(from: readonly Id[], to: readonly Id[]): (list: number[]) => (number | null)[] {
  const places = rekey(from, from.map((_, i) => String(i)), to).map(Number); // NaN: a new item
  return list => places.map(place => list[place] ?? null);
}

function sharesOf(values: readonly (number | null)[]): number[] {
  const sizes = values.map(v => Math.abs(v ?? 0)), total = sizes.reduce((sum, v) => sum + v, 0);
  return sizes.map(v => (total > 0 ? v / total : 0));
}

/** The lens's own widths, of the panel that it is on; null where attention's are drawn. */
export const ownShares = (lens: LensView | null, panel: number): number[] | null => (panel === 0 ? lens?.shares ?? null : null);
