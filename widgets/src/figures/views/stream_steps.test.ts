import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apart, band, domain, inOrder, inTime, meansOf, rounded, stepOf } from './stream_steps';

test('steps in order hold equally many events, but for the last', () => {
  const { edges, at, reach } = inOrder(7, 3);
  assert.deepEqual(edges, [0, 3, 6, 7]);
  assert.deepEqual(reach, [[0, 3 / 7], [3 / 7, 6 / 7], [6 / 7, 1]]);
  assert.deepEqual(at.map(x => (7 * x).toFixed(6)), ['1.500000', '4.500000', '6.500000']);
  assert.deepEqual(inOrder(1, 100), { edges: [0, 1], at: [.5], reach: [[0, 1]] });
  assert.deepEqual(edges.slice(0, -1).map(e => stepOf(edges, e)), [0, 1, 2]);
  assert.deepEqual([2, 5].map(e => stepOf(edges, e)), [0, 1]);
});

test('events that lie close together in time are one step', () => {
  const { edges, at, reach } = inTime(new Float32Array([0, 1, 50, 100, 100]), .05);
  assert.deepEqual(edges, [0, 2, 3, 5]);
  assert.deepEqual(at.map(x => x.toFixed(3)), ['0.005', '0.500', '1.000']);
  assert.equal(reach[0]![0], 0);
  assert.equal(reach[2]![1], 1);
  assert.equal(reach[0]![1], reach[1]![0]);
  assert.deepEqual(inTime(new Float32Array([0, 0, 0]), .05).edges, [0, 3]); // all at one time
});

test('a step is the mean of its events', () => {
  const weights = { shape: [3, 2], data: new Float32Array([0, 1, 1, 0, .5, .5]) };
  assert.deepEqual([...meansOf(weights, [0, 2, 3])], [.5, .5, .5, .5]);
  assert.deepEqual([...meansOf(weights, [0, 1, 2, 3])], [0, 1, .5, 1, 0, .5]);
});

test('bands begin at zero, lines near the least', () => {
  const means = new Float32Array([.25, .5, .5, .5]); // two fields, two steps
  assert.deepEqual(domain(means, 2, true), [0, 1]);
  assert.deepEqual(domain(means, 2, false).map(v => v.toFixed(2)), ['0.24', '0.51']);
  const [low, high] = domain(new Float32Array([.2, .2]), 1, false); // no difference looks like none
  assert.ok(low < .181 && high > .2 && high < .21);
  assert.deepEqual(rounded([0, 1]).map(v => v.toFixed(1)), ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']);
});

test('names keep apart, near where they want to be, and within', () => {
  assert.deepEqual(apart([10, 50, 90], 16, 100), [10, 50, 90]);
  assert.deepEqual(apart([48, 50, 52], 16, 100), [34, 50, 66]);
  assert.deepEqual(apart([0, 0, 0], 16, 100), [0, 16, 32]);
  assert.deepEqual(apart([99, 100], 16, 100), [84, 100]);
});

test('a band passes through its points and is level there', () => {
  assert.equal(band([1, 3], [5, 7], [9, 9], 0, 4), 'M0.00,5.00H1.00C2.00,5.00 2.00,7.00 3.00,7.00H4.00V9.00H3.00C2.00,9.00 2.00,9.00 1.00,9.00H0.00Z');
  assert.equal(band([2], [5], [9], 0, 4), 'M0.00,5.00H2.00H4.00V9.00H2.00H0.00Z');
});
