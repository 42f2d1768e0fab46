import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyWeight, ribbonScale, scoreDomain, snapDown, stack, ticks } from './scale';

const close = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

test('snapping goes down to 1, 2 or 5 of a power of ten', () => {
  for (const [x, to] of [[1, 1], [1.9, 1], [2, 2], [4.99, 2], [5, 5], [99, 50], [100, 100], [.03, .02], [.1, .1]] as const) close(snapDown(x), to);
  for (const x of [0, -1, NaN, Infinity]) assert.equal(snapDown(x), 1);
});

test('the heaviest ribbon fits and is at least two fifths of what fits', () => {
  for (const heaviest of [1, .48, .19, .07, .004, 3.2]) {
    const width = heaviest * ribbonScale([heaviest, heaviest / 2], 22);
    assert.ok(width <= 22 + 1e-9 && width >= 22 / 2.5 - 1e-9, `${heaviest}: ${width}`);
  }
  assert.equal(ribbonScale([], 22), 20);
});

test('the key is 5 to 12 pixels wide', () => {
  for (const scale of [10, 20, 50, 100, 200, 1000]) {
    const width = keyWeight(scale) * scale;
    assert.ok(width > 4.79 && width <= 12, `${scale}: ${width}`);
  }
});

test('shares partition the bar exactly, gaps included', () => {
  const weights = [.5, .25, .125, .125], shares = stack(weights, 80, 340);
  close(shares[0]![0], 80);
  close(shares[3]![0] + shares[3]![1], 80 + 340);
  close(shares[0]![1] / shares[1]![1], 2);
  for (let i = 1; i < 4; i++) close(shares[i]![0], shares[i - 1]![0] + shares[i - 1]![1] + 1);
});

test('a share of nothing takes no room, and nothing at all divides by nothing', () => {
  assert.deepEqual(stack([1, 0], 0, 10).map(s => s[1]), [10 - 1, 0]);
  assert.deepEqual(stack([0, 0], 5, 10), [[5, 0], [5, 0]]);
  assert.deepEqual(stack([], 0, 10), []);
});

test('weights that do not sum to one, and negative ones, are shares of their total', () => {
  const shares = stack([2, -2], 0, 101);
  close(shares[0]![1], 50);
  close(shares[1]![1], 50);
});

test('the score axis holds still while it serves', () => {
  const first = scoreDomain([5, 6], null);
  assert.ok(first[0] < 5 && first[1] > 6);
  assert.deepEqual(scoreDomain([5.1, 5.9], first), first);
  assert.notDeepEqual(scoreDomain([5, 7], first), first);
  assert.notDeepEqual(scoreDomain([5.4, 5.5], first), first);
});

test('one score, equal scores and no score have an axis too', () => {
  for (const scores of [[3], [3, 3], [0], [-2, -2]]) {
    const [low, high] = scoreDomain(scores, null);
    assert.ok(low < scores[0]! && high > scores[0]!);
  }
  assert.deepEqual(scoreDomain([], null), [0, 1]);
  assert.deepEqual(scoreDomain([NaN, -Infinity], [2, 3]), [2, 3]);
});

test('ticks are two or three, inside the domain', () => {
  for (const domain of [[4.6, 6.8], [0, 1], [-.003, .002], [5.5, 6.33], [-1200, 900], [7.1, 13]] as [number, number][]) for (const most of [2, 3]) {
    const at = ticks(domain, most);
    assert.ok(at.length >= 2 && at.length <= most, `${domain}: ${at}`);
    assert.ok(at.every(v => v > domain[0] && v < domain[1]), `${domain}: ${at}`);
  }
});
