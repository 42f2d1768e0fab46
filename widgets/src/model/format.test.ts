import assert from 'node:assert/strict';
import { test } from 'node:test';
import { score } from './format';

test('a number that is told as zero has no sign', () => {
  assert.equal(score(-.004), '0.00');
  assert.equal(score(-.005001), '−0.01');
  assert.equal(score(-10), '−10.00');
  assert.equal(score(0), '0.00');
});
