// What is measured of an explanation, as attnrec/explanations/faithfulness_metrics.py defines it: from
// the target's score v where only some items of the history are there.
import { type Keep, lacking, only, whole, without } from './keep';
import { inEqualParts, orderOf } from './orders';
import { kendall } from './statistics';

export type Score = (keep: Keep) => number;

const STEPS = 10; // of the deletion curve
const ROUNDING = 1e-5; // of the score: an effect that single precision may make up

/** The size of an effect that is none. */
export const negligibleOf = (score: number): number => ROUNDING * Math.max(1, Math.abs(score));

/** What the score loses by each item alone needs these. */
export const singles = (n: number): Keep[] => [whole(n), ...Array.from({ length: n }, (_, i) => lacking(n, i))];

export function effectsOf(n: number, v: Score): number[] {
  const score = v(whole(n));
  return Array.from({ length: n }, (_, i) => score - v(lacking(n, i)));
}

/** What measuring an explanation asks, beside `singles`. */
export function variantsOf(values: readonly number[], k: number): Keep[] {
  const order = orderOf(values);
  return [...inEqualParts(order.length, STEPS).map(count => without(order, count)), without(order, k), only(order, k)];
}

interface Evidence { values: readonly number[]; order: readonly number[]; effects: readonly number[]; score: number; k: number; v: Score }

/** By the names of Python's columns. */
const MEASURES = new Map(Object.entries<(evidence: Evidence) => number | null>({
  'comprehensiveness@{k}': ({ order, score, k, v }) => score - v(without(order, k)),
  'deletion': ({ order, score, v }) => {
    const counts = inEqualParts(order.length, STEPS), lost = counts.map(count => score - v(without(order, count)));
    return counts.slice(1).reduce((area, count, j) => area + (lost[j]! + lost[j + 1]!) / 2 * (count - counts[j]!), 0) / order.length;
  },
  'sufficiency@{k}': ({ order, score, k, v }) => score - v(only(order, k)),
  'Kendall': ({ values, effects }) => kendall(values, effects),
  'polarity violations@{k}': ({ values, order, effects, score, k }) => {
    const said = order.slice(0, k).filter(position => values[position]! > 0);
    return said.filter(position => effects[position]! < -negligibleOf(score)).length / Math.max(1, said.length);
  },
}));

/** An explanation by each of the metrics; null: undefined, or none that is known here. */
export function measure(metrics: readonly string[], values: readonly number[], effects: readonly number[], k: number, v: Score): (number | null)[] {
  const evidence = { values, order: orderOf(values), effects, score: v(whole(values.length)), k, v };
  return metrics.map(name => MEASURES.get(name)?.(evidence) ?? null);
}
