import assert from 'node:assert/strict';
import { test } from 'node:test';
import { along, digitsOf, placesBetween, placesOf, samePlaces, scaleOf } from './scale';
import type { Report } from './types';

type Column = (number | null)[];
const report = (values: Column[], band: [Column, Column]) =>
  ({ values, band, rows: values.map((_, i) => `row ${i}`), metrics: values[0]!.map((_, i) => ({ name: `metric ${i}` })) }) as unknown as Report;

test('a scale holds every value, the band and zero', () => {
  const table = report([[2, null], [-1, 7]], [[0, 1], [3, 5]]), scale = scaleOf(table, 0);
  assert.deepEqual(scale, { low: -1, high: 3 });
  assert.equal(along(scale, -1), 0);
  assert.equal(along(scale, 3), 1);
  assert.equal(along(scale, 1), .5);
  assert.deepEqual(scaleOf(table, 1), { low: 0, high: 7 });
});

test('where all is nothing, or nothing is known, there is still a place', () => {
  assert.equal(along(scaleOf(report([[0], [0]], [[0], [0]]), 0), 0), .5);
  assert.deepEqual(scaleOf(report([[null]], [[null], [null]]), 0), { low: 0, high: 0 });
});

test('numbers have the decimals that their column needs', () => {
  assert.deepEqual([0, .004, .04, .8, 4.2, -31, 250, 3e6].map(v => digitsOf({ low: Math.min(0, v), high: Math.max(0, v) })), [2, 4, 4, 2, 2, 1, 0, 0]);
});

test('what is undefined has no place, and what is new comes to its own at once', () => {
  const before = placesOf(report([[0], [null]], [[1], [4]])), after = placesOf(report([[4], [2]], [[1], [4]]));
  assert.deepEqual([...before.get('metric 0')!], [['row 0', 0], ['band low', .25], ['band high', 1]]);
  assert.deepEqual([...placesBetween(before, after, .25).get('metric 0')!], [['row 0', .25], ['row 1', .5], ['band low', .25], ['band high', 1]]);
  assert.ok(samePlaces(placesBetween(before, after, 1), after) && !samePlaces(before, after));
});
