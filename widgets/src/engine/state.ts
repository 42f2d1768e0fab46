// What is asked of the models, as attnrec_widgets/state.py: equal states have equal answers.
import { remove } from '../model/edits';
import { type Id, sameIds, type Shown, type Traits, type View } from '../types';
import { takenOut } from './session';
import type { Store } from './store';

export interface State {
  history: readonly Id[];
  /** How many of it the models are shown. */
  now: number;
  layer: number | null;
  head: number | null;
  /** The position that is read from; 0 where there is none. */
  position: number;
  topn: number;
  view: View;
  leftOut: ReadonlySet<Id>;
}

/** The state that the traits say. */
export function stateOf(store: Store): State {
  return make(store, store.traits(), store.past());
}

/** The state that taking out the item at a position would lead to. */
export function without(store: Store, position: number): State {
  const traits = store.traits();
  return make(store, { ...traits, ...remove(traits, position) }, [...store.past(), traits.history]);
}

function make(store: Store, traits: Traits, past: Id[][]): State {
  const { history, layer, head, query, topn, view } = traits, now = Math.min(traits.now ?? history.length, history.length);
  const removed = traits.allowRemoved ? [] : takenOut(history, past, store.bases(), store.start());
  const leftOut = new Set(store.setup().filterSeen ? [...history.slice(0, now), ...removed] : []);
  return { history, now, layer, head, position: Math.min(query ?? now, now), topn, view, leftOut };
}

export const visible = ({ history, now }: State): readonly Id[] => history.slice(0, now);

/** Whether one run of the models answers both. */
export function sameQuestion(a: State, b: State): boolean {
  return a.topn === b.topn && sameIds(visible(a), visible(b)) && a.leftOut.size === b.leftOut.size && [...a.leftOut].every(id => b.leftOut.has(id));
}

export function sameState(a: State, b: State): boolean {
  return sameQuestion(a, b) && sameIds(a.history, b.history) && a.layer === b.layer && a.head === b.head && a.position === b.position && a.view === b.view;
}

/** What the picture is told of it; layer and head are those of the first model. */
export function shownOf({ history, now, position, topn, view }: State, layer: number | null, head: number | null): Shown {
  return { history: [...history], now, layer: layer ?? 1, head, query: position || now, topn, view };
}
