import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { datesOf, Session, takenOut } from './session';
import { LocalModel } from './store';

test('dates stay with their items, and stand where they change', () => {
  const start: [string, string][] = [['a', '3 Nov'], ['b', '3 Nov'], ['c', '4 Nov']];
  assert.deepEqual(datesOf(start, ['a', 'b', 'c']), ['3 Nov', null, '4 Nov']);
  assert.deepEqual(datesOf(start, ['b', 'c']), ['3 Nov', '4 Nov']);
  assert.deepEqual(datesOf(start, ['c', 'a', 'b']), ['4 Nov', '3 Nov', null]);
  assert.deepEqual(datesOf(start, ['a', 'x', 'b', 'c']), ['3 Nov', null, null, '4 Nov']);
  assert.deepEqual(datesOf([], ['a']), [null]);
});

test('taken out is what the history began with and no longer has', () => {
  const start = ['a', 'b', 'c'];
  assert.deepEqual([...takenOut(['a', 'c'], [start], [start], start)], ['b']);
  assert.deepEqual([...takenOut(start, [start, ['a', 'b', 'c', 'x']], [start], start)], [], 'what was added and removed was not there');
});

test('a history set by a script begins anew, and undoing it goes back', () => {
  const start = ['a', 'b'], set = ['c', 'd'], bases = [start, set];
  assert.deepEqual([...takenOut(['c'], [start, set], bases, start)], ['d']);
  assert.deepEqual([...takenOut(['a'], [start], bases, start)], ['b']);
  assert.deepEqual([...takenOut(start, [], bases, start)], []);
});

test('closed with an edit unsaved and nobody to tell, it lets go of the page', async () => {
  const model = new LocalModel({ history: ['a', 'b'], _start: ['a', 'b'], _bases: [['a', 'b']], _setup: { engine: 'page' }, _seq: 0, _answer: {} });
  const disposed = mock.fn(), reply = { seq: 0, error: null, shown: {}, labels: [], panels: [] };
  const page = { dispose: disposed, changed() {}, ask() {}, reply: () => reply, waiting: () => false, present: () => null };
  const session = new Session(model, { kernel: false, page: (async () => page) as never });
  await new Promise(resolve => { setTimeout(resolve); });
  session.set({ history: ['a'] });
  model.save_changes = () => { throw new Error('Syncing error: no comm channel defined'); };
  session.dispose();
  assert.equal(disposed.mock.callCount(), 1);
});

test('a kernel that does not answer is spoken of, until it does', async () => {
  const shown = { history: ['a'], now: 1, layer: 1, head: null, query: 1, topn: 10, view: 'ribbons' };
  const model = new LocalModel({ history: ['a', 'b'], _start: ['a', 'b'], _bases: [['a', 'b']], _setup: {}, _seq: 0, _answer: {} });
  const session = new Session(model, { patience: 10 });
  assert.equal(session.notice(), null, 'nothing was asked yet');
  session.set({ history: ['a'] });
  await new Promise(resolve => { setTimeout(resolve, 30); });
  assert.match(session.notice() ?? '', /Is a kernel running/);
  model.set('_answer', { seq: 1, error: null, shown, labels: [], panels: [] });
  await new Promise(resolve => { setTimeout(resolve); });
  assert.equal(session.notice(), null);
  session.dispose();
});
