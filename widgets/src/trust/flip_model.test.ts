import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asText } from '../model/sentence';
import { tellFlip } from './flip_model';
import type { Flip } from './types';

const words = { item: 'film', items: 'films', acted: 'watched' };
const flip: Flip = {
  seq: 1, error: null, found: true, removed: [2, 4], of: 5, titles: ['A', 'B'], before: { id: 'y', title: 'Y' }, after: { id: 'x', title: 'X' },
  minimal: true, asked: 9, removal: 'drop', played: false,
};
const told = (change: Partial<Flip>): string => asText(tellFlip({ ...flip, ...change }, words));

test('what would have to be gone', () => {
  assert.equal(told({}), 'Without A and B (2 of 5 films), X would come first instead of Y; no smaller removal does it.');
  assert.equal(told({ minimal: null, removed: [1], titles: ['A'] }), 'Without A (1 of 5 films), X would come first instead of Y; whether fewer would do was not proved.');
  assert.equal(told({ removed: [1, 2, 3, 4], titles: ['A', 'B', 'C', 'D'] }).slice(0, 31), 'Without 4 films (4 of 5 films),');
  assert.equal(told({ played: true }), 'With A and B gone (2 of 5 films), X comes first instead of Y; no smaller removal does it.');
});

test('where nothing does it', () => {
  assert.equal(told({ found: false, removed: [], titles: [], minimal: true }), 'No removal changes what comes first: Y.');
  assert.equal(told({ found: false, removed: [], titles: [], minimal: null }), 'No removal that was tried changes what comes first: Y.');
  assert.equal(told({ found: false, removed: [], titles: [], minimal: true, of: 1 }), 'Of one film none can be removed.');
  assert.equal(told({ error: 'The model is out.' }), 'The model is out.');
});
