// What every view is told: the state shown, where things stand, and what may be done.
import type { Layout } from './layout';
import type { Change } from './model/change';
import type { LensView } from './model/lens';
import type { Marks } from './model/marks';
import type { Told } from './model/sentence';
import type { Answer, Id, Label, Preview, Traits, View, Words } from './types';

/** One weight of one head of one panel: position `query` reads position `key`. */
export interface WeightAt { panel: number; layer: number; head: number; query: number; key: number }

export interface Picture {
  traits: Traits;
  answer: Answer | null;
  /** The answer is to what the traits say; otherwise one is awaited. */
  fresh: boolean;
  words: Words;
  told: Told | null;
  /** What a trust panel shows on the first model; null: nothing. */
  lens: LensView | null;
  change: Change | null;
  layout: Layout;
  /** First row of the magnifier's window. */
  window: number;
  dark: boolean;
  target: Marks;
  /** The state before the last edit, etched into the picture until it fades. */
  etched: Marks | null;
  /** Score axes and decimals, one a panel. */
  domains: [number, number][];
  digits: number[];
  /** The position pointed at, or focused by keyboard. */
  active: number | null;
  focused: 'history' | 'ranking' | null;
  activeRank: { panel: number; id: Id } | null;
  /** The ranking without the item at a position, where it is wanted and known. */
  preview: Preview | null;
  /** How many such rankings are known. */
  previews: number;
  /** What the reader should know of the engine. */
  notice: string | null;
  /** Nothing has been edited yet: what can be done is said. */
  hints: boolean;
  /** The row under the hand: its key and the y of its middle in the list. */
  dragged: { key: string; y: number } | null;
  moving: boolean;
  canUndo: boolean;
  canRedo: boolean;
  canReset: boolean;
  filtersSeen: boolean;
  playing: boolean;
  searching: boolean;
  table: boolean;
  label(id: Id): Label;
  previewAt(position: number): Preview | null;
}

export interface Actions {
  remove(position: number): void;
  add(id: Id): void;
  read(position: number): void;
  move(from: number, to: number): void;
  dragStart(position: number): void;
  dragTo(position: number, y: number): void;
  dragEnd(keep: boolean): void;
  scrub(now: number): void;
  scrubTo(now: number): void;
  scrubEnd(): void;
  choose(layer: number, head: number | null): void;
  view(view: View): void;
  undo(): void;
  redo(): void;
  reset(): void;
  play(): void;
  search(open: boolean): void;
  scroll(first: number): void;
  point(position: number | null): void;
  /** The ranking without the item at a position; null: as it is. */
  preview(position: number | null): void;
  /** How a weight arose; null: no more. */
  weigh(panel: number, query: number, key: number): void;
  weighAt(at: WeightAt | null): void;
  pointCell(panel: number, cell: { query: number; key: number } | null): void;
  pointRank(panel: number, id: Id | null): void;
  /** A list got or lost the focus, by keyboard or by mouse. */
  focus(area: 'history' | 'ranking' | null, byKey: boolean): void;
  toggleTable(): void;
  toggleRemoved(): void;
  save(format: 'svg' | 'pdf'): void;
}

export interface ViewPart {
  /** After an answer, a change of layout or of state. */
  update?(picture: Picture): void;
  /** Every frame. */
  paint?(marks: Marks, picture: Picture): void;
}
