import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kendall, mean, quantile } from './statistics';

test('orders that are alike, opposite, and neither', () => {
  assert.equal(kendall([1, 2, 4], [1, 2, 3]), 1);
  assert.equal(kendall([3, 2, 1], [1, 2, 3]), -1);
  assert.equal(kendall([.2, .5, .3, 0], [5, -2, 1, 0]), (2 - 4) / 6);
});

test('tied pairs count in neither numerator nor their own denominator', () => {
  // Of six pairs the first list orders five and the second three, of which two are ordered by both, alike.
  assert.equal(kendall([1, 1, 2, 3], [1, 2, 2, 2]), 2 / Math.sqrt(5 * 3));
});

test('what is equal throughout orders nothing', () => {
  assert.equal(kendall([2, 2, 2], [1, 2, 3]), null);
  assert.equal(kendall([1, 2, 3], [0, 0, 0]), null);
  assert.equal(kendall([1], [1]), null);
  assert.equal(kendall([], []), null);
});

test('quantiles lie between values in proportion', () => {
  assert.equal(quantile([7], .3), 7);
  assert.equal(quantile([3, 1, 2], .5), 2);
  assert.equal(quantile([0, 10], .025), .25);
  assert.equal(quantile([4, 1, 3, 2], .9), 3 + .7 * 1); // at .9 * 3 = 2.7
  assert.equal(quantile([1, 2], 1), 2);
});

test('mean', () => assert.equal(mean([1, 2, 6]), 3));
