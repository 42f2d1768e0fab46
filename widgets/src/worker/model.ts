// One exported model: its weights, and a session for every graph that was asked of it. The graphs
// take the weights as inputs, so that all lengths share one copy; feeding them costs 0.2 ms a run at
// ML-1M's size, where a copy in each of a dozen sessions would cost as many times their memory.
import { InferenceSession, Tensor } from 'onnxruntime-web/wasm';
import { gunzip } from '../gunzip';
import { rank } from './rank';
import type { Ask, Card, Kind, Row, RowAnswer, Run, Wish } from './protocol';

export class Model {
  #card: Card;
  #weights: Promise<Record<string, Tensor>>;
  #graphs = new Map<string, ArrayBuffer>();
  #sessions = new Map<string, Promise<InferenceSession>>();
  #untouched = new Map<string, Tensor>(); // `given/…` where nothing is given

  constructor(card: Card, weights: ArrayBuffer) {
    this.#card = card;
    this.#weights = gunzip(weights).then(bytes => tensorsOf(card, bytes));
    this.#weights.catch(() => {}); // told by the first run
  }

  addGraph(kind: Kind, length: number, graph: ArrayBuffer): void { this.#graphs.set(keyOf(kind, length), graph); }

  /** Made on first demand; a failure is not remembered. */
  session(kind: Kind, length: number): Promise<InferenceSession> {
    const key = keyOf(kind, length), known = this.#sessions.get(key);
    if (known) return known;
    const made = this.#create(key, kind);
    this.#sessions.set(key, made);
    made.catch(() => this.#sessions.delete(key));
    return made;
  }

  async #create(key: string, kind: Kind): Promise<InferenceSession> {
    const graph = this.#graphs.get(key);
    if (!graph) throw new Error(`no graph for ${key}`);
    // An edit asks for one row: knowing that, the runtime works out shapes once, which are two thirds of the operators.
    const alone = kind === 'inspect' ? { freeDimensionOverrides: { batch: 1 } } : {};
    return InferenceSession.create(new Uint8Array(await gunzip(graph)), { executionProviders: ['wasm'], logSeverityLevel: 3, ...alone });
  }

  /** The answers to some rows of an ask, in one run; to `inspect`, one row a run. */
  async run({ kind, length, rows, wish }: Ask, numbers: number[]): Promise<RowAnswer[]> {
    const session = await this.session(kind, length), chosen = numbers.map(number => rows[number]!);
    const feeds = { ...await this.#weights, ...inputs(chosen, length), ...kind === 'inspect' ? this.#interventions(chosen, length) : {} };
    const outputs = await session.run(feeds, this.#fetches(wish));
    const part = (name: string, i: number): Float32Array => {
      const data = outputs[name]!.data as Float32Array, size = data.length / chosen.length;
      return chosen.length === 1 ? data : data.slice(i * size, (i + 1) * size);
    };
    const answers = numbers.map((row, i) => this.#answer(row, chosen[i]!, wish, name => part(name, i)));
    for (const output of Object.values(outputs)) output.dispose();
    return answers;
  }

  /** What a graph gives for inputs that are told in full. */
  async give({ kind, length, feeds, outputs: wanted }: Run): Promise<Record<string, Float32Array>> {
    const session = await this.session(kind, length);
    const given = Object.fromEntries(Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new Tensor(type, data as Float32Array, dims)]));
    const outputs = await session.run({ ...await this.#weights, ...given }, wanted);
    const found = Object.fromEntries(wanted.map(name => [name, (outputs[name]!.data as Float32Array).slice()]));
    for (const output of Object.values(outputs)) output.dispose();
    return found;
  }

  async dispose(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of sessions) await session.then(made => made.release(), () => {});
  }

  #fetches({ ranking, scores, attention, projections }: Wish): string[] {
    return [
      ...ranking || scores ? ['scores'] : [],
      ...attention ? this.#card.maps.map(map => `attention/${map.name}`) : [],
      ...projections === undefined ? [] : ['query', 'key', 'value'].map(part => `${part}/${projections}`),
    ];
  }

  #answer(row: number, { leftOut }: Row, wish: Wish, part: (name: string) => Float32Array): RowAnswer {
    const answer: RowAnswer = { row }, { ranking, scores, attention, projections: map } = wish;
    if (ranking || scores) {
      const all = part('scores');
      if (all.subarray(1).some(Number.isNaN)) answer.error = 'gave scores that are not numbers';
      else if (ranking) answer.ranking = rank(all, leftOut, ranking);
      if (scores) answer.scores = all;
    }
    if (attention) answer.attention = this.#card.maps.map(one => part(`attention/${one.name}`));
    if (map !== undefined) answer.projections = { query: part(`query/${map}`), key: part(`key/${map}`), value: part(`value/${map}`) };
    return answer;
  }

  #interventions(rows: Row[], length: number): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {};
    for (const { name, heads } of this.#card.maps) {
      const shape = [rows.length, heads, length, length], chosen = rows.map(row => row.attention?.[name]);
      feeds[`replace/${name}`] = new Tensor('int32', Int32Array.from(chosen, one => (one === undefined ? 0 : one === 'uniform' ? 2 : 1)), [rows.length]);
      feeds[`given/${name}`] = chosen.some(one => one instanceof Float32Array) ? given(chosen, shape) : this.#zeros(shape);
    }
    return feeds;
  }

  /** Kept for single rows, which every edit is. */
  #zeros(shape: number[]): Tensor {
    const key = shape.join(), known = this.#untouched.get(key) ?? given([], shape);
    if (shape[0] === 1) this.#untouched.set(key, known);
    return known;
  }
}

const keyOf = (kind: Kind, length: number): string => `${kind} of ${length}`;
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

function tensorsOf(card: Card, bytes: ArrayBuffer): Record<string, Tensor> {
  return Object.fromEntries(card.weights.map(({ name, shape, offset }) => [name, new Tensor('float32', new Float32Array(bytes, offset, sizeOf(shape)), shape)]));
}

/** Right-aligned; every real item may be seen unless its mask says otherwise. */
function inputs(rows: Row[], length: number): { items: Tensor; mask: Tensor } {
  const items = new Int32Array(rows.length * length), mask = new Uint8Array(rows.length * length);
  rows.forEach((row, i) => {
    const at = (i + 1) * length - row.items.length;
    if (row.items.length > length) throw new Error(`${length} columns cannot hold a history of ${row.items.length}`);
    items.set(row.items, at);
    if (row.mask) mask.set(row.mask, at); else mask.fill(1, at, (i + 1) * length);
  });
  return { items: new Tensor('int32', items, [rows.length, length]), mask: new Tensor('bool', mask, [rows.length, length]) };
}

function given(chosen: ('uniform' | Float32Array | undefined)[], shape: number[]): Tensor {
  const data = new Float32Array(sizeOf(shape)), size = sizeOf(shape.slice(1));
  chosen.forEach((one, i) => { if (one instanceof Float32Array) data.set(one, i * size); });
  return new Tensor('float32', data, shape);
}
