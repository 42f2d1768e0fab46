// What the page and the worker say to each other. The worker knows catalogue indices (from 1; 0 is
// padding), never ids or titles.
import type { Normalisation } from '../types';

/** `scores` ranks; `inspect` also tells attention and what it is made of, and takes interventions. */
export type Kind = 'scores' | 'inspect';

/** One attention map of an exported model, as its card describes it. */
export interface MapCard { name: string; heads: number; head_size: number; causal: boolean; normalisation: Normalisation }

/** The part of an exported model's card that is used here. */
export interface Card {
  num_items: number;
  /** The lengths it was exported for, ascending. */
  lengths: number[];
  maps: MapCard[];
  /** All float32; `offset` in bytes. */
  weights: { name: string; shape: number[]; offset: number }[];
}

/** Smaller is sooner. */
export const PRIORITY = { edit: 0, weighing: 1, wish: 2, foresight: 3, preview: 4, measure: 5, warm: 6 } as const;

/** One history, newest last, without padding. */
export interface Row {
  items: Int32Array;
  /** 0 where an item is masked in place; all are seen unless given. */
  mask?: Uint8Array;
  /** What takes the place of a map's own weights: `[head, query, key]` in the padded length. */
  attention?: Record<string, 'uniform' | Float32Array>;
  /** What is not recommended. */
  leftOut?: Int32Array;
}

/** How scores become a ranking. */
export interface RankingWish {
  topn: number;
  /** Of these, those that are not among the best are told too. */
  present: Int32Array;
  /** 0: none. */
  heldOut: number;
}

export interface Wish {
  ranking?: RankingWish;
  /** Every score, entry 0 for padding. */
  scores?: boolean;
  /** Every map's weights. */
  attention?: boolean;
  /** Query, key and value of this map. */
  projections?: string;
}

/** A ranking in numbers: `index[i]` has `rank[i]` and `score[i]`. */
export interface Places { index: Int32Array; rank: Int32Array; score: Float32Array }
export interface Ranking { best: Places; fallen: Places; heldOut: { rank: number; score: number } | null }

export interface Projections { query: Float32Array; key: Float32Array; value: Float32Array }

/** The answer to the row of that number; arrays are `[head, query, key]` and `[head, position, size]`. */
export interface RowAnswer {
  row: number;
  /** What is wrong with the answer, to follow the model's name. */
  error?: string;
  ranking?: Ranking;
  scores?: Float32Array;
  attention?: Float32Array[];
  projections?: Projections;
}

/** Rows of one model and one length. Without rows: make ready for them. */
export interface Ask { model: string; kind: Kind; length: number; rows: Row[]; wish: Wish; priority: number }

/** An input of a graph. */
export interface Feed { type: 'int32' | 'float32'; dims: number[]; data: Int32Array | Float32Array }

/** A graph asked with inputs of its own, in one go: for models that read no histories. */
export interface Run { model: string; kind: Kind; length: number; feeds: Record<string, Feed>; outputs: string[]; priority: number }

/** Binary parts of the first three are gzip. */
export type ToWorker =
  | { type: 'start'; wasm: ArrayBuffer }
  | { type: 'open'; model: string; card: Card; weights: ArrayBuffer }
  | { type: 'graph'; model: string; kind: Kind; length: number; graph: ArrayBuffer }
  | { type: 'close'; model: string }
  | { type: 'ask'; id: number; ask: Ask }
  | { type: 'run'; id: number; run: Run }
  /** Of an ask with many rows, this one first. */
  | { type: 'first'; id: number; row: number }
  | { type: 'cancel'; id: number };

export type FromWorker =
  | { type: 'started' }
  /** The worker cannot work at all. */
  | { type: 'failed'; message: string }
  /** Some rows of an ask, in the order they were worked out; `done` with the last of them. */
  | { type: 'rows'; id: number; rows: RowAnswer[]; done: boolean }
  | { type: 'ran'; id: number; outputs: Record<string, Float32Array> }
  | { type: 'error'; id: number; message: string };
