import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeAnswer, decodeLens, decodeMatches } from './decode';
import { decodeSetup } from './store';

const floats = (...values: number[]): DataView => new DataView(Float32Array.from(values).buffer);

test('nothing yet is no answer', () => {
  for (const value of [undefined, null, {}, 0, []]) assert.equal(decodeAnswer(value), null);
});

test('a partial answer is an answer with empty parts', () => {
  const a = decodeAnswer({ shown: { history: ['x'] }, panels: [{}] })!;
  assert.deepEqual([a.shown.now, a.shown.query, a.shown.topn, a.error], [1, 1, 10, null]);
  assert.deepEqual([a.panels[0]!.row, a.panels[0]!.heads, a.panels[0]!.recommendations, a.panels[0]!.heldOut], [null, 0, [], null]);
});

test('binary parts are read wherever they begin in their buffer', () => {
  const bytes = new Uint8Array(9);
  bytes.set(new Uint8Array(Float32Array.from([.25, .75]).buffer), 1);
  const a = decodeAnswer({ shown: { history: [1, 2] }, panels: [{ row: new DataView(bytes.buffer, 1, 8) }, { row: floats(1, 2) }, { row: Float32Array.from([3]).buffer }] })!;
  assert.deepEqual(a.panels.map(p => Array.from(p.row!)), [[.25, .75], [1, 2], [3]]);
});

test('an error without a picture is an answer', () => {
  assert.equal(decodeAnswer({ seq: 3, error: 'no such item' })!.error, 'no such item');
});

test('ids keep their type, labels fall back on the id', () => {
  const a = decodeAnswer({ shown: { history: [1, '1'] }, labels: [{ id: 1, title: 'one' }, { id: '1' }] })!;
  assert.deepEqual(a.shown.history, [1, '1']);
  assert.deepEqual(a.labels.map(l => l.title), ['one', '1']);
});

test('a recommendation without a score is left out', () => {
  const a = decodeAnswer({ shown: { history: [] }, panels: [{ recommendations: [{ id: 1, rank: 1, score: 2 }, { id: 2, rank: 2, score: null }] }] })!;
  assert.deepEqual(a.panels[0]!.recommendations, [{ id: 1, rank: 1, score: 2 }]);
});

test('words and matches have defaults', () => {
  assert.deepEqual(decodeSetup(null).words, { item: 'item', items: 'items', acted: 'chosen' });
  assert.deepEqual(decodeMatches(null), { seq: -1, text: '', matches: [] });
});

test('a lens has a number for each item of its history, or is none', () => {
  for (const value of [undefined, null, {}, { name: 'rollout' }, { name: '', history: ['a'] }]) assert.equal(decodeLens(value, null), null);
  const l = decodeLens({ history: ['a', 'b'], name: 'rollout', target: { id: 7, title: '' }, values: [.5], effects: [null, -1], signed: 1 }, 50)!;
  assert.deepEqual([l.values, l.effects, l.negligible, l.signed, l.removal, l.target.title, l.limit], [[.5, 0], [0, -1], 0, false, 'drop', '7', 50]);
  assert.equal(decodeLens({ history: ['a'], name: 'attention', values: null }, null)!.values, null);
});
