import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asText } from '../model/sentence';
import { bound, follows, heaviestOf, scoresOf, tellLie, type Lie } from './lie_model';

const ranked = (...scores: number[]) => scores.map((score, i) => ({ id: i, title: `T${i}`, score }));
const lie: Lie = {
  seq: 1, items: [], frames: 3, own: [.5, .5], weights: [[.5, .5], [.3, .7], [.05, .95]], divergence: [0, .1, .412], most: Math.LN2,
  total_variation: [0, .004, .009], epsilon: .01, score_change: [0, .03, .0121], same_top: [true, true, true], ranking: [ranked(3, 2), ranked(3.1, 2), ranked(2.9, 2.1)], maps: ['layer 1'], error: null,
};

test('a bound is rounded up, and one that is exact stays', () => {
  assert.deepEqual([.0121, .02, .020001, 0, 1.999].map(v => bound(v)), ['0.02', '0.02', '0.03', '0.00', '2.00']);
  assert.equal(bound(.0004, 3), '0.001');
});

test('the sentence is of the last frame', () => {
  assert.equal(asText(tellLie(lie)), 'Attention moved by 0.41 of at most 0.69 nats; no score moved by more than 0.02 and the top 2 stayed as it was.');
});

test('it says where attention could hardly be moved, and where the list changed', () => {
  assert.match(asText(tellLie({ ...lie, divergence: [0, .01, .02] })), /^Attention could be moved by only 0\.02 of at most 0\.69 nats; /);
  assert.match(asText(tellLie({ ...lie, same_top: [true, true, false] })), /, but the top 2 did not stay as it was\.$/);
});

test('what follows depends on how far attention moved; both sources are named', () => {
  const words = { item: 'film' }, far = follows(lie, words), near = follows({ ...lie, divergence: [0, .01, .02] }, words);
  assert.match(far[0], /not the only ones/);
  assert.match(near[0], /no very different weights/);
  for (const [yes, no] of [far, near]) { assert.match(yes, /Jain & Wallace/); assert.match(no, /Wiegreffe & Pinter, 2019/); }
});

test('one scale serves every frame', () => {
  const [low, high] = scoresOf(lie);
  assert.ok(low < 2 && high > 3.1);
  assert.equal(heaviestOf(lie), .95);
});
