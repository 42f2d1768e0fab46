// The worker's side of the protocol: models come in, asks are queued, chunks of them are run. Between
// two chunks the event loop turns once, so that a new edit or a cancellation is seen.
import { env } from 'onnxruntime-web/wasm';
import { gunzip } from '../gunzip';
import { Model } from './model';
import { Pace } from './pace';
import type { Ask, FromWorker, RowAnswer, Run, ToWorker } from './protocol';
import { Queue } from './queue';

export class Service {
  #models = new Map<string, Model>();
  #queue = new Queue<Ask | Run>();
  #pace = new Pace();
  #working = false;
  #started: Promise<void> | null = null;

  /** `turn` resolves after messages that have come in were received. */
  constructor(private post: (message: FromWorker, transfer: Transferable[]) => void, private turn: () => Promise<void>) {}

  receive(message: ToWorker): void {
    switch (message.type) {
      case 'start': this.#started = this.#start(message.wasm); break;
      case 'open': this.#models.set(message.model, new Model(message.card, message.weights)); break;
      case 'graph': this.#models.get(message.model)?.addGraph(message.kind, message.length, message.graph); break;
      case 'close': void this.#models.get(message.model)?.dispose(); this.#models.delete(message.model); break;
      case 'first': this.#queue.first(message.id, message.row); break;
      case 'cancel': this.#queue.cancel(message.id); break;
      case 'ask':
        this.#queue.add(message.id, message.ask.priority, message.ask, message.ask.rows.length);
        if (!this.#working) void this.#work();
        break;
      case 'run':
        this.#queue.add(message.id, message.run.priority, message.run, 1);
        if (!this.#working) void this.#work();
    }
  }

  async #start(wasm: ArrayBuffer): Promise<void> {
    try {
      const bytes = await gunzip(wasm);
      if (typeof WebAssembly === 'undefined') throw new Error('WebAssembly is missing');
      await WebAssembly.compile(SMALLEST); // where the page forbids it, this says so at once
      env.logLevel = 'error';
      Object.assign(env.wasm, { numThreads: 1, proxy: false, wasmBinary: bytes });
      this.post({ type: 'started' }, []);
    } catch (error) {
      this.post({ type: 'failed', message: sentence(error) }, []);
    }
  }

  async #work(): Promise<void> {
    this.#working = true;
    await this.#started;
    for (;;) {
      const chunk = this.#queue.next(job => ('feeds' in job || job.kind === 'inspect' ? 1 : this.#pace.rows(paceKey(job))));
      if (!chunk) break;
      const { id, job, rows, last } = chunk;
      try {
        if ('feeds' in job) {
          const outputs = await this.#model(job.model).give(job);
          this.post({ type: 'ran', id, outputs }, Object.values(outputs).map(output => output.buffer));
        } else {
          const answers = await this.#run(job, rows);
          this.post({ type: 'rows', id, rows: answers, done: last }, answers.flatMap(buffersOf));
        }
      } catch (error) {
        this.#queue.cancel(id);
        this.post({ type: 'error', id, message: sentence(error) }, []);
      }
      if (!this.#queue.empty) await this.turn();
    }
    this.#working = false;
  }

  #model(name: string): Model {
    const model = this.#models.get(name);
    if (!model) throw new Error('the model was closed');
    return model;
  }

  async #run(ask: Ask, rows: number[]): Promise<RowAnswer[]> {
    const model = this.#model(ask.model);
    await model.session(ask.kind, ask.length);
    if (!rows.length) return [];
    const begun = performance.now(), answers = await model.run(ask, rows);
    this.#pace.took(paceKey(ask), rows.length, performance.now() - begun);
    return answers;
  }
}

/** The empty module. */
const SMALLEST = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

const paceKey = ({ model, kind, length }: Ask): string => `${kind} ${length} ${model}`;
const sentence = (error: unknown): string => String(error instanceof Error ? error.message : error).split('\n')[0]!.slice(0, 200);

/** What need not be copied on its way to the page. */
function buffersOf({ scores, attention, projections }: RowAnswer): Transferable[] {
  const arrays = [...scores ? [scores] : [], ...attention ?? [], ...projections ? Object.values(projections) as Float32Array[] : []];
  return arrays.map(array => array.buffer);
}
