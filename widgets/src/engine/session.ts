// One explorer's engine: the traits, and whoever answers to them. The kernel answers until the
// model in the page is ready, and again where that fails; nobody else need know who it is.
import { download } from '../download';
import { rekey } from '../model/keys';
import { type Answer, type Engine, type Id, type Label, type Lens, type Matches, type Preview, sameIds, type Traits, type Weighing, type Words } from '../types';
import { KernelResponder } from './kernel';
import type { Reply, Responder } from './responder';
import { type AnyModel, type Edit, type Setup, Store } from './store';
import { Wire } from './wire';

/** Makes the responder of the page, or rejects with a sentence for the reader; `tell` is called after each change. */
export type PageMaker = (store: Store, wire: Wire, tell: () => void, failed: (sentence: string) => void) => Promise<Responder>;

// Python learns of an edit that the page answers once that is drawn: a kernel at work sets the whole
// notebook in motion, in whose way the answer would be.
const FOLLOWS = 50; // ms
const PATIENCE = 5_000; // ms that the kernel may take before the reader is told
const SILENT = 'No answer yet. Is a kernel running? Run the cell again to make this explorer live.';

export interface SessionOptions {
  page?: PageMaker;
  /** There is a kernel to ask. */
  kernel?: boolean;
  /** ms after which a kernel that has not answered is spoken of. */
  patience?: number;
  /** Draws the picture where no kernel does. */
  figure?: (format: 'svg' | 'pdf') => void;
}

