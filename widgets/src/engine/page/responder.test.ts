// The whole engine on the toy model: the worker's side runs here, in the same thread.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Service } from '../../worker/service';
import { CARD, expectedScores, graph, ITEMS, weights, zipped } from '../../worker/toy';
import type { FromWorker, ToWorker } from '../../worker/protocol';
import { Session } from '../session';
import { LocalModel } from '../store';
import { Host, type Port } from './host';
import { pageMaker } from './responder';
import type { Supply } from './supply';

const WASM = zipped(readFileSync(createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm')));
const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];
const INDEX = (id: string) => IDS.indexOf(id) + 1;

/** A worker without a thread. */
function port(): Port {
  const service = new Service(message => setImmediate(() => made.onmessage?.call(null as never, { data: message } as MessageEvent<FromWorker>)), () => new Promise(resolve => setImmediate(resolve)));
  const made: Port = {
    onmessage: null, onerror: null, terminate: () => {},
    postMessage: (message: ToWorker) => service.receive(structuredClone(message)),
  };
  return made;
}

const supply: Supply = {
  runtime: async () => ({ worker: zipped(''), wasm: WASM.slice() }),
  model: async () => ({ card: CARD, weights: weights(), catalogue: zipped(JSON.stringify({ ids: IDS, titles: IDS.map(id => `Film ${id}`), details: [] })) }),
  graph: async (_, kind, length) => graph(kind, length),
};

/** A session that the page answers, on a host of its own. */
async function page(traits: Record<string, unknown> = {}, given = supply, spawn: () => Port = port) {
  const registry = new Map<string, Host>();
  (globalThis as Record<symbol, unknown>)[Symbol.for('attnrec.page')] = registry;
  registry.set('test', new Host(() => registry.delete('test'), spawn, 0));
  const start = (traits.history as string[] | undefined) ?? ['a', 'c', 'b'], setup = {
    engine: 'page', words: {}, sources: [{ name: 'Toy', key: 'toy', limit: 8, catalogue_size: ITEMS }], dates: [], held_out: 'f', filter_seen: true, foot: '', labels: [], examples: [{ id: 'e' }],
  };
  const model = new LocalModel({ history: start, topn: 3, view: 'ribbons', _start: start, _bases: [start], _past: [], _future: [], _seq: 0, _setup: setup, ...traits });
  const session = new Session(model, { kernel: false, page: pageMaker(given) });
  const until = async (what: () => boolean) => {
    for (const end = Date.now() + 8000; !what(); await new Promise(resolve => setTimeout(resolve, 2))) if (Date.now() > end) throw new Error(`waited too long for ${what}`);
  };
  await until(() => !session.waiting() || session.notice() !== null);
  return { session, model, until, registry };
}

/** [id, rank] by scores that are worked out without a graph. */
function ranked(history: string[], leftOut: string[], topn = 3): [string, number][] {
  const scores = expectedScores(history.map(INDEX));
  return IDS.filter(id => !leftOut.includes(id)).sort((a, b) => scores[INDEX(b)]! - scores[INDEX(a)]!).slice(0, topn).map((id, i) => [id, i + 1]);
}
const told = (list: { id: unknown; rank: number }[]) => list.map(({ id, rank }) => [id, rank]);

test('edits, lenses and what is left out', async () => {
  const { session, until } = await page(), panel = () => session.answer()!.panels[0]!;
  assert.deepEqual(told(panel().recommendations), ranked(['a', 'c', 'b'], ['a', 'b', 'c']));
  [...panel().row!].forEach((weight, i) => assert.ok(Math.abs(weight - [1, 3, 2][i]! / 6) < 1e-6));
  session.set({ history: ['a', 'b'], past: [['a', 'c', 'b']] });
  assert.ok(session.waiting());
  await until(() => !session.waiting());
  assert.deepEqual(told(panel().recommendations), ranked(['a', 'b'], ['a', 'b', 'c']), 'what was taken out is not recommended');
  session.set({ allowRemoved: true });
  await until(() => !session.waiting());
  assert.deepEqual(told(panel().recommendations), ranked(['a', 'b'], ['a', 'b']));
  session.set({ query: 1, view: 'matrix' });
  assert.ok(!session.waiting(), 'another view of the same answer needs no worker');
  assert.equal(panel().matrix!.length, 4);
  session.set({ now: 1 });
  await until(() => !session.waiting());
  assert.deepEqual([...panel().row!], [1, 0]);
  session.dispose();
});

test('the latest edit wins', async () => {
  const { session, until } = await page(), seen = new Set<string>();
  session.onChange(() => { if (!session.waiting()) seen.add(session.answer()!.shown.history.join('')); });
  for (const history of [['a'], ['b'], ['c'], ['d']]) session.set({ history });
  await until(() => !session.waiting());
  assert.deepEqual([...seen].filter(history => history !== 'acb'), ['d']);
  session.dispose();
});

test('taking out what the hand rests on is answered before it is asked for, and so is going back', async () => {
  const seen: string[] = [], { session, until } = await page({}, supply, () => {
    const made = port(), post = made.postMessage.bind(made);
    made.postMessage = (message: ToWorker) => {
      if (message.type === 'ask' && message.ask.kind === 'inspect') seen.push(...message.ask.rows.map(row => row.items.join('')));
      post(message, []);
    };
    return made;
  });
  await until(() => session.previews() === 3);
  const rest = (position: number | null) => new Promise(resolve => { session.at(position); setTimeout(resolve, 100); });
  session.at(1);
  await rest(null); // a hand that passes by
  assert.deepEqual(seen, ['132']);
  await rest(2);
  assert.deepEqual(seen, ['132', '12']);
  session.set({ history: ['a', 'b'], past: [['a', 'c', 'b']] });
  assert.ok(!session.waiting());
  assert.deepEqual(told(session.answer()!.panels[0]!.recommendations), ranked(['a', 'b'], ['a', 'b', 'c']));
  session.set({ history: ['a', 'c', 'b'], past: [] });
  assert.ok(!session.waiting());
  assert.deepEqual(told(session.answer()!.panels[0]!.recommendations), ranked(['a', 'c', 'b'], ['a', 'b', 'c']));
  session.set({ history: ['a', 'b'], past: [], allowRemoved: true });
  assert.ok(session.waiting(), 'what is left out of the ranking is part of the question');
  await until(() => !session.waiting());
  assert.deepEqual(told(session.answer()!.panels[0]!.recommendations), ranked(['a', 'b'], ['a', 'b']));
  session.dispose();
});

test('an empty history is answered without a model, an unknown item with a sentence', async () => {
  const { session, until } = await page({ history: [] });
  assert.deepEqual([session.answer()!.panels, session.answer()!.shown.history], [[], []]);
  session.set({ history: ['nobody'] });
  assert.match(session.answer()!.error!, /Toy does not know the item "nobody"/);
  session.set({ history: ['a'] });
  await until(() => !session.waiting());
  assert.equal(session.answer()!.error, null);
  session.dispose();
});

test('a preview is what the answer would be after the removal', async () => {
  const { session, until } = await page(), before = session.answer()!.panels[0]!.recommendations.map(one => one.id);
  session.wish(2);
  await until(() => session.preview(2) !== null);
  await until(() => session.previews() === 3);
  for (const position of [1, 2, 3]) {
    const left = ['a', 'c', 'b'].toSpliced(position - 1, 1), { recommendations, fallen, heldOut } = session.preview(position)!.panels[0]!;
    assert.deepEqual(told(recommendations), ranked(left, ['a', 'b', 'c']));
    const all = ranked(left, ['a', 'b', 'c'], ITEMS), ids = recommendations.map(one => one.id);
    assert.deepEqual(told(fallen), all.filter(([id]) => before.includes(id) && !ids.includes(id)));
    assert.equal(heldOut!.rank, all.find(([id]) => id === 'f')![1]);
  }
  session.set({ history: ['a', 'c'] });
  assert.deepEqual([session.preview(1), session.previews()], [null, 0], 'they belong to a state');
  session.dispose();
});

test('the only item has no preview', async () => {
  const { session, until } = await page({ history: ['a', 'c'], now: 1 });
  await until(() => session.previews() === 2); // without the first, the model would see the second
  session.set({ history: ['a'], now: null });
  await until(() => !session.waiting());
  session.wish(1);
  await new Promise(resolve => setTimeout(resolve, 80));
  assert.equal(session.preview(1), null);
  session.dispose();
});

test('how a weight arises is asked for once', async () => {
  const { session, until } = await page();
  assert.equal(session.weighing(0, 1, 1), null);
  await until(() => session.weighing(0, 1, 1) !== null);
  const { size, first, queries, values } = session.weighing(0, 1, 1)!;
  assert.deepEqual([size, first, queries.length, values.length], [2, 1, 6, 6]);
  assert.equal(session.weighing(0, 1, 5), null, 'a head that there is not');
  session.dispose();
});

test('a history longer than any length is read from its recent end', async () => {
  const history = ['a', 'b', 'c', 'd', 'e', 'f', 'a', 'b', 'c', 'd'], { session } = await page({ history });
  const { row, recommendations } = session.answer()!.panels[0]!;
  assert.deepEqual([...row!.slice(0, 2)], [0, 0]);
  assert.ok(Math.abs(row!.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-6);
  assert.deepEqual(recommendations, [], 'everything was seen');
  session.dispose();
});

test('titles come from the catalogue, searches too', async () => {
  const { session } = await page();
  assert.equal(session.label('d').title, 'Film d');
  session.search('film E');
  assert.deepEqual(session.matches()!.matches.map(one => one.id), ['e']);
  session.search(' ');
  assert.deepEqual(session.matches()!.matches.map(one => one.id), ['e'], 'an empty search offers the examples');
  session.dispose();
});

test('a page that forbids the worker says so; the last widget takes everything along', async () => {
  const forbidden = await page({}, supply, () => { throw new Error('no workers here'); });
  assert.equal(forbidden.session.notice(), 'The page cannot run the model (no workers here).');
  assert.equal(forbidden.registry.size, 0);
  forbidden.session.dispose();
  const { session, registry, until } = await page();
  assert.equal(registry.size, 1);
  session.dispose();
  await until(() => registry.size === 0);
});

test('scripts may inspect any histories of an open model', async () => {
  const { session, registry } = await page(), [host] = registry.values();
  const answers = await host!.inspect('toy', [{ items: Int32Array.of(3, 1), mask: Uint8Array.of(1, 0) }, { items: Int32Array.of(2) }]);
  for (const { row, scores } of answers) scores!.forEach((score, i) => assert.ok(Math.abs(score - expectedScores(row ? [2] : [3])[i]!) < 1e-5));
  await assert.rejects(host!.inspect('other', [{ items: Int32Array.of(1) }]), /not open/);
  session.dispose();
});
