// The edits of a history, as pure functions: traits in, changed traits out. Positions count from
// 1. An edit keeps `now` and `query` on the items they stood on.
import type { Id, Traits } from '../types';

export type Change = Partial<Traits>;

export const STEPS = 100; // how many can be undone

const visible = (t: Traits): number => Math.min(t.now ?? t.history.length, t.history.length);

/** Without the item at a position. */
export function remove(t: Traits, position: number): Change {
  const history = t.history.toSpliced(position - 1, 1);
  const now = t.now !== null && position <= t.now ? Math.max(Math.min(1, history.length), t.now - 1) : t.now;
  const query = t.query === null || position === t.query ? null : position < t.query ? t.query - 1 : t.query;
  return settled({ history, now, query }, history.length);
}

/** With an item as the newest that the model sees. */
export function add(t: Traits, id: Id): Change {
  const at = visible(t), history = t.history.toSpliced(at, 0, id);
  return settled({ history, now: t.now === null ? null : at + 1, query: null }, history.length);
}

/** With the item at one position brought to another. */
export function move(t: Traits, from: number, to: number): Change {
  const [id] = t.history.slice(from - 1, from);
  if (id === undefined || from === to || to < 1 || to > t.history.length) return {};
  const history = t.history.toSpliced(from - 1, 1).toSpliced(to - 1, 0, id);
  let query = t.query;
  if (query === from) query = to;
  else if (query !== null) query += (query > from ? -1 : 0) + (query - (query > from ? 1 : 0) >= to ? 1 : 0);
  return { history, query: query !== null && query > visible(t) ? null : query };
}

/** With the model seeing only the first `now`. */
export function scrub(t: Traits, now: number): Change {
  const n = t.history.length, bounded = Math.max(Math.min(1, n), Math.min(n, now));
  return { now: bounded === n ? null : bounded, query: t.query !== null && t.query > bounded ? null : t.query };
}

/** A whole other history: undo, redo, reset. What the model saw of it is all again. */
export const replace = (history: Id[]): Change => ({ history, now: null, query: null });

/** The position read from. The last one the model sees is the default, which follows edits. */
export const read = (t: Traits, position: number): Change => ({ query: position >= visible(t) ? null : position });

const settled = (c: { history: Id[]; now: number | null; query: number | null }, n: number): Change => ({
  ...c, now: c.now !== null && c.now >= n ? null : c.now,
});
