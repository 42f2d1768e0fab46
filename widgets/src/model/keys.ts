// Which row of the new history is which row of the old one. An item may occur more than once, so
// ids are not enough: what both ends have in common is matched first, which names the right one
// of two equal items after any single edit; the middle is matched by id, in order.
import type { Id } from '../types';

let made = 0;
const fresh = (): string => `k${made++}`;

export function rekey(oldIds: readonly Id[], oldKeys: readonly string[], ids: readonly Id[]): string[] {
  const keys = new Array<string>(ids.length), n = Math.min(oldIds.length, ids.length);
  let head = 0, tail = 0;
  while (head < n && oldIds[head] === ids[head]) head++;
  while (tail < n - head && oldIds[oldIds.length - 1 - tail] === ids[ids.length - 1 - tail]) tail++;
  for (let i = 0; i < head; i++) keys[i] = oldKeys[i]!;
  for (let i = 1; i <= tail; i++) keys[ids.length - i] = oldKeys[oldIds.length - i]!;
  const free = new Map<Id, string[]>();
  for (let i = head; i < oldIds.length - tail; i++) {
    const list = free.get(oldIds[i]!) ?? [];
    list.push(oldKeys[i]!);
    free.set(oldIds[i]!, list);
  }
  for (let i = head; i < ids.length - tail; i++) keys[i] = free.get(ids[i]!)?.shift() ?? fresh();
  return keys;
}
