// The page answers a case: the exported model in the worker, asked as attnrec/explanations/features/case.py
// asks it. An answer that a newer change has overtaken is dropped.
import { hostOfPage, type Host } from '../../engine/page/host';
import type { Supply } from '../../engine/page/supply';
import type { AnyModel } from '../../engine/store';
import { gunzip } from '../../gunzip';
import type { Id } from '../../types';
import { type Feed, type Kind, PRIORITY } from '../../worker/protocol';
import { top } from '../../worker/rank';
import type { CaseFrame, CaseTold, Cost, Ranked, Said } from '../views/case_types';
import { changesOf } from '../views/case_controls';
import type { Choice, Picture } from '../types';
import { asChoice, unpacked } from '../wire';
import { disagreeing, fieldAttention, fieldsOf, shapley } from './maths';
import { type CaseTables, type Levels, nothing, rowOf, say, type Side, SIDES, type Sides, word } from './tables';

const AT_ONCE = 512, KEPT = 32; // examples in a run; cases whose answers are kept
const WATCHED = ['user', 'item', 'changes', 'threshold', 'pinned', 'topn', 'layer', 'head', '_cost', '_said'].map(name => `change:${name}`);

interface Asked { user: Id; item: Id; changes: Record<string, Said> }
/** What the model said of a case, whatever is then read from it. */
interface Known { asked: Asked; user: number; item: number; sides: Sides; changed: boolean[]; attention: Float32Array[]; worths: Float32Array; scores: Float32Array }

let opened = 0;

export class CasePage {
  #host: Host;
  #release: () => void;
  #tables!: CaseTables;
  #kinds: Kind[] = ['inspect', 'scores'];
  #key = `case-${++opened}-${Date.now().toString(36)}`;
  #known = new Map<string, Known>();
  #turn = 0;
  #gone = false;
  #under: (() => void) | null = null;

  /** `show` is given each picture; `failed` a sentence, once, when no more will come. */
  constructor(private model: AnyModel, private supply: Supply, private show: (picture: Picture) => void, private failed: (sentence: string) => void) {
    const { host, release } = hostOfPage();
    this.#host = host;
    this.#release = release;
  }

