import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer, Id, Panel, Scored } from '../types';
import { changeBetween } from './change';
import { asText, tell, tellRanked, tellRow, type Told } from './sentence';

const scored = (ids: Id[]): Scored[] => ids.map((id, i) => ({ id, rank: i + 1, score: 5 - i / 2 }));
function answer(history: Id[], ranked: Id[], row: number[] | null, change: Partial<Answer['shown']> & { panel?: Partial<Panel> } = {}): Answer {
  const { panel, ...shown } = change;
  return {
    seq: 0, error: null, note: null, dates: [], foot: '',
    shown: { history, now: history.length, layer: 2, head: null, query: history.length, topn: 10, view: 'ribbons', ...shown },
    panels: [{ name: 'M', catalogueSize: 9, layers: 2, heads: row ? 4 : 0, normalisation: 'softmax', mapNames: [], row: row && Float32Array.from(row), matrix: null, thumbs: null, thumbSize: 0, recommendations: scored(ranked), heldOut: null, ...panel }],
  };
}
const words = { item: 'film', items: 'films', acted: 'watched' };
const told = (after: Answer, before: Answer | null = null): Told => ({ answer: after, change: changeBetween(before, after), words, label: id => ({ id, title: `T${id}`, detail: '' }), lens: null });
const said = (after: Answer, before: Answer | null = null): string => asText(tell(told(after, before), 18));

const base = answer([1, 2, 3], [7, 8, 9], [.2, .5, .3]);

test('the first answer is told whole', () => {
  assert.equal(said(base), 'Of 3 films, the model looks most at T2, 50%, and T3, 30%. It would recommend T7.');
});

test('one item, one visible, no attention, attention on none', () => {
  assert.equal(said(answer([1], [7], [1])), 'The model sees one film, T1. It would recommend T7.');
  assert.equal(said(answer([1, 2, 3], [7], [.6, .4, 0], { now: 2, query: 2 })), 'Of the first 2 films, the model looks most at T1, 60%, and T2, 40%. It would recommend T7.');
  assert.equal(said(answer([1, 2], [7, 8], null)), 'From 2 films, the model would recommend T7, then T8.');
  assert.equal(said(answer([1, 2], [7], [0, 0])), 'Of 2 films, the model looks at none. It would recommend T7.');
});

test('weights that do not sum to one are not told as shares', () => {
  assert.equal(said(answer([1, 2], [7], [.9, 1.25], { panel: { normalisation: 'none' } })), 'Of 2 films, the model looks most at T2, 1.25, and T1, 0.90. It would recommend T7.');
});

test('removing: who rises, who falls', () => {
  const after = answer([1, 3], [9, 7, 8], [.4, .6]);
  assert.equal(changeBetween(base, after).kind, 'remove');
  assert.equal(said(after, base), 'Without T2, T9 rises from 3 to 1 and T7 falls from 1 to 2.');
});

test('removing without consequence, and with a newcomer first', () => {
  assert.equal(said(answer([1, 3], [7, 8, 9], [.4, .6]), base), 'Without T2, the ranking stays as it is.');
  assert.equal(said(answer([1, 3], [5, 7, 8], [.4, .6]), base), 'Without T2, T5 enters at 1 and T7 falls from 1 to 2.');
});

test('adding, moving and another history', () => {
  assert.equal(said(answer([1, 2, 3, 4], [7, 9, 8], [.1, .2, .3, .4]), base), 'With T4, T7 stays first, T9 rises from 3 to 2 and T8 falls from 2 to 3.');
  assert.equal(said(answer([3, 1, 2], [7, 8, 9], [.1, .2, .7]), base), 'With T3 at 1 instead of 3, the ranking stays as it is.');
  assert.equal(said(answer([2, 3, 1], [7, 8, 9], [.1, .2, .7]), base), 'With T1 at 3 instead of 1, the ranking stays as it is.');
  assert.equal(said(answer([4, 5], [7, 8, 9], [.5, .5]), base), 'With these 2 films, the ranking stays as it is.');
});

test('equal items are told apart by how often they occur', () => {
  const twice = answer([1, 2, 1], [7], [.2, .3, .5]), once = answer([2, 1], [7], [.5, .5]);
  assert.deepEqual(changeBetween(twice, once).items, [1]);
});

test('a scrub is no edit, another head is no scrub', () => {
  assert.equal(changeBetween(base, answer([1, 2, 3], [7, 8, 9], [.5, .5, 0], { now: 2, query: 2 })).kind, 'scrub');
  assert.equal(changeBetween(base, answer([1, 2, 3], [7, 8, 9], [.5, .5, 0], { head: 1 })).kind, 'lens');
  assert.equal(changeBetween(base, answer([1, 2, 3], [7, 8, 9], [.2, .5, .3])).kind, 'none');
});

test('reading from an earlier position', () => {
  assert.equal(said(answer([1, 2, 3], [7], [.7, .3, 0], { query: 2 })), 'Read from T2, film 2 of 3, layer 2 looks most at T1, 70%.');
});

test('a long history is told by its recent part and its heaviest before', () => {
  const n = 40, row = Array.from({ length: n }, (_, i) => (i === 4 ? .22 : .02));
  assert.equal(said(answer(Array.from({ length: n }, (_, i) => i + 1), [70], row)), 'Of 40 films, the last 18 hold 36% of the attention. Further back, T5 alone holds 22%.');
});

test('a row: what it takes, what the query cannot see, what is later than now', () => {
  assert.equal(asText(tellRow(told(base), 2)), 'T2, film 2 of 3, takes 50% of the attention.');
  const early = answer([1, 2, 3], [7], [1, 0, 0], { now: 2, query: 1 });
  assert.equal(asText(tellRow(told(early), 2)), 'T2, film 2 of 3, is later than film 1, which is read from.');
  assert.equal(asText(tellRow(told(early), 3)), 'T3, film 3 of 3, is later than now: the model does not see it.');
  assert.deepEqual(tellRow(told(base), 9), []);
});

test('a recommendation: its rank, score and distance', () => {
  assert.equal(asText(tellRanked(told(base), 0, 8)), 'T8, rank 2, scores 4.50, 0.50 below T7.');
  assert.deepEqual(tellRanked(told(base), 0, 99), []);
});

test('a title of 500 letters is shortened in the sentence', () => {
  const long = { ...told(base), label: (id: Id) => ({ id, title: 'x'.repeat(500), detail: '' }) };
  assert.ok(asText(tell(long, 18)).length < 300);
});
