// The rankings without each item of the history, worked out while nothing else is to be done.
import { PRIORITY, type Row, type RowAnswer } from '../../worker/protocol';
import type { Id, Preview, PreviewPanel } from '../../types';
import type { Ticket } from './host';
import { type Inspected, placeOf, scoredOf } from './panel';
import type { Source } from './source';
import { type State, visible } from '../state';

const PAUSE = 40; // ms after an answer, so that a hand in motion is not kept waiting for what it will not see
const AT_ONCE = 16; // rows worked out in one go

/** What the previews belong to. */
export interface Present { state: State; heldOut: Id | null; inspected: readonly Inspected[] }

/** Rows that were asked for together, by position. */
interface Asked { ticket: Ticket; positions: readonly number[] }

export class Previews {
  #known = new Map<number, Preview>();
  #parts = new Map<number, PreviewPanel[]>();
  #left: number[]; // positions that are not asked for yet
  #asked: Asked[] = [];
  #expected: number;
  #wished: number | null = null;
  #timer: ReturnType<typeof setTimeout>;
  #begun = false;
  #over = false;

  /**
   * `order`: the positions, in the order in which they are wanted. `without(p)`: the state that taking
   * out position p leads to. `tell` is called when a wished one has come, and when all have.
   */
  constructor(private sources: readonly Source[], private present: Present, order: readonly number[], private without: (position: number) => State, private tell: () => void) {
    this.#left = [...order];
    this.#expected = order.length;
    this.#timer = setTimeout(() => void this.#begin(), PAUSE);
  }

  get count(): number { return this.#known.size; }
  get(position: number): Preview | null { return this.#known.get(position) ?? null; }

  wish(position: number | null): void {
    this.#wished = position === null || this.#known.has(position) ? null : position;
    if (this.#wished === null) return;
    if (!this.#begun) void this.#begin();
    for (const asked of this.#asked) this.#hurry(asked);
  }

  cancel(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    for (const { ticket } of this.#asked) ticket.cancel();
  }

  /** Some rows at a time, so that working them out is never in the way of a frame. */
  async #begin(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#begun || this.#over) return;
    this.#begun = true;
    const { state } = this.present, whole = this.sources.map(source => source.indices(visible(state))), leftOut = this.sources.map(source => source.indices(state.leftOut));
    while (this.#left.length && !this.#over) {
      const wished = this.#wished === null ? -1 : this.#left.indexOf(this.#wished), chosen: number[] = [], states: State[] = [];
      for (const position of [...(wished >= 0 ? this.#left.splice(wished, 1) : []), ...this.#left.splice(0, AT_ONCE)]) {
        const left = this.without(position);
        if (!left.now) { this.#expected--; continue; } // there would be nothing to rank by
        chosen.push(position);
        states.push(left);
      }
      if (chosen.length) await Promise.all(this.sources.map((source, panel) => this.#ask(source, panel, chosen, chosen.map((position, i) => rowWithout(source, state, states[i]!, position, whole[panel]!, leftOut[panel]!)))));
      await new Promise(resolve => { setTimeout(resolve); });
    }
  }

  async #ask(source: Source, panel: number, positions: readonly number[], rows: Row[]): Promise<void> {
    const length = await source.ready('scores', Math.max(...rows.map(row => row.items.length)), PRIORITY.preview).catch(() => null);
    if (this.#over || length === null) return;
    const { state, inspected } = this.present, wish = { ranking: source.ranking(state.topn, inspected[panel]!.ranking.best.index) };
    const asked = { positions, ticket: source.model.ask('scores', length, rows, wish, PRIORITY.preview, {
      rows: answers => { for (const answer of answers) this.#take(source, panel, positions[answer.row]!, answer); },
      failed: () => {}, // the answer itself stands; there is only nothing to show in advance
    }) };
    this.#asked.push(asked);
    this.#hurry(asked);
  }

  #hurry({ ticket, positions }: Asked): void {
    const row = this.#wished === null ? -1 : positions.indexOf(this.#wished);
    if (row >= 0) ticket.first(row);
  }

  #take({ model: { catalogue } }: Source, panel: number, position: number, { ranking }: RowAnswer): void {
    if (this.#over || !ranking) return;
    const parts = this.#parts.get(position) ?? [];
    this.#parts.set(position, parts);
    parts[panel] = { recommendations: scoredOf(ranking.best, catalogue), fallen: scoredOf(ranking.fallen, catalogue), heldOut: placeOf(ranking, this.present.heldOut) };
    if (!this.sources.every((_, i) => parts[i])) return;
    this.#known.set(position, { position, panels: parts });
    const wished = position === this.#wished;
    if (wished) this.#wished = null;
    if (wished || this.#known.size === this.#expected) this.tell();
  }
}

/** From the indices of what is seen and what is left out now, without looking each of them up again. */
function rowWithout(source: Source, state: State, left: State, position: number, whole: Int32Array, leftOut: Int32Array): Row {
  const id = state.history[position - 1]!, seen = position <= state.now;
  let items = whole;
  if (left.now !== state.now - Number(seen)) items = source.indices(visible(left)); // there is always one to see
  else if (seen) {
    items = new Int32Array(whole.length - 1);
    items.set(whole.subarray(0, position - 1));
    items.set(whole.subarray(position), position - 1);
  }
  // An item that a hand had added and takes out again may be recommended.
  const stays = left.leftOut.size === state.leftOut.size, index = stays ? 0 : source.indices([id])[0]!;
  return { items: items.slice(-source.model.limit), leftOut: stays ? leftOut : leftOut.filter(one => one !== index) };
}

/** The positions of a history, the most looked at first, later ones first where nothing tells. */
export function byWeight(row: Float32Array | null, positions: number): number[] {
  const weight = (position: number) => row?.[position - 1] ?? 0;
  return Array.from({ length: positions }, (_, i) => i + 1).sort((a, b) => weight(b) - weight(a) || b - a);
}
