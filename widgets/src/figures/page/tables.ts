// What a page must know of a model of features to ask it: fields, users, items, and what was seen.
import type { Id } from '../../types';
import type { Said } from '../views/case_types';
import type { Numbers } from '../types';
import type { MapTold } from './maths';

export const SIDES = ['user', 'item', 'context'] as const;
export type Side = typeof SIDES[number];

export interface FieldTold {
  name: string;
  side: Side;
  kind: string;
  /** Columns of its side: from the first to before the last. */
  columns: [number, number];
  /** Of all levels, the first of its own. */
  first: number;
  labels: Said[];
  /** Of a number to scale: from the number to its weight, and how far weights reach. */
  scale: { log: boolean; center: number; spread: number; least: number; most: number } | null;
}

interface Rows { ids: Id[]; levels: Numbers; weights: Numbers }

export interface CaseTables {
  name: string;
  unit: string;
  /** How a score becomes a prediction; null: it only ranks. */
  prediction: 'probability' | { centre: number; least: number; most: number } | null;
  fields: FieldTold[];
  users: Rows;
  items: Rows & { titles: string[] };
  contextColumns: number;
  /** What is not recommended to whom: of user index i the items from `offsets[i]` to before the next. */
  seen: { offsets: Numbers; items: Numbers } | null;
  maps: (MapTold & { shape: [number, number, number] })[];
  /** What follows `told`, of the importance. */
  importance: string;
  /** Values that are not among those offered: field, value, levels and weights. */
  said: [string, Said, number[], number[]][];
}

/** What is said of one side: levels, 0 where nothing is, and their weights. */
export interface Levels { levels: Int32Array; weights: Float32Array }
export type Sides = Record<Side, Levels>;

export const nothing = (columns: number): Levels => ({ levels: new Int32Array(columns), weights: new Float32Array(columns) });

export function rowOf({ levels, weights }: Rows, index: number): Levels {
  const columns = levels.shape[1]!, from = index * columns;
  return { levels: Int32Array.from(levels.data.subarray(from, from + columns)), weights: weights.data.slice(from, from + columns) };
}

/** Writes into a side's row what a field says; false where it never had that value. */
export function say(row: Levels, field: FieldTold, value: Said, tables: CaseTables): boolean {
  const [from, to] = field.columns;
  row.levels.fill(0, from, to);
  row.weights.fill(0, from, to);
  if (value === null) return true;
  const own = tables.said.find(([name, said]) => name === field.name && said === value);
  if (own) {
    row.levels.set(own[2], from);
    row.weights.set(own[3], from);
    return true;
  }
  if (field.kind === 'category' || field.kind === 'bins') {
    const at = field.labels.indexOf(value);
    if (at < 0) return false;
    row.levels[from] = field.first + at;
    row.weights[from] = 1;
    return true;
  }
  if (!field.scale || typeof value !== 'number') return false;
  const { log, center, spread, least, most } = field.scale, shifted = (log ? Math.sign(value) * Math.log1p(Math.abs(value)) : value) - center;
  row.levels[from] = field.first;
  row.weights[from] = Math.max(least, Math.min(most, shifted / spread));
  return true;
}

/** What a field says, in words; none where it says nothing. */
export function word(row: Levels, field: FieldTold): string {
  const [from, to] = field.columns, said: string[] = [];
  for (let i = from; i < to; i++) if (row.levels[i]! > 0) said.push(String(field.labels[row.levels[i]! - field.first] ?? ''));
  if (field.kind === 'vector' && said.length) return `vector of ${said.length}`;
  if (field.scale && said.length && row.levels[from] === field.first) {
    const { log, center, spread } = field.scale, shifted = row.weights[from]! * spread + center;
    return spelled(log ? Math.sign(shifted) * Math.expm1(Math.abs(shifted)) : shifted);
  }
  return said.join(', ');
}

/** A number with three figures. */
export const spelled = (value: number): string => String(Number(value.toPrecision(3)));
