import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lens } from '../types';
import { effect } from './format';
import { lensView, ownShares } from './lens';

const lens = (more: Partial<Lens> = {}): Lens => ({
  history: ['a', 'b', 'c', 'd'], name: 'rollout', target: { id: 't', title: 'T' }, removal: 'drop',
  values: [4, 1, 3, 2], signed: false, effects: [-.5, -.1, .25, 0], negligible: .01, limit: null, ...more,
});
const SEEN = ['a', 'b', 'c', 'd'];

test('shares are sizes of values, and sum to one', () => {
  assert.deepEqual(lensView(lens(), SEEN, null).shares, [4 / 10, 1 / 10, 3 / 10, 2 / 10]);
  assert.deepEqual(lensView(lens({ values: [-2, 1, -1, 0], signed: true }), SEEN, null).shares, [2 / 4, 1 / 4, 1 / 4, 0]);
  assert.deepEqual(lensView(lens({ values: [0, 0, 0, 0] }), SEEN, null).shares, [0, 0, 0, 0]);
});

test('hue is the effect beside the strongest, none where it is negligible', () => {
  assert.deepEqual(lensView(lens(), SEEN, null).hues, [-.5 / .5, -.1 / .5, .25 / .5, 0]);
  assert.deepEqual(lensView(lens({ negligible: .2 }), SEEN, null).hues, [-1, 0, .5, 0]);
  assert.deepEqual(lensView(lens({ effects: [0, 0, 0, 0], negligible: 0 }), SEEN, null).hues, [0, 0, 0, 0]);
});

test('hatched is what weighs above average and lowers the score', () => {
  const view = lensView(lens(), SEEN, null);
  assert.deepEqual([view.above, [...view.hatched]], [[1, 3], [1]]);
  const own = lensView(lens({ values: null }), SEEN, [.1, .6, .2, .1]);
  assert.deepEqual([own.shares, own.above, [...own.hatched]], [null, [2], [2]]);
});

test('equal weights, rounded to single precision, are not above average', () => {
  for (const n of [1, 3, 6, 7]) {
    const ids = Array.from({ length: n }, (_, i) => i), row = new Float32Array(n).fill(1 / n);
    assert.deepEqual(lensView(lens({ history: ids, values: null, effects: ids.map(() => -1) }), ids, row).above, []);
  }
});

test('weights that do not sum to one have an average of their own', () => {
  assert.deepEqual(lensView(lens({ values: null }), SEEN, [2, 4, 3, 3.1]).above, [2, 4]);
});

test('the average is over what the model reads', () => {
  assert.deepEqual(lensView(lens({ values: [0, 0, 3, 2] }), SEEN, null).above, [3, 4], '3/5 and 2/5 are above 1/4');
  assert.deepEqual(lensView(lens({ values: [0, 0, 3, 2], limit: 2 }), SEEN, null).above, [3], '2/5 is below 1/2');
});

test('a signed value below zero says itself that it lowers', () => {
  const view = lensView(lens({ values: [-.5, -.1, .25, 0], signed: true }), SEEN, null);
  assert.deepEqual([view.above, view.hatched.size], [[3], 0]);
});

test('after an edit it is carried over item by item, and of a new item nothing is known', () => {
  const view = lensView(lens(), ['c', 'x', 'a'], null);
  assert.equal(view.stale, true);
  assert.deepEqual(view.effects, [.25, null, -.5]);
  assert.deepEqual(view.hues, [.5, null, -1]);
  assert.deepEqual(view.shares, [3 / 7, 0, 4 / 7]);
  const twice = lensView(lens({ history: ['a', 'b', 'a'], values: null, effects: [1, 2, 3] }), ['b', 'a'], null);
  assert.deepEqual(twice.effects, [2, 3], 'of two equal items the right one');
});

test('an unknown row is no weight, and none is above average', () => {
  const view = lensView(lens({ values: null }), SEEN, null);
  assert.deepEqual([view.above, view.hatched.size, view.stale], [[], 0, false]);
});

test('it is on the first panel', () => {
  const view = lensView(lens(), SEEN, null);
  assert.deepEqual([ownShares(view, 0)?.length, ownShares(view, 1), ownShares(null, 0)], [4, null, null]);
});

test('an effect is printed with its sign, which nothing has not', () => {
  assert.deepEqual([effect(.25, 2, .01), effect(-.104, 2, .01), effect(-.004, 2, .01), effect(0, 2, 0), effect(-.004, 2, .001)], ['+0.25', '−0.10', '0.00', '0.00', '−0.00']);
});
