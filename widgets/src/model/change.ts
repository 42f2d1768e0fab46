// What happened between two answers, told in the terms of the sentence and the move marks.
import type { Answer, Id, Panel } from '../types';

export interface Move { from: number; to: number }
export interface Change {
  kind: 'first' | 'none' | 'lens' | 'scrub' | 'remove' | 'add' | 'move' | 'replace';
  /** What was removed, added or moved. */
  items: Id[];
  /** For a move: from and to which position. */
  positions: [number, number] | null;
  /** Ranks that changed, one map a panel; a rank of 0 is outside the list. */
  moves: Map<Id, Move>[];
}

export function changeBetween(before: Answer | null, after: Answer): Change {
  if (!before || before.panels.length !== after.panels.length) return { kind: 'first', items: [], positions: null, moves: after.panels.map(() => new Map()) };
  const edit = editBetween(before.shown.history, after.shown.history);
  const kind = edit.kind !== 'none' ? edit.kind : before.shown.now !== after.shown.now ? 'scrub' : sameLens(before, after) ? 'none' : 'lens';
  return { ...edit, kind, moves: after.panels.map((panel, k) => rankMoves(before.panels[k]!, panel)) };
}

const sameLens = ({ shown: a }: Answer, { shown: b }: Answer): boolean => a.layer === b.layer && a.head === b.head && a.query === b.query && a.view === b.view;

function editBetween(a: readonly Id[], b: readonly Id[]): Pick<Change, 'kind' | 'items' | 'positions'> {
  const removed = difference(a, b), added = difference(b, a);
  if (removed.length && added.length) return { kind: 'replace', items: [], positions: null };
  if (removed.length) return { kind: 'remove', items: removed, positions: null };
  if (added.length) return { kind: 'add', items: added, positions: null };
  const first = a.findIndex((id, i) => id !== b[i]);
  if (first < 0) return { kind: 'none', items: [], positions: null };
  const last = a.findLastIndex((id, i) => id !== b[i]);
  // One item carried over its neighbours leaves them in order, one place along.
  const up = a[first] === b[last] && a.slice(first + 1, last + 1).every((id, i) => id === b[first + i]);
  const down = a[last] === b[first] && a.slice(first, last).every((id, i) => id === b[first + 1 + i]);
  if (down) return { kind: 'move', items: [a[last]!], positions: [last + 1, first + 1] };
  if (up) return { kind: 'move', items: [a[first]!], positions: [first + 1, last + 1] };
  return { kind: 'replace', items: [], positions: null };
}

/** What `a` has and `b` has not, each as often as it is missing. */
function difference(a: readonly Id[], b: readonly Id[]): Id[] {
  const left = new Map<Id, number>();
  for (const id of b) left.set(id, (left.get(id) ?? 0) + 1);
  return a.filter(id => {
    const n = left.get(id) ?? 0;
    if (n) left.set(id, n - 1);
    return !n;
  });
}

function rankMoves(before: Panel, after: Panel): Map<Id, Move> {
  const old = new Map(before.recommendations.map(r => [r.id, r.rank])), moves = new Map<Id, Move>();
  for (const { id, rank } of after.recommendations) {
    const from = old.get(id) ?? (before.heldOut?.id === id ? before.heldOut.rank : 0);
    if (from !== rank) moves.set(id, { from, to: rank });
    old.delete(id);
  }
  for (const [id, from] of old) moves.set(id, { from, to: after.heldOut?.id === id ? after.heldOut.rank : 0 });
  return moves;
}
