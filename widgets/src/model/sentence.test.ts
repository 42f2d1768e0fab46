import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lens } from '../types';
import { lensView } from './lens';
import { asText, tell, tellRow, type Told } from './sentence';

/** Twenty films, of which the last three are in sight; the model looks at the fifth and at the last. */
function told(back: number): Told {
  const n = 20, row = new Float32Array(n);
  row[4] = back;
  row[n - 1] = 1 - back;
  const history = Array.from({ length: n }, (_, i) => `m${i + 1}`);
  const panel = { row, normalisation: 'softmax', recommendations: [{ id: 'm30', rank: 1, score: 2 }], layers: 1, heads: 1 };
  return {
    answer: { shown: { history, now: n, query: n, view: 'ribbons', layer: 1, head: 1 }, panels: [panel] },
    change: { kind: 'none', moves: [] }, words: { item: 'film', items: 'films', acted: 'watched' },
    label: (id: string) => ({ id, title: String(id).toUpperCase(), detail: '' }),
  } as unknown as Told;
}

test('of what is further back, only an item with more than its even share is told of', () => {
  assert.equal(asText(tell(told(.25), 3)), 'Of 20 films, the last 3 hold 75% of the attention. Further back, M5 alone holds 25%.');
  assert.match(asText(tell(told(.01), 3)), /^Of 20 films, the last 3 hold 99% of the attention\. It would recommend M30\.$/);
});

/** Films of these weights and effects on T9, seen through a lens; `values`: a method's in place of attention. */
function through(weights: number[], effects: number[], more: Partial<Lens> = {}): Told {
  const history = weights.map((_, i) => i + 1), panel = { row: Float32Array.from(weights), normalisation: 'softmax', recommendations: [{ id: 9, rank: 1, score: 2 }], layers: 1, heads: 1 };
  const lens: Lens = { history, name: 'rollout', target: { id: 9, title: 'T9' }, removal: 'drop', values: null, signed: false, effects, negligible: .01, limit: null, ...more };
  return {
    answer: { shown: { history, now: history.length, query: history.length, view: 'ribbons', layer: 1, head: 1 }, panels: [panel] },
    change: { kind: 'first', moves: [] }, words: { item: 'film', items: 'films', acted: 'watched' },
    label: (id: number) => ({ id, title: `T${id}`, detail: '' }), lens: lensView(lens, history, panel.row),
  } as unknown as Told;
}
const says = (...given: Parameters<typeof through>): string => asText(tell(through(...given), 18));

test('a lens tells how much of what weighs most speaks against the target', () => {
  const weights = [.3, .3, .3, .05, .05];
  assert.equal(says(weights, [-.1, -.2, .1, 0, 0]), '2 of the 3 films weighed above average in fact lower T9; T2 lowers it most.');
  assert.equal(says(weights, [.1, -.2, .1, -9, 0]), '1 of the 3 films weighed above average in fact lowers T9: T2.');
  assert.equal(says(weights, [-.3, -.2, -.1, 0, 0]), 'All 3 films weighed above average in fact lower T9; T1 lowers it most.');
  assert.equal(says(weights, [.1, .2, .1, -9, 9]), 'None of the 3 films weighed above average lowers T9; T2 raises it most.');
  assert.equal(says(weights, [0, .005, 0, 1, 1]), 'None of the 3 films weighed above average lowers T9.');
});

test('with one or two above average it speaks of one or two', () => {
  assert.equal(says([.45, .45, .1], [-.1, -.2, 0]), 'Both films weighed above average in fact lower T9; T2 lowers it most.');
  assert.equal(says([.45, .45, .1], [.1, .2, 0]), 'Neither of the two films weighed above average lowers T9; T2 raises it most.');
  assert.equal(says([.9, .1], [-.1, 0]), 'The one film weighed above average, T1, in fact lowers T9.');
  assert.equal(says([.9, .1], [.1, 0]), 'The one film weighed above average, T1, raises T9.');
  assert.equal(says([.9, .1], [0, 1]), 'The one film weighed above average, T1, hardly moves T9.');
  assert.equal(says([.5, .5], [.1, .2]), 'No film is weighed above average; T2 raises T9 most.');
  assert.equal(says([.5, .5], [0, 0]), 'No film is weighed above average.');
  assert.equal(says([1], [.4]), 'The model sees one film, T1: there is nothing to weigh it against.');
});

test('a method weighs by its own name', () => {
  assert.equal(says([.9, .05, .05], [-.1, .2, 0], { values: [3, 2, 0] }), '1 of the 2 films weighed above average by rollout in fact lowers T9: T1.');
});

test('of two models it is the first', () => {
  const told = through([.9, .1], [-.1, 0]), [panel] = told.answer.panels;
  assert.equal(asText(tell({ ...told, answer: { ...told.answer, panels: [{ ...panel!, name: 'SASRec' }, panel!] } }, 18)), 'SASRec: The one film weighed above average, T1, in fact lowers T9.');
});

test('an edit is told before the lens, and a row with what it does', () => {
  const told = through([.9, .1], [-.25, .005]);
  assert.match(asText(tell({ ...told, change: { kind: 'remove', items: [5], positions: null, moves: [new Map()] } }, 18)), /^Without T5, /);
  assert.equal(asText(tellRow(told, 1)), 'T1, film 1 of 2, takes 90% of the attention and lowers T9 by 0.25.');
  assert.equal(asText(tellRow(told, 2)), 'T2, film 2 of 2, takes 10% of the attention and hardly moves T9.');
  assert.equal(asText(tellRow(through([.9, .1], [-.25, .5], { values: [1, 3] }), 2)), 'T2, film 2 of 2, weighs 75% by rollout and raises T9 by 0.50.');
});
