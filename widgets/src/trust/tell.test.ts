import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asText } from '../model/sentence';
import { tell } from './tell';
import type { Method, Report } from './types';

/** Films F1, F2, ... that weigh this much by one method, with these effects on <b>T9</b>. */
function says(name: string, values: number[] | null, effects: number[], more: Partial<Report> = {}, method: Partial<Method> = {}): string {
  const items = effects.map((_, i) => ({ position: i + 4, id: i, title: `F${i + 1}` }));
  const report = {
    error: null, state: 'ready', words: { item: 'film', items: 'films', acted: 'watched' }, target: { id: 9, title: '<b>T9</b>', score: 1, rank: 1 },
    methods: [{ name, label: name, note: null, signed: false, values, reason: null, ...method }], items, removal: 'drop', effects, negligible: .01, note: '', ...more,
  };
  return asText(tell(report as unknown as Report, name));
}

test('attention weighs as the picker has it, a method by its own name', () => {
  assert.equal(says('attention', [.5, .4, .1], [-1, 2, 0]), '1 of the 2 films weighed above average in fact lowers <b>T9</b>: F1.');
  assert.equal(says('gradient x attention', [5, 4, 1], [-1, 2, 0]), '1 of the 2 films weighed above average by gradient × attention in fact lowers <b>T9</b>: F1.');
});

test('a signed method is wrong only of what it says raises', () => {
  assert.equal(says('LIME', [-9, 8, 0, 7], [-1, 0, 0, 0], {}, { signed: true }), 'Neither of the two films weighed above average by LIME lowers <b>T9</b>.');
});

test('what cannot be told is said', () => {
  assert.equal(says('rollout', null, [1, 2], {}, { reason: 'rollout: toy gives no attention' }), 'rollout: toy gives no attention.');
  assert.equal(says('rollout', [1], [1], { note: 'T8 is in the history and is not recommended; T9 is explained.' }),
    'The model sees one film, F1: there is nothing to weigh it against. T8 is in the history and is not recommended; T9 is explained.');
  assert.equal(says('rollout', [1, 2], [0, 0], { error: 'toy: out of order' }), 'toy: out of order');
  assert.equal(says('rollout', null, [], { state: 'empty' }), 'No history yet: there is nothing to explain.');
  assert.equal(says('rollout', null, [], { state: 'measuring', target: null }), 'Measuring.');
});
