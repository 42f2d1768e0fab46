// Events as they find room: steps of a life, what fields get in each, and where names and numbers stand.
import { snapDown } from '../../model/scale';
import type { Numbers } from '../types';

/** What is drawn beside each other; positions are shares of the width. */
export interface Steps {
  /** Before which events steps begin, counted from 0, with the end. */
  edges: number[];
  /** Where each stands, and from where to where it reaches. */
  at: number[];
  reach: [number, number][];
}

/** Runs of equally many events, as few in each as make no more than `most` steps. */
export function inOrder(count: number, most: number): Steps {
  const size = Math.ceil(count / Math.max(1, most)), edges = Array.from({ length: Math.ceil(count / size) }, (_, i) => i * size);
  const ends = [...edges.slice(1), count], reach = edges.map((edge, i): [number, number] => [edge / count, ends[i]! / count]);
  return { edges: [...edges, count], at: reach.map(([a, b]) => (a + b) / 2), reach };
}

/** Runs of events that lie less than `least` from the first of them, a share of the whole time. */
export function inTime(days: Float32Array, least: number): Steps {
  const span = days[days.length - 1]! || 1, edges: number[] = [];
  days.forEach((day, i) => { if (!i || (day - days[edges.at(-1)!]!) / span >= least) edges.push(i); });
  const ends = [...edges.slice(1), days.length], at = edges.map((edge, i) => days.subarray(edge, ends[i]).reduce((a, v) => a + v, 0) / (ends[i]! - edge) / span);
  const between = at.slice(1).map((x, i) => (x + at[i]!) / 2);
  return { edges: [...edges, days.length], at, reach: at.map((_, i) => [between[i - 1] ?? 0, between[i] ?? 1]) };
}

/** [field, step] means over the events of each step. */
export function meansOf({ shape, data }: Numbers, edges: readonly number[]): Float32Array<ArrayBuffer> {
  const fields = shape[1]!, count = edges.length - 1, found = new Float32Array(fields * count);
  for (let f = 0; f < fields; f++) for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let e = edges[i]!; e < edges[i + 1]!; e++) sum += data[e * fields + f]!;
    found[f * count + i] = sum / (edges[i + 1]! - edges[i]!);
  }
  return found;
}

/** The step that an event is of. */
export function stepOf(edges: readonly number[], event: number): number {
  let low = 0, high = edges.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (edges[middle]! <= event) low = middle; else high = middle - 1;
  }
  return low;
}

const LOWEST = .9; // where the scale of lines begins at the latest, as a share of the largest

/** From which weight to which the picture reaches: bands from zero, lines from near the least. */
export function domain(means: Float32Array, steps: number, stacked: boolean): [number, number] {
  if (stacked) {
    let most = 0;
    for (let i = 0; i < steps; i++) {
      let sum = 0;
      for (let j = i; j < means.length; j += steps) sum += means[j]!;
      most = Math.max(most, sum);
    }
    return [0, most || 1];
  }
  const largest = means.reduce((a, v) => Math.max(a, v), 1e-9), least = means.reduce((a, v) => Math.min(a, v), LOWEST * largest), room = .04 * (largest - least);
  return [Math.max(0, least - room), largest + room];
}

/** Round weights within, about five. */
export function rounded([low, high]: readonly [number, number]): number[] {
  const step = snapDown((high - low) / 4), first = Math.ceil(low / step - 1e-6), last = Math.floor(high / step + 1e-3);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** Places near the wanted ones, which rise, at least `gap` apart and from 0 to `most` where that can be. */
export function apart(wanted: readonly number[], gap: number, most: number): number[] {
  const groups: { from: number; count: number; sum: number; top: number }[] = [];
  const settle = (group: typeof groups[number]) => { group.top = Math.max(0, Math.min(group.sum / group.count, most - (group.count - 1) * gap)); };
  wanted.forEach((place, from) => {
    let group = { from, count: 1, sum: place, top: 0 };
    settle(group);
    for (let last = groups.at(-1); last && last.top + last.count * gap > group.top; last = groups.at(-1)) {
      groups.pop();
      group = { from: last.from, count: last.count + group.count, sum: last.sum + group.sum - group.count * last.count * gap, top: 0 };
      settle(group);
    }
    groups.push(group);
  });
  return groups.flatMap(group => Array.from({ length: group.count }, (_, i) => group.top + i * gap));
}

const f = (v: number): string => v.toFixed(2);

/** A band between two edges, each from point to point by a curve that is level at every point: so
 *  bands keep their order, and none reaches beyond its points. */
export function band(xs: readonly number[], upper: readonly number[], lower: readonly number[], left: number, right: number): string {
  const last = xs.length - 1, bend = (x0: number, x1: number, y0: number, y1: number) => `C${f((x0 + x1) / 2)},${f(y0)} ${f((x0 + x1) / 2)},${f(y1)} ${f(x1)},${f(y1)}`;
  let path = `M${f(left)},${f(upper[0]!)}H${f(xs[0]!)}`;
  for (let i = 1; i <= last; i++) path += bend(xs[i - 1]!, xs[i]!, upper[i - 1]!, upper[i]!);
  path += `H${f(right)}V${f(lower[last]!)}H${f(xs[last]!)}`;
  for (let i = last; i > 0; i--) path += bend(xs[i]!, xs[i - 1]!, lower[i]!, lower[i - 1]!);
  return `${path}H${f(left)}Z`;
}

/** Straight from point to point. */
export const line = (xs: readonly number[], ys: readonly number[]): string => xs.map((x, i) => `${i ? 'L' : 'M'}${f(x)},${f(ys[i]!)}`).join('');
