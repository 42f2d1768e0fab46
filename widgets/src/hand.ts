// What the hand and the keyboard are doing: all state that is neither the engine's nor the clock's.
import type { WeightAt } from './picture';
import type { Id, Traits } from './types';

export type Gesture =
  | { kind: 'drag'; before: Id[]; key: string; position: number; /** Middle of the row under the hand, in the list. */ y: number }
  | { kind: 'scrub' };

export interface Hand {
  /** The position pointed at, or focused by keyboard. */
  active: number | null;
  /** The position without which the ranking is wanted. */
  preview: number | null;
  /** The state of which that was wanted: an edit before it does not take it away. */
  previewOf: Pick<Traits, 'history' | 'now'> | null;
  /** The weight whose making is shown. */
  weighing: WeightAt | null;
  /** An edit has been made: no more need of hints. */
  edited: boolean;
  activeRank: { panel: number; id: Id } | null;
  activeCell: { panel: number; query: number; key: number } | null;
  /** The list the keyboard is in. */
  focused: 'history' | 'ranking' | null;
  gesture: Gesture | null;
  /** First row of the magnifier's window. */
  window: number;
  /** After an edit the sentence tells the edit, until something else is pointed at. */
  tellsEdit: boolean;
  searching: boolean;
  table: boolean;
}

export const idle = (): Hand => ({
  active: null, preview: null, previewOf: null, weighing: null, edited: false, activeRank: null, activeCell: null, focused: null, gesture: null, window: Infinity, tellsEdit: false, searching: false, table: false,
});
