// The widget's traits, typed. Where there is a kernel they are ipywidgets'; a saved page keeps its own.
import type { Id, Label, Lens, Matches, Traits, View, Words } from '../types';
import { asArray, asId, asIds, asNumber, asObject, asStacks, asText, decodeLens, decodeMatches, label } from './decode';

/** The part of anywidget's model that is used. */
export interface AnyModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown): void;
  on(event: string, callback: (...args: unknown[]) => void): void;
  off(event: string, callback: (...args: unknown[]) => void): void;
}

export type Edit = Partial<Traits> & { past?: Id[][]; future?: Id[][] };

/** A model as the page knows it before it is asked anything. */
export interface SourceSetup {
  name: string;
  /** Widgets of one page that show the same model share it by this. */
  key: string;
  /** The longest history it reads; null: any. */
  limit: number | null;
  catalogueSize: number;
}

/** What stays as it is while an explorer lives. */
export interface Setup {
  engine: 'kernel' | 'page';
  notice: string | null;
  words: Words;
  sources: SourceSetup[];
  /** Date by date, the history it began with. */
  dates: [Id, string][];
  heldOut: Id | null;
  filterSeen: boolean;
  foot: string;
  labels: Label[];
  /** What an empty search offers. */
  examples: Label[];
}

const NAMES: Record<keyof Edit, string> = {
  history: 'history', now: 'now', layer: 'layer', head: 'head', query: 'query', topn: 'topn', view: 'view', allowRemoved: 'allow_removed', item: 'item',
  past: '_past', future: '_future',
};
const WATCHED = [...Object.values(NAMES), '_start', '_bases', '_setup', '_matches', '_answer', '_lens'].map(name => `change:${name}`);

const asItem = (value: unknown): Id | null => (typeof value === 'string' || typeof value === 'number' ? value : null);
const orNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

export class Store {
  #listeners = new Set<() => void>();
  #queued = false;
  #held = new Map<string, unknown>(); // changed here, and not told yet
  #decoded = new Map<string, { value: unknown; decoded: unknown }>();

  constructor(readonly model: AnyModel) {
    for (const event of WATCHED) model.on(event, this.#changed);
  }

  dispose(): void {
    for (const event of WATCHED) this.model.off(event, this.#changed);
    this.#listeners.clear();
  }

  /** One message from Python changes several traits, one event each: listeners are told once. */
  onChange(listener: () => void): void { this.#listeners.add(listener); }

  traits(): Traits {
    const get = (name: string) => this.#get(name);
    return {
      history: this.#once('history', asIds), now: orNull(get('now')), layer: orNull(get('layer')), head: orNull(get('head')),
      query: orNull(get('query')), topn: orNull(get('topn')) ?? 10, view: (get('view') === 'matrix' ? 'matrix' : 'ribbons') as View,
      allowRemoved: get('allow_removed') === true, item: asItem(get('item')),
    };
  }
  past(): Id[][] { return this.#once('_past', asStacks); }
  future(): Id[][] { return this.#once('_future', asStacks); }
  start(): Id[] { return this.#once('_start', asIds); }
  bases(): Id[][] { return this.#once('_bases', asStacks); }
  seq(): number { return orNull(this.model.get('_seq')) ?? 0; }
  matches(): Matches { return decodeMatches(this.model.get('_matches')); }

  lens(): Lens | null { return this.#once('_lens', value => decodeLens(value, this.setup().sources[0]?.limit ?? null)); }

  setup(): Setup { return this.#once('_setup', decodeSetup); }

  /** A value is decoded when it is another, not whenever somebody looks. */
  #once<T>(name: string, decode: (value: unknown) => T): T {
    const value = this.#get(name), known = this.#decoded.get(name);
    if (known && known.value === value) return known.decoded as T;
    const decoded = decode(value);
    this.#decoded.set(name, { value, decoded });
    return decoded;
  }

  #get(name: string): unknown { return this.#held.has(name) ? this.#held.get(name) : this.model.get(name); }

  /**
   * Changes what is read here; `release` writes it to the model, and `model.save_changes()` sends it.
   * What is set in the model and not sent would be lost to the echo of something sent before.
   */
  hold(edit: Edit): void {
    for (const [key, value] of Object.entries(edit)) this.#held.set(NAMES[key as keyof Edit], value);
    this.#changed();
  }

  release(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const [name, value] of held) this.model.set(name, value);
  }

  #changed = (): void => {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      for (const listener of this.#listeners) listener();
    });
  };
}

export function decodeSetup(value: unknown): Setup {
  const s = asObject(value), w = asObject(s.words);
  return {
    engine: s.engine === 'page' ? 'page' : 'kernel',
    notice: s.notice ? asText(s.notice) : null,
    words: { item: asText(w.item) || 'item', items: asText(w.items) || 'items', acted: asText(w.acted) || 'chosen' },
    sources: asArray(s.sources).map(asObject).map(one => ({
      name: asText(one.name), key: asText(one.key), limit: orNull(one.limit), catalogueSize: asNumber(one.catalogue_size, 0),
    })),
    dates: asArray(s.dates).map(asArray).map(([id, date]) => [asId(id), asText(date)]),
    heldOut: s.held_out === null || s.held_out === undefined ? null : asId(s.held_out),
    filterSeen: s.filter_seen === true,
    foot: asText(s.foot),
    labels: asArray(s.labels).map(label),
    examples: asArray(s.examples).map(label),
  };
}

/** A model of its own, for a page that has no kernel: nothing is sent anywhere. */
export class LocalModel implements AnyModel {
  #values: Map<string, unknown>;
  #listeners = new Map<string, Set<(...args: unknown[]) => void>>();

  /** `receive`: what is sent goes there. */
  constructor(values: Record<string, unknown>, private receive: (content: unknown) => void = () => {}) { this.#values = new Map(Object.entries(values)); }

  get(name: string): unknown { return this.#values.get(name); }
  set(name: string, value: unknown): void {
    if (Object.is(this.#values.get(name), value)) return;
    this.#values.set(name, value);
    for (const listener of [...this.#listeners.get(`change:${name}`) ?? []]) listener();
  }
  save_changes(): void {}
  send(content: unknown): void { this.receive(content); }
  on(event: string, callback: (...args: unknown[]) => void): void {
    const known = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, known.add(callback));
  }
  off(event: string, callback: (...args: unknown[]) => void): void { this.#listeners.get(event)?.delete(callback); }
}
