// For tests: a saved page whose model adds up what the items of a history are worth, as the one of
// tests/explanations/test_faithfulness.py.
import { Catalogue } from '../../engine/page/catalogue';
import type { Listener, Ticket } from '../../engine/page/host';
import type { PageModel } from '../../engine/page/model';
import { Inspected } from '../../engine/page/panel';
import type { PageResponder, Present } from '../../engine/page/responder';
import { Source } from '../../engine/page/source';
import type { State } from '../../engine/state';
import type { Supply } from '../../engine/page/supply';
import type { Session } from '../../engine/session';
import { type Edit, LocalModel } from '../../engine/store';
import type { Id, Traits } from '../../types';
import type { Card, Kind, Row, Wish } from '../../worker/protocol';
import { rank } from '../../worker/rank';
import type { Metric, Report } from '../types';
import type { Beside } from './link';
import type { Told } from './told';

const WORTH = [0, 5, -2, 1, 0]; // of the items a, b, c and d to the item e
const RIVALS = [4.5, .5]; // what f and g get, whatever the history
export const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
export const TARGET = { id: 'e', title: 'Item e' };
export const LIMIT = 4;

const card: Card = { num_items: IDS.length, lengths: [LIMIT], maps: [{ name: 'block', heads: 1, head_size: 1, causal: true, normalisation: 'softmax' }], weights: [] };

export function scores({ items, mask }: Row): Float32Array {
  const worth = items.reduce((sum, item, i) => sum + (mask?.[i] === 0 ? 0 : WORTH[item] ?? 0), 0);
  return Float32Array.of(-Infinity, -100, -100, -100, -100, worth, ...RIVALS);
}

/** What was asked of the worker. */
export interface Asked { kind: Kind; rows: Row[]; wish: Wish; priority: number; cancelled: boolean }

/** The model in the page; an ask is answered on a later turn, in two parts. */
export function toySource(broken: () => string | null = () => null): { source: Source; asked: Asked[] } {
  const asked: Asked[] = [], catalogue = new Catalogue(IDS, IDS.map(id => `Item ${id}`), []);
  const ask = (kind: Kind, _length: number, rows: Row[], wish: Wish, priority: number, listener: Listener): Ticket => {
    const one = { kind, rows, wish, priority, cancelled: false };
    asked.push(one);
    const answers = rows.map((row, i) => ({ row: i, ...broken() === null ? { ranking: rank(scores(row), row.leftOut, wish.ranking!) } : { error: broken()! } })), half = rows.length >> 1;
    setImmediate(() => { if (!one.cancelled && half) listener.rows(answers.slice(0, half), false); });
    setImmediate(() => setImmediate(() => { if (!one.cancelled) listener.rows(answers.slice(half), true); }));
    return { first: () => {}, cancel: () => { one.cancelled = true; } };
  };
  const model = { card, catalogue, limit: LIMIT, bestLength: () => LIMIT, lengthFor: () => LIMIT, ask };
  return { source: new Source('Additive', 0, model as unknown as PageModel, {} as Supply, null), asked };
}

/** What the model answers to a state; each position looks at itself most. */
export function presentOf(source: Source, state: State): Present {
  const row = source.row(state), read = row.items.length, attention = new Float32Array(LIMIT ** 2), first = LIMIT - read;
  for (let q = 0; q < read; q++) for (let k = 0; k <= q; k++) attention[(first + q) * LIMIT + first + k] = (k + 1) / ((q + 1) * (q + 2) / 2);
  return { source, state, inspected: new Inspected(card, { row: 0, attention: [attention], ranking: rank(scores(row), row.leftOut, source.ranking(state.topn)) }, LIMIT, read) };
}

export const stateOf = (history: readonly Id[], now = history.length): State =>
  ({ history, now, layer: null, head: null, position: now, topn: 3, view: 'ribbons', leftOut: new Set(history.slice(0, now)) });

/** An explorer that answers at once, unless it is told to wait. */
export function toyExplorer(history: Id[], broken?: () => string | null) {
  const { source, asked } = toySource(broken), listeners = new Set<() => void>(), model = new LocalModel({ _lens: {} });
  let traits: Traits = { history, now: null, layer: null, head: null, query: null, topn: 3, view: 'ribbons', allowRemoved: false }, past: Id[][] = [], future: Id[][] = [], waiting = false, kind = 'page';
  const tell = () => { for (const listener of listeners) listener(); };
  const session = {
    traits: () => traits, past: () => past, future: () => future, waiting: () => waiting, answer: () => ({ error: null }), kind: () => kind, notice: () => (kind === 'page' ? null : 'Additive stopped answering.'),
    set(edit: Edit) { ({ past = past, future = future } = edit); traits = { ...traits, ...edit }; tell(); },
    onChange(listener: () => void) { listeners.add(listener); return () => listeners.delete(listener); },
  };
  const present = () => (waiting || kind !== 'page' || !traits.history.length ? null : presentOf(source, stateOf(traits.history, traits.now ?? traits.history.length)));
  const wait = (on: boolean) => { waiting = on; tell(); }, end = () => { kind = 'kernel'; tell(); };
  return { beside: { model, session: session as unknown as Session, page: { present } as PageResponder } satisfies Beside, session, model, asked, wait, end };
}

const METRICS: Metric[] = ['comprehensiveness@{k}', 'deletion', 'sufficiency@{k}', 'Kendall', 'polarity violations@{k}']
  .map(name => ({ name, label: name, says: '{k} of them', better: 'more' }));

/** What Python would have saved; the numbers tell that they are its own. */
export function toldOf(history: Id[], more: Partial<Told> = {}): Told {
  const items = history.map((id, i) => ({ position: i + 1, id, title: `Item ${id}` })), n = items.length;
  const methods = ['attention', 'gradient', 'leave-one-out'].map(name => ({ name, label: name, note: null, signed: name !== 'attention', values: items.map((_, i) => i + 100), reason: null }));
  const report: Omit<Report, 'seq'> = {
    state: 'ready', error: null, words: { item: 'item', items: 'items', acted: 'taken' }, target: { ...TARGET, score: 4, rank: 2 }, choices: [], items, unread: 0, k: 2, removal: 'drop', orders: 200, seed: 0,
    methods, metrics: METRICS, rows: ['attention', 'gradient', 'leave-one-out', 'uniform', 'random'], values: Array.from({ length: 5 }, () => METRICS.map(() => 7)), cells: {},
    band: [METRICS.map(() => 0), METRICS.map(() => 1)], effects: new Array<number>(n).fill(1), negligible: 0, note: '', foot: 'Python',
  };
  return {
    traits: { lens: 'attention', removal: 'drop', target: TARGET.id, tab: 'measures' }, report, races: {}, played: null,
    anew: { k: 2, orders: 20, seed: 0, masks: true, metrics: METRICS, lacks: {}, removals: { drop: 'by dropping', mask: 'by masking' }, provenance: ['Additive'] },
    ...more,
  };
}
