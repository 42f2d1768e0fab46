// From a model's answer to what is on the screen, as attnrec_widgets/panel.py.
import type { Card, Places, Ranking, RowAnswer } from '../../worker/protocol';
import type { Id, Panel, Scored } from '../../types';
import type { Catalogue } from './catalogue';
import type { State } from '../state';

const THUMB = 24; // the largest side of a map in miniature

/** What one model answered for the visible history. */
export class Inspected {
  #thumbs: { bytes: Uint8Array | null; side: number } | null = null;

  /** `length`: the columns of the run; `read`: how many items the model read. */
  constructor(readonly card: Card, readonly answer: RowAnswer, readonly length: number, readonly read: number) {}

  get ranking(): Ranking { return this.answer.ranking!; }

  /** As many as every layer has. */
  get heads(): number { return this.card.maps.length ? Math.min(...this.card.maps.map(map => map.heads)) : 0; }

  /** From 1; the last where there are fewer than asked for; null without attention. */
  layer(wanted: number | null): number | null {
    const layers = this.card.maps.length;
    return layers ? Math.min(wanted ?? layers, layers) : null;
  }

  /** From 1; the mean, null, where there are fewer than asked for. */
  head(wanted: number | null): number | null { return wanted !== null && wanted <= this.heads ? wanted : null; }

  /** `[query, key]` over the positions that were read. */
  block(layer: number, head: number | null): Float32Array {
    const { heads } = this.card.maps[layer - 1]!;
    return head === null ? this.#mean(layer, heads) : this.#cut(layer, head);
  }

  /** What one of the positions that were read looks at, from 0. */
  row(layer: number, head: number | null, query: number): Float32Array {
    const { heads } = this.card.maps[layer - 1]!;
    if (head !== null) return this.#part(layer, head, query);
    const sum = this.#part(layer, 1, query).slice();
    for (let one = 2; one <= heads; one++) this.#part(layer, one, query).forEach((weight, key) => { sum[key]! += weight; });
    return heads === 1 ? sum : sum.map(weight => weight / heads);
  }

  #part(layer: number, head: number, query: number): Float32Array {
    const { read, length } = this, first = length - read, at = ((head - 1) * length + first + query) * length + first;
    return this.answer.attention![layer - 1]!.subarray(at, at + read);
  }

  /** Every map in miniature, each layer's mean last: the largest weight that a cell covers, in square-root tone. */
  thumbs(): { bytes: Uint8Array | null; side: number } { return this.#thumbs ??= this.#miniatures(); }

  #miniatures(): { bytes: Uint8Array | null; side: number } {
    const side = Math.min(this.read, THUMB), { heads } = this;
    if (!heads) return { bytes: null, side: 0 };
    const bytes = new Uint8Array(this.card.maps.length * (heads + 1) * side * side);
    this.card.maps.forEach((_, l) => {
      const area = side * side, at = (h: number) => (l * (heads + 1) + h) * area;
      for (let h = 0; h < heads; h++) bytes.set(tones(pooled(this.#cut(l + 1, h + 1), this.read, side)), at(h));
      if (heads === 1) bytes.copyWithin(at(1), at(0), at(1)); // its own mean
      else bytes.set(tones(pooled(this.#mean(l + 1, heads), this.read, side)), at(heads));
    });
    return { bytes, side };
  }

  #cut(layer: number, head: number): Float32Array {
    const { read } = this, block = new Float32Array(read * read);
    for (let query = 0; query < read; query++) block.set(this.#part(layer, head, query), query * read);
    return block;
  }

  #mean(layer: number, heads: number): Float32Array {
    const sum = this.#cut(layer, 1);
    for (let head = 2; head <= heads; head++) {
      const block = this.#cut(layer, head);
      for (let i = 0; i < sum.length; i++) sum[i]! += block[i]!;
    }
    return heads === 1 ? sum : sum.map(weight => weight / heads);
  }
}

export function panelOf(name: string, catalogue: Catalogue, inspected: Inspected, state: State, heldOut: Id | null): Panel {
  const { card, read } = inspected, n = state.history.length, first = state.now - read, layer = inspected.layer(state.layer);
  return {
    name,
    catalogueSize: catalogue.size,
    layers: card.maps.length,
    heads: inspected.heads,
    normalisation: layer === null ? 'none' : card.maps[layer - 1]!.normalisation,
    mapNames: card.maps.map(map => map.name),
    row: layer === null ? null : rowOf(inspected, layer, state, first),
    matrix: layer !== null && state.view === 'matrix' ? matrixOf(inspected.block(layer, inspected.head(state.head)), read, n, first) : null,
    get thumbs() { return inspected.thumbs().bytes; }, // when somebody looks
    get thumbSize() { return inspected.thumbs().side; },
    recommendations: scoredOf(inspected.ranking.best, catalogue),
    heldOut: placeOf(inspected.ranking, heldOut),
  };
}

/** A ranking in ids. */
export function scoredOf({ index, rank, score }: Places, catalogue: Catalogue): Scored[] {
  return Array.from(index, (one, i) => ({ id: catalogue.id(one), rank: rank[i]!, score: score[i]! }));
}

/** The true next item's place. */
export const placeOf = ({ heldOut }: Ranking, id: Id | null): Scored | null => (heldOut && id !== null ? { id, ...heldOut } : null);

/** To every position of the history; zero where the query cannot look. */
function rowOf(inspected: Inspected, layer: number, { history, position, head }: State, first: number): Float32Array {
  const row = new Float32Array(history.length), query = position - 1 - first;
  if (query >= 0) row.set(inspected.row(layer, inspected.head(head), query), first);
  return row;
}

function matrixOf(block: Float32Array, read: number, n: number, first: number): Float32Array {
  const matrix = new Float32Array(n * n);
  for (let query = 0; query < read; query++) matrix.set(block.subarray(query * read, (query + 1) * read), (first + query) * n + first);
  return matrix;
}

/** `side` × `side`; larger maps by the largest weight that a cell covers, so that a thin diagonal stays to be seen. */
function pooled(map: Float32Array, read: number, side: number): Float32Array {
  if (read === side) return map;
  const cells = new Float32Array(side * side).fill(-Infinity), cellOf = new Int32Array(read);
  for (let cell = 0; cell < side; cell++) cellOf.fill(cell, Math.floor(cell * read / side));
  for (let query = 0, i = 0; query < read; query++) {
    const row = cellOf[query]! * side;
    for (let key = 0; key < read; key++, i++) {
      const cell = row + cellOf[key]!;
      if (map[i]! > cells[cell]!) cells[cell] = map[i]!;
    }
  }
  return cells;
}

function tones(cells: Float32Array): Uint8Array {
  let most = 1e-9;
  for (const weight of cells) if (weight > most) most = weight;
  return Uint8Array.from(cells, weight => Math.sqrt(Math.max(weight, 0) / most) * 255);
}
