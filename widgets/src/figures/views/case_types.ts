// What Python tells of a case of a model of features.
import type { Id } from '../../types';
import type { Frame, Numbers } from '../types';

/** What a field says: a label or a number; null, nothing. */
export type Said = string | number | boolean | null;

export interface CaseTold {
  names: string[];
  sides: string[];
  words: string[];
  changed: boolean[];
  /** NaN where the model does not attend to the field. */
  attention: Numbers;
  shapley: Numbers;
  /** Where attention disagrees with the Shapley value. */
  off: boolean[];
  dropped: boolean[];
  score: number;
  /** null where scores only rank. */
  prediction: number | null;
  scoreWithout: number;
  predictionWithout: number | null;
  /** Of the item among all. */
  rank: number;
}

export interface Ranked { id: Id; title: string; rank: number; score: number }

/** What a threshold costs over the test part. */
export interface Cost { fields: number; change: number; figure: string; before: number; after: number; random: number; rows: number }

export interface CaseFrame extends Frame, CaseTold {
  heads: number;
  layers: number[];
  /** What the prediction is. */
  unit: string;
  ranking: Ranked[];
  total: number;
  cost: Cost | null;
  pinned?: CaseTold & { title: string; ranks: [Id, number][] };
}

export interface CaseSetup {
  fields: { name: string; side: string; kind: string; values: Said[] }[];
  /** By permutation, over the test part. */
  importance: number[] | null;
  users: Id[];
  items: [Id, string][];
  /** The largest threshold, and in how many steps it is reached. */
  threshold: [number, number];
}

export interface CaseTraits { user: Id; item: Id; changes: Record<string, Said>; threshold: number; pinned: { user: Id; item: Id; changes: Record<string, Said> } | null }
