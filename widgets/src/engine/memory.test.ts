import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Memory } from './memory';
import type { State } from './state';

const state = (history: string[]): State => ({ history, now: history.length, layer: null, head: null, position: history.length, topn: 10, view: 'ribbons', leftOut: new Set() });

test('what is used again stays, what was used longest ago goes', () => {
  const memory = new Memory<number>((a, b) => a.history.join() === b.history.join());
  memory.keep(state(['start']), 0);
  for (let n = 1; n <= 30; n++) {
    memory.keep(state([`${n}`]), n);
    assert.equal(memory.find(state(['start'])), 0);
  }
  assert.equal(memory.find(state(['30'])), 30);
  assert.equal(memory.find(state(['1'])), null);
});

test('a state has one answer, the later one', () => {
  const memory = new Memory<number>(() => true);
  memory.keep(state(['a']), 1);
  memory.keep(state(['b']), 2);
  assert.equal(memory.find(state(['a'])), 2);
});
