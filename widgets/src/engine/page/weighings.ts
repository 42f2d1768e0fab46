// How weights arise, on demand: the query, key and value of one head for the positions that are read.
import { PRIORITY } from '../../worker/protocol';
import type { Weighing } from '../../types';
import type { Ticket } from './host';
import type { Source } from './source';
import type { State } from '../state';

export class Weighings {
  #known = new Map<string, Weighing>();
  #asked = new Map<string, Ticket | null>();

  /** For one state; `tell` is called when one has come. */
  constructor(private sources: Source[], private state: State, private tell: () => void) {}

  get(panel: number, layer: number, head: number): Weighing | null {
    const key = `${panel} ${layer} ${head}`;
    if (!this.#asked.has(key)) this.#asked.set(key, this.#ask(key, panel, layer, head));
    return this.#known.get(key) ?? null;
  }

  cancel(): void { for (const ticket of this.#asked.values()) ticket?.cancel(); }

  #ask(key: string, panel: number, layer: number, head: number): Ticket | null {
    const source = this.sources[panel], map = source?.model.card.maps[layer - 1];
    if (!source || !map || head < 1 || head > map.heads || !this.state.now) return null;
    const read = source.read(this.state), length = source.model.lengthFor('inspect', read);
    if (length === null) return null;
    return source.model.ask('inspect', length, [source.row(this.state)], { projections: map.name }, PRIORITY.weighing, {
      rows: ([answer]) => {
        const { query, key: keys, value } = answer!.projections!, size = query.length / map.heads / length;
        const cut = (all: Float32Array) => all.slice((head * length - read) * size, head * length * size);
        this.#known.set(key, { layer, head, size, first: this.state.now - read + 1, queries: cut(query), keys: cut(keys), values: cut(value) });
        this.tell();
      },
      failed: () => {}, // then there is nothing to show
    });
  }
}
