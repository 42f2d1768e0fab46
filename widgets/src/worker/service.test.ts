import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { type Ask, type FromWorker, PRIORITY, type Row, type RowAnswer, type Wish } from './protocol';
import { Service } from './service';
import { CARD, expectedScores, graph, ITEMS, TABLE, weights, zipped } from './toy';

const WASM = zipped(readFileSync(createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm')));
type Answered = Extract<FromWorker, { id: number }>;

/** A service with the toy open, as the page would speak to it. */
function toyService() {
  const messages: FromWorker[] = [], waiting: (() => void)[] = [];
  const service = new Service(message => { messages.push(message); for (const wake of waiting.splice(0)) wake(); }, () => new Promise(resolve => setImmediate(resolve)));
  let id = 0;
  const seen = async (found: (message: FromWorker) => boolean): Promise<FromWorker> => {
    for (;;) {
      const message = messages.find(found);
      if (message) return message;
      await new Promise<void>(resolve => waiting.push(resolve));
    }
  };
  service.receive({ type: 'start', wasm: WASM.slice().buffer });
  service.receive({ type: 'open', model: 'toy', card: CARD, weights: weights().buffer });
  for (const length of CARD.lengths) for (const kind of ['scores', 'inspect'] as const) service.receive({ type: 'graph', model: 'toy', kind, length, graph: graph(kind, length).buffer });
  const send = (rows: Row[], wish: Wish, more: Partial<Ask> = {}): number => {
    service.receive({ type: 'ask', id: ++id, ask: { model: 'toy', kind: 'inspect', length: 4, rows, wish, priority: PRIORITY.edit, ...more } });
    return id;
  };
  const answers = async (ask: number): Promise<RowAnswer[]> => {
    await seen(m => 'id' in m && m.id === ask && (m.type !== 'rows' || m.done));
    return messages.flatMap(m => {
      if (!('id' in m) || m.id !== ask) return [];
      if (m.type === 'error') throw new Error(m.message);
      return m.type === 'rows' ? m.rows : [];
    });
  };
  return { service, messages, seen, send, answers };
}

const row = (...items: number[]): Row => ({ items: Int32Array.from(items) });
const close = (found: ArrayLike<number>, expected: number[]) => {
  assert.equal(found.length, expected.length);
  expected.forEach((x, i) => assert.ok(Math.abs(found[i]! - x) < 1e-5, `entry ${i}: ${found[i]} is not ${x}`));
};

test('scores and attention are those of the model, in every length', async () => {
  const { send, answers } = toyService();
  for (const length of CARD.lengths) {
    const [answer] = await answers(send([row(3, 1)], { scores: true, attention: true }, { length }));
    close(answer!.scores!, expectedScores([3, 1]));
    close(answer!.attention![0]!.slice(-length), [...new Array<number>(length - 2).fill(0), 3 / 4, 1 / 4]);
  }
});

test('masks, given weights and equal weights, row by row', async () => {
  const { send, answers } = toyService(), given = new Float32Array(16).fill(0);
  given.set([1, 0], 14); // the newest looks at the one before it
  const items = Int32Array.of(3, 1);
  const rows: Row[] = [{ items }, { items, mask: Uint8Array.of(1, 0) }, { items, attention: { block: given } }, { items, attention: { block: 'uniform' } }];
  const all = (await answers(send(rows, { scores: true, attention: true }))).sort((a, b) => a.row - b.row);
  assert.deepEqual(all.map(one => one.row), [0, 1, 2, 3]);
  const last = all.map(one => Array.from(one.attention![0]!.slice(8, 16)));
  close(last[0]!, [0, 0, .75, .25, 0, 0, .75, .25]);
  close(last[1]!, [0, 0, 1, 0, 0, 0, 0, 0]);
  close(last[2]!, [0, 0, 0, 0, 0, 0, 1, 0]);
  close(last[3]!, [0, 0, .5, .5, 0, 0, .5, .5]);
  close(all[1]!.scores!, expectedScores([3]));
  const dot = (item: number) => TABLE[6]! * TABLE[2 * item]! + TABLE[7]! * TABLE[2 * item + 1]!;
  close(all[2]!.scores!, Array.from({ length: ITEMS + 1 }, (_, item) => dot(item)));
});

test('only what is wished for comes back', async () => {
  const { send, answers } = toyService();
  const [ranked] = await answers(send([{ ...row(2, 5), leftOut: Int32Array.of(2, 5) }], { ranking: { topn: 2, present: new Int32Array(0), heldOut: 5 } }, { kind: 'scores' }));
  assert.deepEqual(Object.keys(ranked!).sort(), ['ranking', 'row']);
  const scores = expectedScores([2, 5]), order = [1, 3, 4, 6].sort((a, b) => scores[b]! - scores[a]!);
  assert.deepEqual([...ranked!.ranking!.best.index], order.slice(0, 2));
  const [projected] = await answers(send([row(2, 5)], { projections: 'block' }));
  assert.deepEqual(Object.keys(projected!).sort(), ['projections', 'row']);
  close(projected!.projections!.value.slice(-2), [TABLE[10]!, TABLE[11]!]);
});

test('an edit goes before the previews that are under way, which go on after it', async () => {
  const { send, answers, messages } = toyService(), empty = new Int32Array(0), wish = { ranking: { topn: 1, present: empty, heldOut: 0 } };
  await answers(send([row(1)], wish, { kind: 'scores' }));
  const previews = send(Array.from({ length: 300 }, () => row(1, 2)), wish, { kind: 'scores', priority: PRIORITY.preview });
  const edit = send([row(3)], wish, { kind: 'scores' });
  assert.equal((await answers(previews)).length, 300);
  const order = messages.filter((m): m is Answered => 'id' in m).map(m => m.id);
  assert.ok(order.filter(id => id === previews).length > 3, 'in chunks');
  assert.ok(order.indexOf(edit) <= order.indexOf(previews) + 1, 'the edit waited for one chunk at most');
});

test('a cancelled ask ends between two chunks', async () => {
  const { service, send, answers, seen, messages } = toyService(), wish = { scores: true };
  const long = send(Array.from({ length: 500 }, () => row(1, 2)), wish, { priority: PRIORITY.preview });
  await seen(m => 'id' in m && m.id === long);
  service.receive({ type: 'cancel', id: long });
  await answers(send([row(1)], wish));
  const count = messages.filter(m => 'id' in m && m.id === long).length;
  await new Promise(resolve => setTimeout(resolve, 20));
  assert.equal(messages.filter(m => 'id' in m && m.id === long).length, count);
  assert.ok(!messages.some(m => m.type === 'rows' && m.id === long && m.done));
});

test('what cannot be run is told, and the next ask is answered', async () => {
  const { service, send, answers } = toyService();
  await assert.rejects(answers(send([row(1)], { scores: true }, { length: 16 })), /no graph for inspect of 16/);
  await assert.rejects(answers(send([row(1)], { scores: true }, { model: 'other' })), /closed/);
  await assert.rejects(answers(send([row(1, 2, 3, 4, 5)], { scores: true })), /4 columns cannot hold a history of 5/);
  close((await answers(send([row(1)], { scores: true })))[0]!.scores!, expectedScores([1]));
  service.receive({ type: 'close', model: 'toy' });
  await assert.rejects(answers(send([row(1)], { scores: true })), /closed/);
});

test('scores that are not numbers are no ranking', async () => {
  const { send, answers } = toyService(); // without an item, the shares are 0 / 0
  const [answer] = await answers(send([row()], { ranking: { topn: 3, present: new Int32Array(0), heldOut: 0 } }));
  assert.equal(answer!.error, 'gave scores that are not numbers');
});

test('memory stays flat over thousands of runs', async () => {
  const { send, answers } = toyService(), wish = { scores: true, attention: true };
  const runs = async (count: number) => { for (let i = 0; i < count; i++) await answers(send([row(1, 2, 3)], wish, { length: 8 })); };
  await runs(1000);
  const before = process.memoryUsage();
  await runs(3000);
  const after = process.memoryUsage();
  // The runtime's memory lies outside the heap; a leak of one output a run would be 3 MB.
  assert.ok(after.external - before.external < 2e6, `external memory grew by ${after.external - before.external} bytes`);
});
