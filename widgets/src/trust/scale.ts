// The common scale of a metric: every row's value and the random band lie on it, and zero.
import { clamp, lerp } from '../model/scale';
import type { Report } from './types';

export interface Scale { low: number; high: number }

/** Zero is part of it, so that what is small looks small. */
export function scaleOf({ values, band }: Report, metric: number): Scale {
  const known = [0, ...values.map(row => row[metric]), band[0][metric], band[1][metric]].filter(v => typeof v === 'number');
  return { low: Math.min(...known), high: Math.max(...known) };
}

/** From 0, at the left, to 1; what has no extent stands in the middle. */
export const along = ({ low, high }: Scale, value: number): number => (high > low ? (value - low) / (high - low) : .5);

/** Decimals that tell the values of a column apart and fit it. */
export function digitsOf({ low, high }: Scale): number {
  const most = Math.max(Math.abs(low), Math.abs(high));
  return most > 0 ? clamp(2 - Math.floor(Math.log10(most)), 0, most < .1 ? 4 : 2) : 2;
}

/** Where everything stands, by metric and then by row; the ends of the band are 'band low', 'band high'. */
export type Places = Map<string, Map<string, number>>;

export function placesOf(report: Report): Places {
  return new Map(report.metrics.map(({ name }, i) => {
    const scale = scaleOf(report, i), places = new Map<string, number>();
    const put = (row: string, value: number | null | undefined): void => { if (typeof value === 'number') places.set(row, along(scale, value)); };
    report.rows.forEach((row, r) => put(row, report.values[r]![i]));
    put('band low', report.band[0][i]);
    put('band high', report.band[1][i]);
    return [name, places];
  }));
}

/** On the way from one to the other; what was nowhere is where it goes. */
export const placesBetween = (from: Places, to: Places, t: number): Places =>
  new Map([...to].map(([metric, places]) => [metric, new Map([...places].map(([row, x]) => [row, lerp(from.get(metric)?.get(row) ?? x, x, t)]))]));

export const samePlaces = (a: Places, b: Places): boolean => JSON.stringify(flat(a)) === JSON.stringify(flat(b));
const flat = (places: Places) => [...places].map(([metric, rows]) => [metric, ...rows]);
