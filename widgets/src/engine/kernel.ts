// The kernel engine: questions and answers are traits of the widget's model. Each change made here
// raises `_seq`; an answer older than that is stale and dropped. Changes made in Python leave
// `_seq` as it is, so that their answers are always taken.
import { type Answer, type Engine, type Id, type Label, type Matches, sameIds, type Traits, type View, type Words } from '../types';
import { asIds, asStacks, decodeAnswer, decodeMatches, decodeWords } from './decode';

/** The part of anywidget's model that is used. */
export interface AnyModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown): void;
  on(event: string, callback: (...args: unknown[]) => void): void;
  off(event: string, callback: (...args: unknown[]) => void): void;
}

const WATCHED = ['history', 'now', 'layer', 'head', 'query', 'topn', 'view', '_past', '_future', '_start', '_words', '_matches', '_answer']
  .map(name => `change:${name}`);

const orNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

export class KernelEngine implements Engine {
  #model: AnyModel;
  #listeners = new Set<() => void>();
  #labels = new Map<Id, Label>();
  #answer: Answer | null = null;
  #searched = 0;
  #queued = false;

  constructor(model: AnyModel) {
    this.#model = model;
    this.#read();
    for (const event of WATCHED) model.on(event, this.#changed);
    model.on('msg:custom', this.#received as (...args: unknown[]) => void);
  }

  dispose(): void {
    for (const event of WATCHED) this.#model.off(event, this.#changed);
    this.#model.off('msg:custom', this.#received as (...args: unknown[]) => void);
    this.#listeners.clear();
  }

  traits(): Traits {
    const get = (name: string) => this.#model.get(name);
    return {
      history: asIds(get('history')), now: orNull(get('now')), layer: orNull(get('layer')), head: orNull(get('head')),
      query: orNull(get('query')), topn: orNull(get('topn')) ?? 10, view: (get('view') === 'matrix' ? 'matrix' : 'ribbons') as View,
    };
  }
  words(): Words { return decodeWords(this.#model.get('_words')); }
  past(): Id[][] { return asStacks(this.#model.get('_past')); }
  future(): Id[][] { return asStacks(this.#model.get('_future')); }
  start(): Id[] { return asIds(this.#model.get('_start')); }
  answer(): Answer | null { return this.#answer; }

  waiting(): boolean {
    if (!this.#answer) return true;
    if (this.#answer.seq < this.#seq()) return true;
    return !this.#answer.error && !sameIds(this.#answer.shown.history, asIds(this.#model.get('history')));
  }

  label(id: Id): Label { return this.#labels.get(id) ?? { id, title: String(id), detail: '' }; }

  set({ past, future, ...traits }: Partial<Traits> & { past?: Id[][]; future?: Id[][] }): void {
    for (const [name, value] of Object.entries(traits)) this.#model.set(name, value);
    if (past) this.#model.set('_past', past);
    if (future) this.#model.set('_future', future);
    if (Object.keys(traits).length) this.#model.set('_seq', this.#seq() + 1);
    this.#model.save_changes();
  }

  search(text: string): void {
    this.#searched = Math.max(this.#searched, decodeMatches(this.#model.get('_search')).seq) + 1;
    this.#model.set('_search', { seq: this.#searched, text });
    this.#model.save_changes();
  }

  matches(): Matches | null {
    const matches = decodeMatches(this.#model.get('_matches'));
    return this.#searched > 0 && matches.seq === this.#searched ? matches : null;
  }

  saveFigure(format: 'svg' | 'pdf'): void { this.#model.send({ type: 'figure', format }); }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #seq(): number { return orNull(this.#model.get('_seq')) ?? 0; }

  #read(): void {
    const answer = decodeAnswer(this.#model.get('_answer'));
    if (answer && answer.seq >= this.#seq()) {
      // An error leaves the last picture standing.
      if (answer.error && this.#answer) this.#answer = { ...this.#answer, seq: answer.seq, error: answer.error };
      else this.#answer = answer;
    }
    for (const label of answer?.labels.values() ?? []) this.#labels.set(label.id, label);
    for (const label of decodeMatches(this.#model.get('_matches')).matches) this.#labels.set(label.id, label);
  }

  // One message from Python changes several traits, one event each: answer them together.
  #changed = (): void => {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      this.#read();
      for (const listener of this.#listeners) listener();
    });
  };

  #received = (content: unknown, buffers: unknown): void => {
    const message = content as { type?: string; format?: string; filename?: string } | null;
    const part = Array.isArray(buffers) ? buffers[0] as BlobPart | undefined : undefined;
    if (message?.type !== 'figure' || part === undefined) return;
    const type = message.format === 'pdf' ? 'application/pdf' : 'image/svg+xml';
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([part], { type }));
    link.download = message.filename ?? `history.${message.format ?? 'svg'}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
}