export class Session implements Engine {
  #store: Store;
  #wire: Wire;
  #kernel: KernelResponder | null;
  #page: Responder | null = null;
  #listeners = new Set<() => void>();
  #labels = new Map<Id, Label>();
  #answer: Answer | null = null;
  #decorated: Reply | null = null;
  #failure: string | null = null; // of the page
  #refusal: string | null = null; // of a picture that was to be saved
  #disposed = false;
  #silent = false;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private model: AnyModel, private options: SessionOptions = {}) {
    this.#store = new Store(model);
    this.#wire = new Wire(model);
    this.#kernel = options.kernel === false ? null : new KernelResponder(this.#store, this.#wire, this.#tell);
    for (const label of this.#store.setup().labels) this.#labels.set(label.id, label);
    this.#store.onChange(() => { this.#responder?.changed(); this.#tell(); });
    model.on('msg:custom', this.#received as (...args: unknown[]) => void);
    if (options.page && this.#store.setup().engine === 'page') void this.#takeOver(options.page);
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#patience);
    try {
      if (this.#timer) this.#save();
    } catch { /* its comm is gone: nobody is left to tell, and all else must still be let go of */ }
    this.#listeners.clear();
    this.model.off('msg:custom', this.#received as (...args: unknown[]) => void);
    this.#page?.dispose();
    this.#kernel?.dispose();
    this.#wire.dispose();
    this.#store.dispose();
  }

  // ---- who answers --------------------------------------------------------------------------

  get #responder(): Responder | null { return this.#page ?? this.#kernel; }

  /** The page answers from its first answer on; until then, the kernel's stands. */
  async #takeOver(make: PageMaker): Promise<void> {
    try {
      const page = await make(this.#store, this.#wire, this.#tell, sentence => this.#giveBack(sentence));
      if (this.#disposed) { page.dispose(); return; }
      if (this.#failure) return;
      this.#page = page;
      if (this.#kernel) { this.model.set('_page', true); this.model.save_changes(); }
      page.changed();
      this.#tell();
    } catch (error) {
      this.#giveBack(error instanceof Error ? error.message : String(error));
    }
  }

  #giveBack(sentence: string): void {
    if (this.#disposed) return;
    this.#failure = sentence;
    this.#page?.dispose();
    this.#page = null;
    if (this.#kernel) {
      this.model.set('_page', false);
      this.#kernel.ask();
      this.#save();
      this.#kernel.changed();
    }
    this.#tell();
  }

  kind(): 'kernel' | 'page' { return this.#page ? 'page' : 'kernel'; }
  notice(): string | null { return this.#refusal ?? (this.#silent && this.waiting() ? SILENT : null) ?? this.#failure ?? this.#store.setup().notice; }

  /** A kernel that is not there says so by saying nothing. */
  #listen(): void {
    clearTimeout(this.#patience);
    this.#silent = false;
    this.#patience = setTimeout(() => { this.#silent = this.waiting(); if (this.#silent) this.#tell(); }, this.options.patience ?? PATIENCE);
  }

  // ---- the state ----------------------------------------------------------------------------

  traits(): Traits { return this.#store.traits(); }
  words(): Words { return this.#store.setup().words; }
  filtersSeen(): boolean { return this.#store.setup().filterSeen; }
  past(): Id[][] { return this.#store.past(); }
  future(): Id[][] { return this.#store.future(); }
  start(): Id[] { return this.#store.start(); }

  set(edit: Edit): void {
    this.#store.hold(edit);
    if (Object.keys(edit).some(name => name !== 'past' && name !== 'future')) this.#responder?.ask();
    if (this.#page) this.#timer ??= setTimeout(this.#save, FOLLOWS);
    else { this.#save(); this.#listen(); }
  }

  #save = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#store.release();
    this.model.save_changes();
  };

  // ---- the answer ---------------------------------------------------------------------------

  answer(): Answer | null {
    const reply = this.#responder?.reply() ?? null;
    if (reply && reply !== this.#decorated) this.#answer = this.#decorate(reply);
    this.#decorated = reply;
    return reply ? this.#answer : null;
  }

  lens(): Lens | null { return this.#store.lens(); }
  waiting(): boolean { return this.#responder?.waiting() ?? true; }

  label(id: Id): Label { return this.#responder?.label(id) ?? this.#labels.get(id) ?? this.#kernel?.label(id) ?? { id, title: String(id), detail: '' }; }

  #decorate(reply: Reply & { seq: number }): Answer {
    const setup = this.#store.setup(), { history } = reply.shown;
    return { ...reply, note: noteOn(setup, reply), dates: datesOf(setup.dates, history), foot: setup.foot };
  }

  // ---- on demand ----------------------------------------------------------------------------

  search(text: string): void { this.#responder?.search(text); }
  matches(): Matches | null { return this.#responder?.matches() ?? null; }
  preview(position: number): Preview | null { return this.waiting() ? null : this.#responder?.preview(position) ?? null; }
  previews(): number { return this.waiting() ? 0 : this.#responder?.previews() ?? 0; }
  wish(position: number | null): void { this.#responder?.wish(position); }
  at(position: number | null): void { if (!this.waiting()) this.#responder?.at(position); }
  weighing(panel: number, layer: number, head: number): Weighing | null { return this.#responder?.weighing(panel, layer, head) ?? null; }

  saveFigure(format: 'svg' | 'pdf'): void {
    this.#refusal = null;
    if (this.#timer) this.#save();
    if (this.#kernel) this.model.send({ type: 'figure', format });
    else this.options.figure?.(format);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell = (): void => { for (const listener of this.#listeners) listener(); };

  #received = (content: unknown, buffers: unknown): void => {
    const message = content as { type?: string; format?: string; filename?: string; error?: string } | null;
    if (message?.type !== 'figure') return;
    const part = Array.isArray(buffers) ? buffers[0] as BlobPart | undefined : undefined;
    if (part === undefined) {
      if (message.error) { this.#refusal = message.error; this.#tell(); }
      return;
    }
    const type = message.format === 'pdf' ? 'application/pdf' : 'image/svg+xml';
    download(new Blob([part], { type }), message.filename ?? `history.${message.format ?? 'svg'}`);
  };
}

/** The dates of the start, which stay with their items; each is told where it differs from the one above. */
export function datesOf(start: readonly [Id, string][], history: readonly Id[]): (string | null)[] {
  if (!start.length) return history.map(() => null);
  const places = rekey(start.map(([id]) => id), start.map((_, i) => String(i)), history);
  let last: string | null = null;
  return places.map(place => {
    const date = start[Number(place)]?.[1] ?? null, told = date !== last ? date : null;
    last = date ?? last;
    return told;
  });
}

function noteOn({ sources, words }: Setup, { shown }: Reply): string | null {
  const short = sources.find(source => source.limit !== null && source.limit < shown.now);
  return short ? `${short.name} reads the last ${short.limit} of ${shown.now} ${words.items}.` : null;
}

/** Items of the history it began with, or that a script set last, which a hand took out. */
export function takenOut(history: readonly Id[], past: readonly Id[][], bases: readonly Id[][], start: readonly Id[]): Set<Id> {
  const base = [...past, history].findLast(one => bases.some(other => sameIds(one, other))) ?? start;
  const here = new Set(history);
  return new Set(base.filter(id => !here.has(id)));
}
