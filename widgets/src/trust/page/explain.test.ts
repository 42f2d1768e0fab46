import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Inspected } from '../../engine/page/panel';
import type { Card } from '../../worker/protocol';
import { explain, rollout } from './explain';

const HEADS = [[[1, 0], [.25, .75]], [[1, 0], [.75, .25]]]; // of two layers, for two items

/** Two layers of one head, two items in three columns. */
function inspected(normalisation: 'softmax' | 'gate' = 'softmax'): Inspected {
  const maps = ['one', 'two'].map(name => ({ name, heads: 1, head_size: 2, causal: true, normalisation }));
  const card: Card = { num_items: 9, lengths: [3], maps, weights: [] };
  const attention = HEADS.map(rows => { const square = new Float32Array(9); rows.forEach((row, q) => square.set(row, 3 * (q + 1) + 1)); return square; });
  return new Inspected(card, { row: 0, attention }, 3, 2);
}

const values = (name: string, more: Partial<Parameters<typeof explain>[2]> = {}) => explain(name, name.toUpperCase(), { inspected: inspected(), layer: null, head: null, effects: [3, -1], ...more });

test('what attention gives', () => {
  assert.deepEqual(values('attention'), [.75, .25]);
  assert.deepEqual(values('attention', { layer: 1, head: 1 }), [.25, .75]);
  assert.deepEqual(values('attention', { layer: 7, head: 5 }), [.75, .25], 'the last and the mean, as the explorer shows');
  assert.deepEqual(values('last layer'), [.75, .25]);
  assert.deepEqual(values('raw attention'), [.5, .5]);
});

test('rollout by hand', () => {
  // The last row of each layer, half of it attention: [1/8, 7/8] below, [3/8, 5/8] above; the first row stays.
  const expected = [3 / 8 * 1 + 5 / 8 * 1 / 8, 5 / 8 * 7 / 8];
  assert.deepEqual(values('rollout'), expected);
  assert.deepEqual(rollout([[1]], 1), [1]);
  const gates = inspected('gate');
  assert.equal(values('rollout', { inspected: gates }), 'ROLLOUT: expects weights that sum to one');
  assert.deepEqual(values('attention', { inspected: gates }), [.75, .25]);
});

test('what needs no attention', () => {
  assert.deepEqual(values('recency'), [1 / 2, 1]);
  assert.deepEqual(values('leave-one-out'), [3, -1]);
});

test('what takes more than forward passes needs the kernel', () => {
  for (const name of ['gradient x input', 'integrated gradients', 'LIME', 'constructor']) assert.equal(values(name), `${name.toUpperCase()}: needs the kernel`);
});
