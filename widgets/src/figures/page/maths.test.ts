import assert from 'node:assert/strict';
import { test } from 'node:test';
import { disagreeing, fieldAttention, fieldsOf, shapley } from './maths';

const near = (found: ArrayLike<number>, expected: readonly number[]) => Array.from(found).forEach((v, i) => assert.ok(Math.abs(v - expected[i]!) < 1e-6 || Number.isNaN(v) && Number.isNaN(expected[i]), `${i}: ${v} and not ${expected[i]}`));

test('Shapley values of a game of two are known by hand', () => {
  // worth: nothing 0, the first alone 1, the second alone 2, both 5
  near(shapley([0, 1, 2, 5], 2), [(1 + 3) / 2, (2 + 4) / 2]);
});

test('a game that only adds gives each its own, whatever the order', () => {
  const own = [3, -1, .5, 2], worths = Array.from({ length: 16 }, (_, s) => own.reduce((sum, v, f) => sum + (s >> f & 1 ? v : 0), 0));
  near(shapley(worths, 4), own);
});

test('a key is a field, or two of a pair', () => {
  assert.deepEqual(fieldsOf('b', ['a', 'b']), [1]);
  assert.deepEqual(fieldsOf('a × b', ['a', 'b']), [0, 1]);
  assert.equal(fieldsOf('history 1', ['a', 'b']), null);
});

test('attention of fields is the mean over those that look', () => {
  const map = { name: 'm', queries: ['a', 'b', 'c'], keys: ['a', 'b', 'c'], normalisation: 'softmax', heads: 1 };
  const weights = Float32Array.from([.5, .5, 0, .25, .75, 0, 0, 0, 0]); // c says nothing
  near(fieldAttention([map], [weights], ['a', 'b', 'c'], [true, true, false], null, null), [.375, .625, 0]);
});

test('heads and layers are means, and one can be picked', () => {
  const map = { name: 'm', queries: [], keys: ['a', 'b'], normalisation: 'softmax', heads: 2 };
  const [one, two] = [Float32Array.from([1, 0, 0, 1]), Float32Array.from([.2, .8, .4, .6])], of = (layer: number | null, head: number | null) => fieldAttention([map, map], [one, two], ['a', 'b'], [true, true], layer, head);
  near(of(1, 1), [1, 0]);
  near(of(2, null), [.3, .7]);
  near(of(null, null), [.4, .6]);
});

test('maps of different fields share the whole by how many say something', () => {
  const maps = [{ name: 'u', queries: [], keys: ['a'], normalisation: 'softmax', heads: 1 }, { name: 'i', queries: [], keys: ['b', 'c'], normalisation: 'softmax', heads: 1 }];
  near(fieldAttention(maps, [Float32Array.of(1), Float32Array.of(.5, .5)], ['a', 'b', 'c', 'd'], [true, true, true, true], null, null), [1 / 3, 1 / 3, 1 / 3, NaN]);
});

test('half of a pair is each field’s', () => {
  const map = { name: 'p', queries: [], keys: ['a × b', 'a × c', 'b × c'], normalisation: 'softmax', heads: 1 };
  near(fieldAttention([map], [Float32Array.of(.6, .4, 0)], ['a', 'b', 'c'], [true, true, true], null, null), [.5, .3, .2]);
});

test('attention disagrees where rank and share are both far', () => {
  const yes = [true, true, true, true];
  assert.deepEqual(disagreeing(Float32Array.of(.7, .1, .1, .1), Float32Array.of(0, -3, 1, 1), yes), [true, true, false, false]);
  assert.deepEqual(disagreeing(Float32Array.of(.26, .25, .25, .24), Float32Array.of(.24, .25, .25, .26), yes), [false, false, false, false]);
  assert.deepEqual(disagreeing(Float32Array.of(1), Float32Array.of(0), [true]), [false]);
});
