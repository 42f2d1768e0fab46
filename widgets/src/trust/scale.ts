// The common scale of a metric: every row's value and the random band lie on it.
import type { Report } from './types';

export interface Scale { low: number; high: number }

export function scaleOf({ values, band }: Report, metric: number): Scale {
  const known = [...values.map(row => row[metric]), band[0][metric], band[1][metric]].filter((v): v is number => typeof v === 'number');
  return known.length ? { low: Math.min(...known), high: Math.max(...known) } : { low: 0, high: 1 };
}

/** From 0, at the left, to 1; what has no extent stands in the middle. */
export const along = ({ low, high }: Scale, value: number): number => (high > low ? (value - low) / (high - low) : .5);
