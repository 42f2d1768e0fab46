// What all widgets of a page share: one worker with one runtime, and one copy of each model. It lives
// on `globalThis`, since every widget brings its own copy of this code.
import { type Ask, type FromWorker, PRIORITY, type Row, type RowAnswer, type Run, type ToWorker } from '../../worker/protocol';
import { gunzip } from '../../gunzip';
import { Delivery } from './delivery';
import { Holders } from './holders';
import { PageModel } from './model';
import type { Supply } from './supply';

/** Names the worker and the code here that speaks to it; the build says it. */
declare const RUNTIME: string;
const REGISTRY = Symbol.for('attnrec.page');

/** Where no model can run. */
export class Unavailable extends Error {}

export interface Listener {
  /** `done` with the last of them. */
  rows(answers: RowAnswer[], done: boolean): void;
  failed(message: string): void;
}

/** An ask under way. */
export interface Ticket {
  /** This row before the others. */
  first(row: number): void;
  cancel(): void;
}

/** The part of a Worker that is used. */
export type Port = Pick<Worker, 'postMessage' | 'terminate' | 'onmessage' | 'onerror'>;

export class Host {
  #worker: Port | null = null;
  #runtime = new Delivery<void>();
  #models = new Map<string, PageModel>();
  #listeners = new Map<number, Listener>();
  #runs = new Map<number, { resolve(outputs: Record<string, Float32Array>): void; reject(error: Error): void }>();
  #asked = 0;
  #holders: Holders;
  #dead: string | null = null;

  /** `ended` is called once it is of no more use. */
  constructor(private ended: () => void, private spawn: (source: ArrayBuffer) => Port = spawnWorker, private linger?: number) {
    this.#holders = new Holders(() => this.#end('nobody uses it any more'), linger);
  }

  hold(): () => void { return this.#holders.hold(); }

  /**
   * Ready when the runtime has come, from whoever could give it, and started.
   *
   * Throws Unavailable, for this caller and all after it, where the page lets nothing run.
   */
  async start(supply: Supply): Promise<void> {
    this.#check();
    await this.#runtime.get(async () => {
      this.#check();
      const { worker, wasm } = await supply.runtime(), source = await gunzip(worker);
      this.#check();
      if (!this.#worker) await this.#begin(source, wasm.buffer);
    });
    this.#check();
  }

  /** The model that goes by a key, and how to let go of it. */
  model(key: string): { model: PageModel; release: () => void } {
    let model = this.#models.get(key);
    if (!model) {
      model = new PageModel(key, this, () => {
        this.#models.delete(key);
        this.#send({ type: 'close', model: key });
      }, this.linger);
      this.#models.set(key, model);
    }
    return { model, release: model.hold() };
  }

  /** Exactly one of the listener's last rows and its failure comes, unless the ask is cancelled. */
  ask(ask: Ask, listener: Listener): Ticket {
    const id = ++this.#asked;
    if (this.#dead) queueMicrotask(() => listener.failed(this.#dead!));
    else {
      this.#listeners.set(id, listener);
      this.#send({ type: 'ask', id, ask });
    }
    return {
      first: row => { if (this.#listeners.has(id)) this.#send({ type: 'first', id, row }); },
      cancel: () => { if (this.#listeners.delete(id)) this.#send({ type: 'cancel', id }); },
    };
  }

  /** One run of a graph. It may be cancelled: then nothing comes of it. */
  run(run: Run): { outputs: Promise<Record<string, Float32Array>>; cancel(): void } {
    const id = ++this.#asked;
    const outputs = new Promise<Record<string, Float32Array>>((resolve, reject) => {
      if (this.#dead) { reject(new Unavailable(this.#dead)); return; }
      this.#runs.set(id, { resolve, reject });
      this.#send({ type: 'run', id, run });
    });
    return { outputs, cancel: () => { if (this.#runs.delete(id)) this.#send({ type: 'cancel', id }); } };
  }

  /** Scores and attention of any histories of an open model, with masks and interventions: for scripts and tests. */
  inspect(key: string, rows: Row[], length?: number): Promise<RowAnswer[]> {
    const model = this.#models.get(key), longest = Math.max(...rows.map(row => row.items.length));
    const wanted = length ?? model?.lengthFor('inspect', longest);
    if (!wanted) return Promise.reject(new Error(`${key} is not open for a history of ${longest}`));
    return new Promise((resolve, reject) => {
      const all: RowAnswer[] = [], wish = { scores: true, attention: true };
      this.ask({ model: key, kind: 'inspect', length: wanted, rows, wish, priority: PRIORITY.preview }, {
        rows: (answers, done) => { all.push(...answers); if (done) resolve(all); },
        failed: message => reject(new Error(message)),
      });
    });
  }

  post(message: ToWorker, transfer: Transferable[]): void { this.#send(message, transfer); }

  #send(message: ToWorker, transfer: Transferable[] = []): void { this.#worker?.postMessage(message, transfer); }

  #check(): void { if (this.#dead) throw new Unavailable(this.#dead); }

  #begin(source: ArrayBuffer, wasm: ArrayBuffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (message: string) => { this.#end(message); reject(new Unavailable(message)); };
      try {
        this.#worker = this.spawn(source);
      } catch (error) {
        fail(error instanceof Error ? error.message : String(error));
        return;
      }
      this.#worker.onerror = event => fail(event.message || 'its worker was refused');
      this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (data.type === 'started') resolve();
        else if (data.type === 'failed') fail(data.message);
        else this.#received(data);
      };
      this.#send({ type: 'start', wasm }, [wasm]);
    });
  }

  #received(message: Extract<FromWorker, { id: number }>): void {
    const run = this.#runs.get(message.id);
    if (run || message.type === 'ran') {
      this.#runs.delete(message.id);
      if (message.type === 'ran') run?.resolve(message.outputs);
      else if (message.type === 'error') run?.reject(new Error(message.message));
      return;
    }
    const listener = this.#listeners.get(message.id);
    if (message.type === 'error' || message.done) this.#listeners.delete(message.id);
    if (message.type === 'error') listener?.failed(message.message);
    else listener?.rows(message.rows, message.done);
  }

  #end(reason: string): void {
    this.#dead = reason;
    this.#worker?.terminate();
    this.#worker = null;
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const run of this.#runs.values()) run.reject(new Unavailable(reason));
    this.#runs.clear();
    this.#models.clear();
    this.ended();
    for (const listener of listeners) listener.failed(reason);
  }
}

/** The page's host, held by the caller. */
export function hostOfPage(): { host: Host; release: () => void } {
  const hosts = (globalThis as Record<symbol, unknown>)[REGISTRY] ??= new Map<string, Host>();
  const known = hosts as Map<string, Host>;
  let host = known.get(RUNTIME);
  if (!host) {
    const made = new Host(() => { if (known.get(RUNTIME) === made) known.delete(RUNTIME); });
    known.set(RUNTIME, host = made);
  }
  return { host, release: host.hold() };
}

function spawnWorker(source: ArrayBuffer): Port {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(url, { name: 'attnrec' }); // a classic one: see worker/main.ts
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  return worker;
}
