// What the engine answers and what the picture is told. Everything counts from 1: positions
// (oldest first), layers, heads, ranks. `null` for a head is the mean over heads.

export type Id = string | number;
export const sameIds = (a: readonly Id[], b: readonly Id[]): boolean => a.length === b.length && a.every((id, i) => id === b[i]);

export type View = 'ribbons' | 'matrix';

export interface Label { id: Id; title: string; detail: string }
export interface Words { item: string; items: string; acted: string }
export interface Scored { id: Id; rank: number; score: number }

/** The public traits: what Python and the page both read and set. */
export interface Traits {
  history: Id[];
  /** How many of the history the model sees; null: all. */
  now: number | null;
  layer: number | null;
  head: number | null;
  /** The position read from; null: the last the model sees. */
  query: number | null;
  topn: number;
  view: View;
  /** May an item that was taken out of the history be recommended, where seen items are not? */
  allowRemoved: boolean;
  /** What is chosen, here or in a linked picture. */
  item?: Id | null;
}

/** The traits of one answer, with numbers in place of defaults. */
export interface Shown { history: Id[]; now: number; layer: number; head: number | null; query: number; topn: number; view: View }

export type Normalisation = 'softmax' | 'gate' | 'none';

/** What one model answered. */
export interface Panel {
  name: string;
  catalogueSize: number;
  layers: number;
  /** 0: the model has no attention. */
  heads: number;
  normalisation: Normalisation;
  mapNames: string[];
  /** Attention of the query position to positions 1..n; null without attention. */
  row: Float32Array | null;
  /** [query, key], row by row; only while the matrix is shown. */
  matrix: Float32Array | null;
  /** [layer, head then mean, s, s], 0 to 255 on a square-root scale. */
  thumbs: Uint8Array | null;
  thumbSize: number;
  recommendations: Scored[];
  heldOut: Scored | null;
}

export interface Answer {
  seq: number;
  error: string | null;
  /** What the reader should know of this answer, such as that the model reads only part of the history. */
  note: string | null;
  shown: Shown;
  /** A date where it differs from the one above, one a position. */
  dates: (string | null)[];
  panels: Panel[];
  foot: string;
}

export interface Matches { seq: number; text: string; matches: Label[] }

/** The ranking that a model would give without the item at a position. */
export interface PreviewPanel {
  recommendations: Scored[];
  /** Items of the present list that would fall below it, with the rank and score they would have. */
  fallen: Scored[];
  heldOut: Scored | null;
}
export interface Preview { position: number; panels: PreviewPanel[] }

/** What one head of one layer multiplies, for the positions that the model reads: how its weights arise. */
export interface Weighing {
  layer: number;
  head: number;
  /** Length of each vector. */
  size: number;
  /** The first position that the model reads; earlier ones are too old for it. */
  first: number;
  /** [position, size], row by row, from `first` to the last the model sees. */
  queries: Float32Array;
  keys: Float32Array;
  values: Float32Array;
}

/** What a trust panel tells of each position that the model sees. */
export interface Lens {
  /** What the model saw then: it is about no other history. */
  history: Id[];
  /** `attention`, or the method whose values these are. */
  name: string;
  /** The recommendation that is explained. */
  target: { id: Id; title: string };
  removal: 'drop' | 'mask';
  /** How much the method gives each position; null: attention, as the picker has it. */
  values: number[] | null;
  /** The values have signs. */
  signed: boolean;
  /** What the target's score loses where a position is left out. */
  effects: number[];
  /** A smaller effect is none. */
  negligible: number;
  /** The longest history that the model reads; null: any. */
  limit: number | null;
}

/** Where answers come from: the kernel, or the model in the page. One contract, equal answers. */
export interface Engine {
  kind(): 'kernel' | 'page';
  /** What the reader should know of the engine, such as why the page cannot answer; null: nothing. */
  notice(): string | null;
  traits(): Traits;
  words(): Words;
  /** Items of the history are left out of the ranking. */
  filtersSeen(): boolean;
  past(): Id[][];
  future(): Id[][];
  start(): Id[];
  /** The latest answer that is not stale; null before the first. */
  answer(): Answer | null;
  /** What a trust panel told last; it may be of another history than is shown. The same object until the next. */
  lens(): Lens | null;
  /** True while an answer to what the traits now say is under way. */
  waiting(): boolean;
  label(id: Id): Label;
  set(change: Partial<Traits> & { past?: Id[][]; future?: Id[][] }): void;
  search(text: string): void;
  /** Matches of the latest search; null until they arrive. */
  matches(): Matches | null;
  /** The preview for the state of `answer()`; null while it is not known. */
  preview(position: number): Preview | null;
  /** How many previews of the state of `answer()` are known. */
  previews(): number;
  /** Which preview is wanted first; null: none is waited for. */
  wish(position: number | null): void;
  /** Which position the hand is at: its item may be taken out next. Null: none. */
  at(position: number | null): void;
  /** For the state of `answer()`; null while it is not known, and then it is asked for. Heads from 1. */
  weighing(panel: number, layer: number, head: number): Weighing | null;
  saveFigure(format: 'svg' | 'pdf'): void;
  /** After any change of the above. */
  onChange(listener: () => void): () => void;
  dispose(): void;
}
