import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asText } from '../model/sentence';
import { between, dethroned, leader, meanLoss, outside, places, rowsFor, spread, standing, tellRace, type Race, type Racer } from './race_model';

const racer = (label: string, scores: number[], ranks = scores.map(() => 1)): Racer => ({
  name: label.toLowerCase(), label, order: scores.map((_, i) => 11 + i), scores, ranks, firsts: scores.map(() => ({ id: 'x', title: 'X' })),
});
const race = (racers: Racer[], low = [4, 2, 1, 0], high = [4, 4, 4, 3]): Race => ({
  seq: 1, target: { id: 'x', title: 'X' }, items: [11, 12, 13, 14].map(position => ({ position, id: position, title: `Item ${position}` })),
  counts: [0, 1, 2, 3], score: 4, racers, band: [low, high], orders: 200, removal: 'drop',
});
const told = (...args: Parameters<typeof race>): string => asText(tellRace(race(...args)));

test('an order says as which item each position goes', () => {
  assert.deepEqual([...places({ ...racer('A', [4, 3, 2]), order: [13, 11, 12] })], [[13, 1], [11, 2], [12, 3]]);
});

test('who is first is dethroned at the first step with another rank, for good or not', () => {
  assert.equal(dethroned(racer('A', [4, 3, 2], [1, 1, 1])), null);
  assert.equal(dethroned(racer('A', [4, 3, 2], [1, 2, 1])), 1);
  assert.equal(dethroned(racer('A', [4, 3, 2], [3, 4, 5])), null, 'never was first');
});

test('how the target stands, told in counts and not in steps', () => {
  const long = { ...race([racer('A', [4, 3, 2, 1], [1, 1, 7, 1])]), counts: [0, 3, 6, 9] }, [a] = long.racers as [Racer];
  assert.deepEqual([0, 1, 2, 3].map(step => standing(long, a, step)), ['still first', 'still first', 'dethroned after 6', 'dethroned after 6, first again']);
  assert.equal(standing(long, racer('A', [4, 3, 2, 1], [3, 8, 9, 9]), 1), 'rank 8, was 3');
});

test('who is first now, and how far the target has fallen', () => {
  const a = { ...racer('A', [4, 3, 2], [1, 9, 1]), firsts: [{ id: 'x', title: 'X' }, { id: 'y', title: 'Y' }, null] };
  assert.deepEqual([0, 1, 2].map(step => leader(a, step)), ['first: X', 'rank 9; first: Y', 'nothing left to go by']);
});

test('the mean loss leaves out the step at which nothing is gone', () => {
  assert.equal(meanLoss(race([]), racer('A', [4, 3, 1, 0])), (1 + 3 + 4) / 3);
  assert.equal(meanLoss(race([]), racer('A', [4])), 0);
});

test('steps at which all orders agree count neither as within the band nor as outside', () => {
  assert.deepEqual(outside(race([], [4, 2, 1, 1], [4, 4, 4, 1]), racer('A', [4, 1.9, 4.5, 1])), { below: 1, above: 1, of: 2 });
});

test('the sentence names who lowers most and whether the lens beats chance', () => {
  const slow = racer('Attention', [4, 3, 3, 2]), fast = racer('Leave-one-out', [4, 1, 0, -1]), random = racer('Random', [4, 4, 2, 1]);
  assert.equal(told([slow, fast, random]), 'Leave-one-out’s order lowers X most, by 4.00 on average. Attention’s order stays within what 95% of random orders do.');
  assert.equal(told([fast, slow, random]), 'Leave-one-out’s order lowers X most, by 4.00 on average, and is faster than 95% of random orders at 3 of 3 steps.');
  assert.equal(told([slow, racer('Other', [4, 4, 4, 3])]), 'Attention’s order lowers X most, by 1.33 on average, yet stays within what 95% of random orders do.');
  assert.equal(told([racer('Attention', [4, 5, 5, 4]), fast]), 'Leave-one-out’s order lowers X most, by 4.00 on average. Attention’s order is slower than 95% of random orders at 3 of 3 steps, and never faster.');
  assert.equal(told([racer('Attention', [4, 1, 5, 3]), fast]), 'Leave-one-out’s order lowers X most, by 4.00 on average. Attention’s order is faster than 95% of random orders at 1 of 3 steps, slower at 1.');
  assert.equal(told([slow, random], [4, 2, 2, 1], [4, 2, 2, 1]), 'The random order drawn here lowers X most, by 1.67 on average.');
  assert.equal(told([racer('Attention', [4, 5, 5, 5]), racer('Random', [4, 5, 5, 6])], [4, 4, 4, 4], [4, 6, 6, 6]), 'No order lowers X on average. Attention’s order stays within what 95% of random orders do.');
  assert.equal(told([racer('Attention', [4, 4, 4, 4]), racer('Random', [4, 4, 4, 4])], [4, 4, 4, 4], [4, 4, 4, 4]), 'No order lowers X on average.');
  assert.equal(told([slow, { ...slow, name: 'same' }]), 'Every order lowers X alike, by 1.33 on average.');
});

test('between two steps a value is between theirs, and at the ends theirs', () => {
  assert.deepEqual([0, .5, 1, 2, 9].map(at => between([1, 3, 7], at)), [1, 2, 3, 7, 7]);
  assert.equal(between([5], .7), 5);
});

test('labels keep their distance, their order and, where there is room, their place', () => {
  assert.deepEqual(spread([10, 50, 90], 14, 0, 100), [10, 50, 90]);
  assert.deepEqual(spread([50, 50, 50], 14, 0, 100), [36, 50, 64]);
  assert.deepEqual(spread([2, 0], 14, 0, 100), [14, 0], 'pushed back in');
  assert.deepEqual(spread([], 14, 0, 100), []);
  for (const wanted of [[5, 6, 20, 21, 95, 99], [80, 3, 80, 81], [40, 41, 60, 61, 50]]) {
    const placed = spread(wanted, 14, 0, 100), sorted = placed.toSorted((a, b) => a - b);
    sorted.slice(1).forEach((v, i) => assert.ok(v - sorted[i]! >= 14 - 1e-9, `${wanted}: ${placed}`));
    assert.ok(sorted[0]! >= -1e-9 && sorted.at(-1)! <= 100 + 1e-9, `${wanted}: ${placed}`);
    for (const i of wanted.keys()) for (const j of wanted.keys()) if (wanted[i]! < wanted[j]!) assert.ok(placed[i]! < placed[j]!);
  }
});

test('any history fits the same height, more or less', () => {
  for (const n of [1, 20, 21, 32, 33, 50, 88, 200]) assert.ok(n * rowsFor(n).height <= 480, String(n));
});
