// One of the explorer's models as this explorer asks it: ids in, indices and lengths worked out.
import type { Kind, RankingWish, Row } from '../../worker/protocol';
import type { Id } from '../../types';
import type { PageModel } from './model';
import { type State, visible } from '../state';
import type { Supply } from './supply';

export class Source {
  #warmed = new Set<string>();
  #warming = false;

  /** `number`: from 0, as the supply counts. */
  constructor(readonly name: string, readonly number: number, readonly model: PageModel, private supply: Supply, private heldOut: Id | null) {}

  /** How many of the visible items the model reads. */
  read(state: State): number { return Math.min(state.now, this.model.limit); }

  row(state: State): Row {
    const seen = visible(state);
    return { items: this.indices(seen.slice(-this.model.limit)), leftOut: this.indices(state.leftOut) };
  }

  ranking(topn: number, present: Int32Array = new Int32Array(0)): RankingWish {
    return { topn, present, heldOut: this.heldOut === null ? 0 : this.model.catalogue.index(this.heldOut) ?? 0 };
  }

  /** Runs at once where any length is ready; resolves to the length. */
  async ready(kind: Kind, items: number, priority: number): Promise<number> {
    const best = this.model.bestLength(items);
    return this.model.lengthFor(kind, items) ?? this.model.prepare(kind, best, this.supply, this.number, priority).then(() => best);
  }

  /**
   * Brings what this many items and their neighbours need, the nearest first, and in the end every
   * graph, so that a kernel may go away. The longest is made ready early: it stands in for any other.
   */
  async warm(items: number): Promise<void> {
    if (this.#warming) return;
    this.#warming = true;
    const { lengths } = this.model.card, at = lengths.indexOf(this.model.bestLength(items)), near = [at, at + 1, at - 1].map(i => lengths[i]);
    const inTurn: [Kind, number | undefined][] = [['scores', near[0]], ['inspect', lengths.at(-1)], ['inspect', near[1]], ['inspect', near[2]], ['inspect', near[0]]];
    for (const [kind, length] of inTurn) if (length) await this.#once(`make ${kind} ${length}`, () => this.model.prepare(kind, length, this.supply, this.number));
    for (const length of lengths) {
      for (const kind of ['inspect', 'scores'] as const) await this.#once(`fetch ${kind} ${length}`, () => this.model.fetch(kind, length, this.supply, this.number));
    }
    this.#warming = false;
  }

  /** A failure leaves the answers to come to whatever length is ready, and is tried again with the next. */
  async #once(what: string, work: () => Promise<void>): Promise<void> {
    if (this.#warmed.has(what)) return;
    this.#warmed.add(what);
    await work().catch(() => this.#warmed.delete(what));
  }

  /** Throws for an item that the model does not know. */
  indices(ids: Iterable<Id>): Int32Array {
    return Int32Array.from(ids, id => {
      const index = this.model.catalogue.index(id);
      if (index === undefined) throw new Error(`${this.name} does not know the item ${JSON.stringify(id)}.`);
      return index;
    });
  }
}