  /** Ready once the model has answered the present case. */
  async start(): Promise<void> {
    await this.#host.start(this.supply);
    if (this.#gone) return;
    const { card, weights, catalogue } = await this.supply.model(0);
    this.#tables = unpacked(JSON.parse(new TextDecoder().decode(await gunzip(catalogue)))) as CaseTables;
    if (this.#gone) return;
    this.#host.post({ type: 'open', model: this.#key, card, weights: weights.buffer }, [weights.buffer]);
    for (const kind of this.#kinds) {
      const graph = (await this.supply.graph(0, kind, 0)).buffer;
      if (this.#gone) return;
      this.#host.post({ type: 'graph', model: this.#key, kind, length: 0, graph }, [graph]);
    }
    for (const event of WATCHED) this.model.on(event, this.#changed);
    await this.#answer();
  }

  dispose(): void {
    this.#gone = true;
    for (const event of WATCHED) this.model.off(event, this.#changed);
    this.#turn++;
    this.#under?.();
    this.#host.post({ type: 'close', model: this.#key }, []);
    this.#release();
  }

  #queued = false;
  #changed = (): void => {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      this.#answer().catch((error: unknown) => this.failed(`The model stopped answering in the page (${error instanceof Error ? error.message : String(error)})`));
    });
  };

  async #answer(): Promise<void> {
    const turn = ++this.#turn, get = (name: string) => this.model.get(name), choice = asChoice(get), threshold = get('threshold') as number, pinned = get('pinned') as Asked | null;
    this.#under?.();
    if (get('item') === null || get('user') === null) return; // a link that chose nothing: the case stays
    const known = await this.#ask({ user: get('user') as Id, item: get('item') as Id, changes: changesOf(this.model) }, turn);
    const told = known && await this.#told(known, choice, threshold, turn);
    const then = pinned && told && await this.#ask(pinned, turn), beside = then && await this.#told(then, choice, 0, turn);
    if (!told || turn !== this.#turn || pinned && !beside) return;
    const { items, name, unit, importance } = this.#tables, topn = get('topn') as number, ranking = this.#ranking(known, topn);
    const frame: CaseFrame = {
      ...told, title: this.#title(known.asked), told: `${sentence(told, name, choice)}${importance}`, heads: heads(this.#tables), layers: layers(this.#tables),
      unit: told.prediction === null ? 'score' : unit, ranking, total: items.ids.length, cost: this.#cost(threshold),
      ...(then && beside ? { pinned: { ...beside, title: this.#title(then.asked), ranks: this.#ranking(then, topn).map(one => [one.id, one.rank]) } } : {}),
    };
    const before = this.model.get('_picture') as Picture;
    this.show({ ...before, labels: [''], frames: [frame] });
  }

  #title({ user, item }: Asked): string { return `${this.#tables.items.titles[this.#tables.items.ids.indexOf(item)]!}, for ${user}`; }

  /** What the test part loses, of the step that is nearest; null where nothing is left out. */
  #cost(threshold: number): Cost | null {
    const steps = (this.model.get('_cost') ?? []) as [number, Cost][];
    if (!threshold || !steps.length) return null;
    return steps.reduce((best, one) => (Math.abs(one[0] - threshold) < Math.abs(best[0] - threshold) ? one : best))[1];
  }

  // ---- the model's answers --------------------------------------------------------------------

  async #ask(asked: Asked, turn: number): Promise<Known | null> {
    const key = JSON.stringify([asked.user, asked.item, Object.entries(asked.changes).sort()]), kept = this.#known.get(key);
    if (kept) return kept;
    const { users, items, fields, maps, contextColumns } = this.#tables;
    const user = users.ids.indexOf(asked.user) + 1, item = items.ids.indexOf(asked.item) + 1;
    const sides: Sides = { user: rowOf(users, user), item: rowOf(items, item), context: nothing(contextColumns) }, changed = fields.map(() => false);
    const own = (this.model.get('_said') ?? []) as CaseTables['said'];
    let told = true;
    fields.forEach((field, i) => {
      if (!(field.name in asked.changes)) return;
      const row = sides[field.side], [from, to] = field.columns, before = [...row.levels.slice(from, to), ...row.weights.slice(from, to)];
      told &&= say(row, field, asked.changes[field.name]!, { ...this.#tables, said: [...own, ...this.#tables.said] });
      const after = [...row.levels.slice(from, to), ...row.weights.slice(from, to)];
      changed[i] = after.some((v, k) => v !== before[k]);
    });
    if (!told) return null; // a value that Python is about to tell
    const inspected = await this.#run('inspect', [sides], maps.map(map => `attention/${map.name}`), turn);
    if (!inspected) return null;
    const coalitions = Array.from({ length: 1 << fields.length }, (_, s) => this.#only(sides, field => Boolean(s >> field & 1)));
    const worths = await this.#scores(coalitions, turn);
    const every = worths && await this.#scores(items.ids.map((_, i) => ({ ...sides, item: i + 1 === item ? sides.item : rowOf(items, i + 1) })), turn);
    if (!worths || !every) return null;
    const known: Known = { asked, user, item, sides, changed, attention: maps.map(map => inspected[`attention/${map.name}`]!), worths, scores: Float32Array.of(-Infinity, ...every) };
    if (this.#known.size >= KEPT) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, known);
    return known;
  }

  /** A case in which only some fields say anything. */
  #only(sides: Sides, keeps: (field: number) => boolean): Sides {
    const found = Object.fromEntries(SIDES.map(side => [side, nothing(sides[side].levels.length)])) as unknown as Sides;
    this.#tables.fields.forEach(({ side, columns: [from, to] }, i) => {
      if (!keeps(i)) return;
      found[side].levels.set(sides[side].levels.subarray(from, to), from);
      found[side].weights.set(sides[side].weights.subarray(from, to), from);
    });
    return found;
  }

  async #scores(rows: Sides[], turn: number): Promise<Float32Array | null> {
    const found = new Float32Array(rows.length);
    for (let from = 0; from < rows.length; from += AT_ONCE) {
      const some = await this.#run('scores', rows.slice(from, from + AT_ONCE), ['scores'], turn);
      if (!some) return null;
      found.set(some.scores!, from);
    }
    return found;
  }

  /** Null where a newer change has overtaken it. */
  async #run(kind: Kind, rows: Sides[], outputs: string[], turn: number): Promise<Record<string, Float32Array> | null> {
    if (turn !== this.#turn) return null;
    const feeds: Record<string, Feed> = {};
    for (const side of SIDES) {
      if (!this.#tables.fields.some(field => field.side === side)) continue;
      const columns = rows[0]![side].levels.length, dims = [rows.length, columns];
      feeds[`${side}/levels`] = { type: 'int32', dims, data: joined(rows, side, 'levels', new Int32Array(rows.length * columns)) };
      feeds[`${side}/weights`] = { type: 'float32', dims, data: joined(rows, side, 'weights', new Float32Array(rows.length * columns)) };
    }
    if (kind === 'inspect') for (const { name, shape } of this.#tables.maps) {
      feeds[`replace/${name}`] = { type: 'int32', dims: [rows.length], data: new Int32Array(rows.length) };
      feeds[`given/${name}`] = { type: 'float32', dims: [rows.length, ...shape], data: new Float32Array(rows.length * shape.reduce((a, b) => a * b, 1)) };
    }
    if (!outputs.length) return {}; // a model that attends to nothing
    const run = this.#host.run({ model: this.#key, kind, length: 0, feeds, outputs, priority: PRIORITY.edit });
    return new Promise((resolve, reject) => {
      this.#under = () => { run.cancel(); resolve(null); };
      run.outputs.then(found => resolve(turn === this.#turn ? found : null), reject);
    });
  }

  // ---- what is read from them -----------------------------------------------------------------

  async #told(known: Known, { layer, head }: Choice, threshold: number, turn: number): Promise<CaseTold | null> {
    const { fields, maps } = this.#tables, { sides, worths, scores, item } = known, names = fields.map(field => field.name);
    const real = fields.map(({ side, columns: [from, to] }) => sides[side].levels.subarray(from, to).some(level => level > 0));
    const attention = fieldAttention(maps, known.attention, names, real, layer, head), values = shapley(worths, fields.length);
    const dropped = fields.map((_, i) => real[i]! && attention[i]! < threshold), score = worths.at(-1)!;
    let without = score;
    if (dropped.some(Boolean)) {
      const left = await this.#scores([this.#only(sides, i => !dropped[i])], turn);
      if (!left) return null;
      without = left[0]!;
    }
    const better = scores.reduce((count, s, i) => count + (i > 0 && i !== item && s >= scores[item]! ? 1 : 0), 0);
    return {
      names, sides: fields.map(field => field.side), words: fields.map(field => word(sides[field.side], field)), changed: known.changed,
      attention: { shape: [names.length], data: attention }, shapley: { shape: [names.length], data: values },
      off: disagreeing(attention, values, real.map((yes, i) => yes && !Number.isNaN(attention[i]))), dropped, score, prediction: this.#prediction(score), scoreWithout: without, predictionWithout: this.#prediction(without), rank: 1 + better,
    };
  }

  #prediction(score: number): number | null {
    const { prediction } = this.#tables;
    if (prediction === null) return null;
    return prediction === 'probability' ? 1 / (1 + Math.exp(-score)) : Math.max(prediction.least, Math.min(prediction.most, score + prediction.centre));
  }

  #ranking({ scores, user }: Known, topn: number): Ranked[] {
    const masked = scores.slice(), { seen, items } = this.#tables;
    if (seen) for (let i = seen.offsets.data[user]!; i < seen.offsets.data[user + 1]!; i++) masked[seen.items.data[i]!] = -Infinity;
    return [...top(masked, topn)].filter(i => masked[i]! > -Infinity).map((i, k) => ({ id: items.ids[i - 1]!, title: items.titles[i - 1]!, rank: k + 1, score: masked[i]! }));
  }
}

function joined<A extends Int32Array | Float32Array>(rows: readonly Sides[], side: Side, part: keyof Levels, into: A): A {
  const columns = into.length / rows.length;
  rows.forEach((row, i) => into.set(row[side][part], i * columns));
  return into;
}

function layers({ maps, fields }: CaseTables): number[] {
  const names = fields.map(field => field.name);
  return maps.flatMap(({ keys }, i) => (keys.length && keys.every(key => fieldsOf(key, names)) ? [i + 1] : []));
}

function heads({ maps }: CaseTables): number {
  const least = maps.length ? Math.min(...maps.map(map => map.heads)) : 0;
  return least > 1 ? least : 0;
}

/** As `Case.told` has it. */
function sentence({ attention, off }: CaseTold, name: string, { layer, head }: Choice): string {
  const which = layer === null && head === null ? 'mean of layers and heads' : `${layer === null ? 'mean of layers' : `layer ${layer}`}${head === null ? '' : `, head ${head}`}`;
  return [
    `${name}, one case`, ...attention.data.every(Number.isNaN) ? [] : [`attention: ${which}`], 'Shapley values, exact: what a field adds to the score beside saying nothing',
    ...off.some(Boolean) ? ['hatched: attention is far from their size, in rank and in share'] : [],
  ].join(' · ');
}
