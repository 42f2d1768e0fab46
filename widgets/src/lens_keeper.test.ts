import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { LensKeeper } from './lens_keeper';
import type { Lens } from './types';

const lens = (history: string[]): Lens => ({ history, name: 'attention', target: { id: 't', title: 'T' }, removal: 'drop', values: null, signed: false, effects: history.map((_, i) => i), negligible: 0, limit: null });
const AB = lens(['a', 'b']);

/** A keeper with a clock of its own; how often a lens was let go, and whether a hand is at work. */
function keeping(run: (keeper: LensKeeper, wait: (ms: number) => void, state: { gone: number; busy: boolean }) => void): void {
  mock.timers.enable({ apis: ['setTimeout'] });
  const state = { gone: 0, busy: false }, keeper = new LensKeeper(() => state.busy, () => { state.gone++; });
  try { run(keeper, ms => mock.timers.tick(ms), state); } finally { keeper.dispose(); mock.timers.reset(); }
}

test('only a lens of the history shown is drawn, and it is the same while nothing changes', () => keeping(keeper => {
  assert.equal(keeper.view(null, ['a'], null), null);
  assert.equal(keeper.view(lens(['x']), ['a', 'b'], null), null);
  const view = keeper.view(AB, ['a', 'b'], null);
  assert.equal(view?.stale, false);
  assert.equal(keeper.view(AB, ['a', 'b'], null), view);
  assert.notEqual(keeper.view(AB, ['a', 'b'], Float32Array.of(1, 0)), view);
  assert.equal(keeper.view(null, ['a', 'b'], null), null);
}));

test('after an edit it stays two seconds, counted from the last', () => keeping((keeper, wait, state) => {
  keeper.view(AB, ['a', 'b'], null);
  assert.equal(keeper.view(AB, ['a'], null)?.stale, true);
  wait(1900);
  assert.equal(keeper.view(AB, ['b'], null)?.stale, true);
  wait(1900);
  assert.equal(state.gone, 0);
  wait(101);
  assert.equal(state.gone, 1);
  assert.equal(keeper.view(AB, ['b'], null), null);
}));

test('the next one in time takes its place', () => keeping((keeper, wait, state) => {
  keeper.view(AB, ['a', 'b'], null);
  keeper.view(AB, ['b'], null);
  wait(500);
  assert.equal(keeper.view(lens(['b']), ['b'], null)?.stale, false);
  wait(5000);
  assert.equal(state.gone, 0);
}));

test('one of a history passed on the way is better than the one before', () => keeping(keeper => {
  keeper.view(AB, ['a', 'b'], null);
  keeper.view(AB, ['a', 'b', 'c'], null);
  assert.deepEqual(keeper.view(lens(['a', 'b', 'c']), ['c', 'd'], null)?.effects, [2, null]);
}));

test('it neither comes nor goes under the hand', () => keeping((keeper, wait, state) => {
  state.busy = true;
  assert.equal(keeper.view(AB, ['a', 'b'], null), null);
  state.busy = false;
  keeper.view(AB, ['a', 'b'], null);
  keeper.view(AB, ['b', 'a'], null);
  state.busy = true;
  wait(2500);
  assert.equal(state.gone, 0);
  state.busy = false;
  wait(2500);
  assert.equal(state.gone, 1);
}));

test('an empty history has none', () => keeping(keeper => {
  keeper.view(AB, ['a', 'b'], null);
  assert.equal(keeper.view(AB, [], null), null);
}));
