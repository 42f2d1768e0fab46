import assert from 'node:assert/strict';
import { test } from 'node:test';
import { along, scaleOf } from './scale';
import type { Report } from './types';

const report = (values: (number | null)[][], band: [(number | null)[], (number | null)[]]) => ({ values, band }) as Report;

test('a scale holds every value and the band', () => {
  const scale = scaleOf(report([[2, null], [-1, 7]], [[0, 1], [3, 5]]), 0);
  assert.deepEqual(scale, { low: -1, high: 3 });
  assert.equal(along(scale, -1), 0);
  assert.equal(along(scale, 3), 1);
  assert.equal(along(scale, 1), .5);
  assert.deepEqual(scaleOf(report([[2, null], [-1, 7]], [[0, 1], [3, 5]]), 1), { low: 1, high: 7 });
});

test('where all is the same, or nothing is known, there is still a place', () => {
  assert.equal(along(scaleOf(report([[2], [2]], [[2], [2]]), 0), 2), .5);
  assert.deepEqual(scaleOf(report([[null]], [[null], [null]]), 0), { low: 0, high: 1 });
});
