// Where ribbons between fields lie: a row a field, the same in all columns, and in it what meets there
// as a stack about its middle, in the order of fields.
import { clamp } from '../../model/scale';
import { widthOf } from '../text';
import type { Frame, Numbers } from '../types';

export interface FlowFrame extends Frame {
  fields: string[];
  layers: string[];
  /** Of these layers, as they are chosen by. */
  numbers: number[];
  heads: number;
  /** Of the mean of heads and of each. */
  tolds: string[];
  /** Which ribbons are drawn, with {share}; what is drawn of a field, with {field} and {layer}. */
  ribbons: string;
  reaches: string;
  /** [head, layer, looks, at] */
  weights: Numbers;
  /** [head, layer, field, input] */
  rollout: Numbers;
  /** [layer, looks, at] */
  counts: Numbers;
  /** [layer, field], 1 where it looks. */
  looks: Numbers;
  /** [field] what it is looked at with at most, in any frame; all that it looks with is 1. */
  tall: Numbers;
}

export const NAME = 12, NODE = 8, TOP = 26, VALUE = 46;
const LONGEST = 130, BETWEEN = 9, LEAST = 16, WIDEST = 1800;

export interface Layout { width: number; height: number; named: number; unit: number; columns: number[]; middles: number[]; rows: number[] }

/** Columns by their left edges, rows by their middles and heights. */
export function lay({ fields, layers, tall }: FlowFrame, width: number): Layout {
  const named = Math.ceil(Math.min(LONGEST, .22 * width, Math.max(...fields.map(text => widthOf(text, NAME, 600)))));
  const wide = Math.min(width, WIDEST), left = named + VALUE + 10, right = wide - named - 10 - NODE, step = (right - left) / layers.length;
  const high = clamp(.5 * wide, 280, 640) - fields.length * BETWEEN, unit = clamp(high / tall.data.reduce((a, b) => a + b, 1e-9), 8, 46);
  const rows = Array.from(tall.data, share => Math.max(LEAST, share * unit) + BETWEEN);
  let y = TOP;
  const middles = rows.map(row => (y += row) - row / 2);
  return { width: wide, height: y + 4, named, unit, columns: Array.from({ length: layers.length + 1 }, (_, i) => left + i * step), middles, rows };
}

/** Upper ends of each ribbon, at what is looked at and at who looks. */
export function stacks(amounts: Float32Array, { middles, unit }: Layout, layers: number): { leave: Float32Array; arrive: Float32Array } {
  const n = middles.length, leave = new Float32Array(amounts.length), arrive = new Float32Array(amounts.length);
  for (let layer = 0; layer < layers; layer++) for (let one = 0; one < n; one++) {
    const looking = (other: number) => (layer * n + one) * n + other, lookedAt = (other: number) => (layer * n + other) * n + one;
    for (const [at, ends] of [[looking, arrive], [lookedAt, leave]] as const) {
      let sum = 0;
      for (let other = 0; other < n; other++) sum += amounts[at(other)]!;
      let y = middles[one]! - sum * unit / 2;
      for (let other = 0; other < n; other++) { ends[at(other)] = y; y += amounts[at(other)]! * unit; }
    }
  }
  return { leave, arrive };
}

/** The fewest of each layer that together make up a share of it, the lightest first. */
export function strongest(weights: Float32Array, layers: number, share: number): number[] {
  const size = weights.length / layers, found: number[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const order = Array.from({ length: size }, (_, i) => layer * size + i).filter(i => weights[i]! > 0).sort((a, b) => weights[b]! - weights[a]! || a - b);
    const wanted = (share - 1e-6) * order.reduce((sum, i) => sum + weights[i]!, 0);
    let sum = 0;
    for (const i of order) { if (sum > 0 && sum >= wanted) break; found.push(i); sum += weights[i]!; }
  }
  return found.sort((a, b) => weights[a]! - weights[b]! || a - b);
}

/** What runs along each ribbon on its way into a field after a layer, of which 1 arrives; half of every step is kept. */
export function into(weights: Float32Array, looks: Float32Array, field: number, last: number): Float32Array<ArrayBuffer> {
  const n = weights.length / looks.length, amounts = new Float32Array(weights.length);
  let held = new Array<number>(n).fill(0);
  held[field] = 1;
  for (let layer = last; layer >= 0; layer--) {
    const below = new Array<number>(n).fill(0);
    held.forEach((amount, one) => {
      for (let other = 0; other < n; other++) {
        const i = (layer * n + one) * n + other, same = one === other ? 1 : 0;
        const passed = amount * (looks[layer * n + one] ? .5 * weights[i]! + .5 * same : same);
        amounts[i] = passed;
        below[other]! += passed;
      }
    });
    held = below;
  }
  return amounts;
}
