import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rekey } from './keys';

const start = (ids: string[]): string[] => rekey([], [], ids);

test('every row of a first history has its own key, also equal items', () => {
  assert.equal(new Set(start(['a', 'a', 'b'])).size, 3);
});

test('of two equal items the removed one loses its key', () => {
  const ids = ['a', 'b', 'a'], keys = start(ids);
  assert.deepEqual(rekey(ids, keys, ['b', 'a']), [keys[1], keys[2]]);
  assert.deepEqual(rekey(ids, keys, ['a', 'b']), [keys[0], keys[1]]);
});

test('an added item gets a new key, the others keep theirs', () => {
  const ids = ['a', 'b'], keys = start(ids), next = rekey(ids, keys, ['a', 'c', 'b']);
  assert.deepEqual([next[0], next[2]], keys);
  assert.ok(!keys.includes(next[1]!));
});

test('a moved item keeps its key', () => {
  const ids = ['a', 'b', 'c', 'd'], [a, b, c, d] = start(ids);
  assert.deepEqual(rekey(ids, [a!, b!, c!, d!], ['a', 'd', 'b', 'c']), [a, d, b, c]);
});

test('keys stay distinct through a whole other history', () => {
  const ids = ['a', 'b', 'a', 'c'], next = rekey(ids, start(ids), ['c', 'a', 'a', 'a', 'x']);
  assert.equal(new Set(next).size, 5);
});

test('numbers and strings are different items', () => {
  const keys = rekey([], [], [1, '1']);
  assert.deepEqual(rekey([1, '1'], keys, ['1', 1]), [keys[1], keys[0]]);
});
