import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Card } from '../../worker/protocol';
import { Catalogue } from './catalogue';
import { Inspected, panelOf } from './panel';
import type { State } from '../state';

const map = (heads: number) => ({ name: `map of ${heads}`, heads, head_size: 1, causal: true, normalisation: 'softmax' as const });
const card = (...heads: number[]): Card => ({ num_items: 9, lengths: [4], maps: heads.map(map), weights: [] });
const catalogue = new Catalogue(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'], [], []);
const places = (...index: number[]) => ({ index: Int32Array.from(index), rank: Int32Array.from(index, (_, i) => i + 1), score: Float32Array.from(index, i => i / 2) });
const ranking = { best: places(3, 1), fallen: places(), heldOut: { rank: 5, score: .5 } };

/** [head, query, key]: the weight of head h, query q, key k is 100 h + 10 q + k, all from 1, in the padded length. */
const numbered = (heads: number, length: number) => Float32Array.from({ length: heads * length * length }, (_, i) =>
  100 * (1 + Math.floor(i / length / length)) + 10 * (1 + Math.floor(i / length) % length) + 1 + i % length);

function ask(heads: number[], read: number, change: Partial<State> = {}, length = 4) {
  const attention = heads.map(count => numbered(count, length)), history = ['a', 'b', 'c'];
  const state: State = { history, now: 3, layer: null, head: null, position: change.now ?? 3, topn: 2, view: 'ribbons', leftOut: new Set(), ...change };
  return panelOf('M', catalogue, new Inspected(card(...heads), { row: 0, ranking, attention }, length, read), state, 'i');
}

test('the last layer and the mean of its heads, unless another is wanted', () => {
  assert.deepEqual([...ask([2], 3).row!], [192, 193, 194]); // the last query of heads 1 and 2, past one column of padding
  assert.deepEqual([...ask([2], 3, { head: 2, position: 1 }).row!], [222, 223, 224]);
  assert.deepEqual([...ask([1, 2], 3, { layer: 1 }).row!], [142, 143, 144]);
});

test('layers and heads that a model does not have: its last, and the mean', () => {
  assert.deepEqual([...ask([2], 3, { layer: 7, head: 9 }).row!], [192, 193, 194]);
  assert.deepEqual([...ask([2, 1], 3, { layer: 1, head: 2 }).row!], [192, 193, 194], 'a head that not every layer has');
  assert.equal(ask([2, 1], 3).heads, 1);
});

test('what is too old and what is not visible has no weight', () => {
  assert.deepEqual([...ask([1], 2).row!], [0, 143, 144]);
  assert.deepEqual([...ask([1], 2, { position: 1 }).row!], [0, 0, 0], 'a query that is not read');
  assert.deepEqual([...ask([1], 2, { now: 2 }).row!], [143, 144, 0]);
});

test('the matrix, only while it is shown', () => {
  assert.equal(ask([1], 2).matrix, null);
  assert.deepEqual([...ask([1], 2, { view: 'matrix' }).matrix!], [0, 0, 0, 0, 133, 134, 0, 143, 144]);
});

test('miniatures: each head, then the mean, in square-root tone of the map’s own largest', () => {
  const { thumbs, thumbSize } = ask([2], 2);
  assert.equal(thumbSize, 2);
  const tones = (...cells: number[]) => cells.map(cell => Math.floor(Math.sqrt(Math.fround(cell) / Math.max(...cells)) * 255));
  assert.deepEqual([...thumbs!], [...tones(133, 134, 143, 144), ...tones(233, 234, 243, 244), ...tones(183, 184, 193, 194)]);
});

test('larger maps by the largest weight that a cell covers', () => {
  const length = 50, attention = [new Float32Array(length * length)], at = (q: number, k: number) => q * length + k;
  attention[0]![at(49, 49)] = 1;
  attention[0]![at(0, 3)] = .25;
  const { bytes, side } = new Inspected(card(1), { row: 0, ranking, attention }, length, length).thumbs();
  assert.equal(side, 24);
  // Cell c begins at floor(50 c / 24): 3 lies in the cell from 2 to 3, the second; 49 in the last.
  const lit = [...bytes!.subarray(0, 576)].flatMap((tone, i) => (tone ? [[Math.floor(i / 24), i % 24, tone]] : []));
  assert.deepEqual(lit, [[0, 1, 127], [23, 23, 255]]);
});

test('without attention there is a ranking still', () => {
  const panel = ask([], 3);
  assert.deepEqual([panel.row, panel.matrix, panel.thumbs, panel.layers, panel.heads, panel.normalisation], [null, null, null, 0, 0, 'none']);
  assert.deepEqual(panel.recommendations, [{ id: 'c', rank: 1, score: 1.5 }, { id: 'a', rank: 2, score: .5 }]);
  assert.deepEqual(panel.heldOut, { id: 'i', rank: 5, score: .5 });
});
