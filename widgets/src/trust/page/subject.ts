// What is explained in the page: one score after the history that the explorer shows, as
// attnrec_widgets/trust_subject.py settles it.
import { type State, visible } from '../../engine/state';
import type { Present } from '../../engine/page/responder';
import type { Id } from '../../types';
import type { Item, Named } from '../race_model';
import type { Removal } from '../types';
import type { Case } from './variants';

export interface Subject {
  case: Case;
  target: Named;
  /** What the reader should know of that choice, or empty. */
  note: string;
  /** Those that the model reads. */
  items: Item[];
  /** How many older ones it does not. */
  unread: number;
  history: readonly Id[];
}

/** Throws a sentence where there is nothing to explain. */
export function subjectOf({ source, state, inspected }: Present, wanted: Id | null, removal: Removal): Subject {
  const first = inspected.ranking.best.index[0], { items, leftOut = new Int32Array(0) } = source.row(state);
  if (first === undefined) throw new Error('Nothing is left to recommend after this history.');
  const chosen = wanted === null ? first : source.indices([wanted])[0]!, target = leftOut.includes(chosen) ? first : chosen;
  const history = visible(state), unread = state.now - inspected.read, title = (index: number) => titled(source, index).title;
  return {
    case: { source, items, leftOut, target, first, removal }, target: titled(source, target), history, unread,
    note: target === chosen ? '' : noteOn(title(chosen), title(first), history.includes(wanted!)),
    items: Array.from(items, (index, i) => ({ position: unread + i + 1, ...titled(source, index) })),
  };
}

/** Equal keys have equal answers, whatever layer and head are shown. */
export const keyOf = (state: State, { target, case: { removal } }: Subject): string => JSON.stringify([visible(state), [...state.leftOut].map(String).sort(), target.id, removal]);

/** What could be explained instead: the recommendations, and the target where it is none. */
export function choicesOf({ source, inspected }: Present, target: Named): Named[] {
  const best = Array.from(inspected.ranking.best.index, index => titled(source, index));
  return best.some(one => one.id === target.id) ? best : [...best, target];
}

export function titled({ model: { catalogue } }: Case['source'], index: number): Named {
  const { id, title } = catalogue.label(catalogue.id(index))!;
  return { id, title };
}

const noteOn = (chosen: string, first: string, there: boolean): string =>
  `${chosen} ${there ? 'is in the history' : 'was taken out of it'} and is not recommended; ${first} is explained.`;
