// Who answers: the kernel, or the model in the page. The session owns them and lets one of them speak.
import { type Engine, type Id, type Label, type Panel, sameIds, type Shown } from '../types';

/** What a responder answers; the session adds what does not depend on the model. */
export interface Reply {
  error: string | null;
  shown: Shown;
  panels: Panel[];
}

export interface Responder extends Pick<Engine, 'waiting' | 'search' | 'matches' | 'preview' | 'previews' | 'wish' | 'at' | 'weighing' | 'dispose'> {
  readonly kind: 'kernel' | 'page';
  /** The latest answer that is not stale; null before the first. The same object until the next. */
  reply(): (Reply & { seq: number }) | null;
  /** The page has changed the traits, which are not sent yet. */
  ask(): void;
  /** The traits, or what Python says, may be others than before. */
  changed(): void;
  /** What it knows of an item beyond what the answer told; null: nothing. */
  label(id: Id): Label | null;
}

/** Whether there is no difference to be seen between two. */
export function sameReply(a: Reply, b: Reply): boolean {
  const list = ({ recommendations, heldOut }: Panel) => JSON.stringify([recommendations, heldOut]);
  const weights = (one: Panel, other: Panel) => sameNumbers(one.row, other.row) && sameNumbers(one.matrix, other.matrix) && sameNumbers(one.thumbs, other.thumbs);
  const { history: before, ...was } = a.shown, { history: after, ...is } = b.shown;
  return a.error === b.error && sameIds(before, after) && JSON.stringify(was) === JSON.stringify(is) && a.panels.length === b.panels.length
    && a.panels.every((panel, i) => list(panel) === list(b.panels[i]!) && weights(panel, b.panels[i]!));
}

type Numbers = Float32Array | Uint8Array | null;
const sameNumbers = (a: Numbers, b: Numbers): boolean => a === b || (a !== null && b !== null && a.length === b.length && a.every((value, i) => value === b[i]));
