import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inEqualParts, orderOf, randomValues } from './orders';

test('the largest first; of equal values the most recent', () => {
  assert.deepEqual(orderOf([5, -2, 1, 0]), [0, 2, 3, 1]);
  assert.deepEqual(orderOf([1, 3, 1, 3]), [3, 1, 2, 0]);
  assert.deepEqual(orderOf([0, -0]), [1, 0]);
  assert.deepEqual(orderOf([]), []);
});

test('equal parts are rounded up; short histories go item by item', () => {
  assert.deepEqual(inEqualParts(4, 10), [0, 1, 2, 3, 4]);
  assert.deepEqual(inEqualParts(23, 10), Array.from({ length: 11 }, (_, j) => Math.ceil(23 * j / 10)));
  assert.deepEqual(inEqualParts(1, 10), [0, 1]);
});

test('random orders are permutations, the same for a seed and spread evenly', () => {
  const drawn = randomValues(5, 2000, 3);
  for (const values of drawn) assert.deepEqual([...values].sort(), [1, 2, 3, 4, 5]);
  assert.deepEqual(randomValues(5, 3, 3), drawn.slice(0, 3));
  assert.notDeepEqual(randomValues(5, 3, 4), drawn.slice(0, 3));
  for (let position = 0; position < 5; position++) {
    for (let value = 1; value <= 5; value++) { // 400 expected, of standard deviation 18
      const count = drawn.filter(values => values[position] === value).length;
      assert.ok(Math.abs(count - 400) < 4 * Math.sqrt(2000 * .2 * .8), `${value} stands ${count} times at ${position}`);
    }
  }
});
