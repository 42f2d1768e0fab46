// The cases of tests/explanations/test_counterfactuals.py.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smallestFlip } from './flip_search';
import type { Keep } from './keep';

const [A, B, C, D, E] = [0, 1, 2, 3, 4];

/** The first leads by so much. Without all of a set it loses what that costs. */
function loses(...costs: [number[], number][]) {
  const asked: Keep[] = [];
  const leads = async (keeps: readonly Keep[]): Promise<number[]> => {
    asked.push(...keeps);
    return keeps.map(keep => 10 - costs.reduce((sum, [gone, cost]) => sum + (gone.every(i => keep[i] === '0') ? cost : 0), 0));
  };
  return { leads, asked };
}

test('one item decides', async () => {
  const { leads, asked } = loses([[B], 11], [[D], 10.5]);
  assert.deepEqual(await smallestFlip(5, leads), { keep: '10111', minimal: true });
  assert.deepEqual(asked.sort(), ['01111', '10111', '11011', '11101', '11110']);
});

test('two are needed', async () => assert.deepEqual(await smallestFlip(5, loses([[B], 6], [[D], 6]).leads), { keep: '10101', minimal: true }));

test('the furthest fall among sets of a size', async () => {
  assert.equal((await smallestFlip(5, loses([[A], 11], [[B], 13], [[C], 12]).leads)).keep, '10111');
});

test('a greedy search may miss what a wider one finds, and proves nothing', async () => {
  const trap = () => loses([[C], 5], [[D], 4], [[E], 3], [[A, B], 12]).leads;
  assert.deepEqual(await smallestFlip(5, trap(), 1), { keep: '11000', minimal: null });
  assert.deepEqual(await smallestFlip(5, trap()), { keep: '00111', minimal: true });
});

test('superfluous members are put back', async () => {
  assert.equal((await smallestFlip(5, loses([[C], 5], [[A, B], 12], [[A], .5]).leads, 1)).keep, '00111');
});

test('none is found', async () => {
  const { leads, asked } = loses();
  assert.deepEqual(await smallestFlip(5, leads), { keep: null, minimal: true });
  assert.equal(new Set(asked).size, 2 ** 5 - 2, 'neither nothing nor everything is removed');
  assert.equal((await smallestFlip(20, leads)).minimal, null, 'not every set was tried');
});

test('of one item none can be removed', async () => {
  const { leads, asked } = loses([[A], 11]);
  assert.deepEqual(await smallestFlip(1, leads), { keep: null, minimal: true });
  assert.deepEqual(asked, []);
});

test('at least one stays, and a tie dethrones nobody', async () => {
  assert.equal((await smallestFlip(2, loses([[A, B], 11]).leads)).keep, null);
  assert.equal((await smallestFlip(3, loses([[A], 10]).leads)).keep, null);
});
