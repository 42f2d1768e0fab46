// The kernel's side of the page, with a kernel that answers when it is told to.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Session } from './session';
import { LocalModel } from './store';

type Message = { type: string; id: string; position: number };

/** As the kernel answers: the best is the newest item, and every item has the same attention. */
function answerTo(history: string[], seq: number) {
  const weights = new Float32Array(history.length).fill(1 / history.length);
  return {
    seq, error: null, labels: [],
    shown: { history, now: history.length, layer: 1, head: null, query: history.length, topn: 10, view: 'ribbons' },
    panels: [{ name: 'Newest', layers: 1, heads: 1, row: new DataView(weights.buffer) as unknown, recommendations: [{ id: history.at(-1), rank: 1, score: history.length }] }],
  };
}

/** Time passes only where `wait` says so: what the kernel takes does not depend on the machine. */
function kernel(t: TestContext) {
  let clock = 0;
  t.mock.method(performance, 'now', () => clock);
  const sent: Message[] = [], start = ['a', 'b', 'c'], heard: ((content: unknown, buffers: unknown) => void)[] = [];
  const model = new LocalModel({ history: start, topn: 10, view: 'ribbons', _start: start, _bases: [start], _past: [], _future: [], _setup: {}, _seq: 0, _answer: answerTo(start, 0) }, content => sent.push(content as Message));
  const { on } = model;
  model.on = (event, callback) => { if (event === 'msg:custom') heard.push(callback); on.call(model, event, callback); };
  const session = new Session(model), turn = (ms = 0) => new Promise(resolve => { setTimeout(resolve, ms); });
  return {
    session, model, sent, turn,
    wait: (ms: number) => { clock += ms; },
    /** Takes out the item at a position, as a hand does. */
    remove: (position: number) => {
      const history = session.traits().history as string[];
      session.set({ history: history.toSpliced(position - 1, 1), past: [...session.past(), history], future: [] });
    },
    answer: async (change: object = {}) => {
      const told = answerTo(model.get('history') as string[], model.get('_seq') as number);
      model.set('_answer', { ...told, ...change });
      await turn();
    },
    foretell: async (history: string[]) => {
      const { id } = sent.at(-1)!, answer = answerTo(history, -1), [panel] = answer.panels, row = panel!.row;
      for (const hear of heard) hear({ type: 'foresight', id, answer: { ...answer, panels: [{ ...panel, row: { buffer: 0 } }] } }, [row]);
      await turn();
    },
  };
}
const best = (session: Session) => session.answer()!.panels[0]!.recommendations[0]!.id;

test('what a hand rests on is asked for ahead, once the kernel has shown itself quick', async t => {
  const { session, sent, turn, remove, answer, foretell } = kernel(t);
  session.at(3);
  await turn(50);
  assert.deepEqual(sent, [], 'nothing is known of its pace');
  remove(1);
  await turn();
  assert.ok(session.waiting());
  await answer();
  session.at(2);
  await turn(50);
  assert.deepEqual(sent.map(({ type, position }) => [type, position]), [['foresight', 2]]);
  await foretell(['b']);
  remove(2);
  await turn();
  assert.ok(!session.waiting());
  const shown = session.answer();
  assert.equal(best(session), 'b');
  assert.deepEqual([...shown!.panels[0]!.row!], [1]);
  await answer();
  assert.equal(session.answer(), shown, 'the kernel says the same, and nothing is drawn anew');
  session.set({ history: ['b', 'c'], past: [['a', 'b', 'c']] });
  await turn();
  assert.ok(!session.waiting(), 'it was answered before');
  assert.equal(best(session), 'c');
  session.dispose();
});

test('the kernel has the last word', async t => {
  const { session, turn, remove, answer, foretell } = kernel(t);
  remove(1);
  await turn();
  await answer();
  session.at(1);
  await turn(50);
  await foretell(['c']);
  remove(1);
  await turn();
  assert.equal(best(session), 'c');
  await answer({ panels: [{ name: 'Newest', recommendations: [{ id: 'z', rank: 1, score: 9 }] }] });
  assert.equal(best(session), 'z');
  session.dispose();
});

test('of another history than was asked about nothing is kept; a slow kernel is left alone', async t => {
  const { session, sent, turn, wait, remove, answer, foretell } = kernel(t);
  remove(1);
  await turn();
  await answer();
  session.at(1);
  await turn(50);
  await foretell(['b']); // and not 'c'
  remove(1);
  await turn();
  assert.ok(session.waiting());
  wait(120);
  await answer();
  session.set({ history: ['a', 'c'] });
  await turn();
  wait(120);
  await answer();
  session.at(1);
  await turn(50);
  assert.equal(sent.length, 1);
  session.dispose();
});
