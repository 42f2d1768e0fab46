// The cases of tests/explanations/test_faithfulness.py, worked out by hand there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Keep, lacking, only, size, whole, without } from './keep';
import { effectsOf, measure, negligibleOf, type Score, singles, variantsOf } from './metrics';

const METRICS = ['comprehensiveness@{k}', 'deletion', 'sufficiency@{k}', 'Kendall', 'polarity violations@{k}'];
const WORTH = [5, -2, 1, 0], RIGHT = WORTH, WRONG = [.2, .5, .3, 0];

/** The score is the sum of what the items that are there are worth. */
const adds = (worth: readonly number[]): Score => keep => worth.reduce((sum, one, i) => sum + (keep[i] === '1' ? one : 0), 0);

const measured = (values: readonly number[], k: number, worth: readonly number[] = WORTH, metrics = METRICS) =>
  measure(metrics, values, effectsOf(worth.length, adds(worth)), k, adds(worth));

function close(found: readonly (number | null)[], expected: readonly (number | null)[]): void {
  assert.equal(found.length, expected.length);
  expected.forEach((value, i) => {
    if (value === null) assert.equal(found[i], null, METRICS[i]);
    else assert.ok(Math.abs(found[i]! - value) < 1e-12, `${METRICS[i]}: ${found[i]} is not ${value}`);
  });
}

test('sets of items', () => {
  assert.equal(whole(3), '111');
  assert.equal(lacking(4, 1), '1011');
  assert.equal(without([0, 2, 3, 1], 2), '0101');
  assert.equal(only([0, 2, 3, 1], 2), '1010');
  assert.equal(without([1, 0], 2), '00');
  assert.deepEqual(['000', '0110', ''].map(size), [0, 2, 0]);
});

// Of H = 5 - 2 + 1 + 0 = 4 the right order (5, 1, 0, -2) leaves 4, -1, -2, -2, 0 and has 0, 5, 6, 6, 4;
// the wrong one (-2, 1, 5, 0) leaves 4, 6, 5, 0, 0 and has 0, -2, -1, 4, 4.
test('by hand', () => {
  close(measured(RIGHT, 2), [4 - -2, (0 / 2 + 5 + 6 + 6 + 4 / 2) / 4, 4 - 6, 1, 0 / 2]);
  close(measured(WRONG, 2), [4 - 5, (0 / 2 - 2 - 1 + 4 + 4 / 2) / 4, 4 - -1, (2 - 4) / 6, 1 / 2]);
  assert.deepEqual(effectsOf(4, adds(WORTH)), WORTH);
});

test('uniform takes the most recent first, and orders nothing', () => {
  // What is left of 5, -2, 1, 0 from the left: 4, 4, 3, 5, and of nothing 0.
  close(measured([1, 1, 1, 1], 2), [4 - 3, (0 / 2 + 0 + 1 - 1 + 4 / 2) / 4, 4 - (1 + 0), null, 0 / 2]);
});

test('an ignored item', () => {
  const [lost, , lacks] = measured([0, 0, 0, 1], 1);
  assert.deepEqual([lost, lacks], [0, 4 - 0]);
});

test('one item orders nothing', () => close(measured([3], 1, [5]), [5 - 0, (0 + 5) / 2, 0, null, 0]));

test('fewer items than k would name', () => {
  close(measured(WRONG, 4), [4 - 0, measured(WRONG, 2)[1]!, 0, -2 / 6, 1 / 3]); // of three that are named
  assert.equal(measured(RIGHT, 4)[4], 0, 'it says that the second lowers the score');
});

test('polarity is no matter of rounding', () => {
  assert.equal(measured([1, 1], 2, [5, -1e-7])[4], 0);
  assert.equal(measured([1, 1], 2, [5, -1e-3])[4], 1 / 2);
  assert.equal(measured([-1, -1], 2, [5, -1])[4], 0, 'nothing is said to raise it');
  assert.deepEqual([0, .5, -200].map(negligibleOf), [1e-5, 1e-5, 1e-5 * 200]);
});

test('the curve of a long history has ten steps, which need not be alike', () => {
  const worth = Array.from({ length: 23 }, (_, i) => i % 7 - 2), [, deletion] = measured(worth, 5, worth), falling = [...worth].sort((a, b) => b - a);
  const lost = (count: number) => falling.slice(0, count).reduce((sum, one) => sum + one, 0);
  let area = 0;
  for (let j = 1; j <= 10; j++) {
    const [from, to] = [Math.ceil(23 * (j - 1) / 10), Math.ceil(23 * j / 10)];
    area += (lost(from) + lost(to)) / 2 * (to - from);
  }
  close([deletion!], [area / 23]);
});

test('nothing is asked that was not announced', () => {
  for (const n of [1, 2, 5, 23]) {
    const values = Array.from({ length: n }, (_, i) => (7 * i) % 5), k = Math.min(5, n), announced = new Set<Keep>([...singles(n), ...variantsOf(values, k)]);
    const v: Score = keep => { assert.ok(announced.has(keep), keep); return size(keep); };
    measure(METRICS, values, effectsOf(n, v), k, v);
  }
});

test('a metric that Python has and the page has not', () => assert.deepEqual(measured(RIGHT, 2, WORTH, ['NDCG', 'Kendall']), [null, 1]));
