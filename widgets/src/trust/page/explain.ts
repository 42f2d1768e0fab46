// The explanations that take forward passes alone, as attnrec/explanations has them: a value for each
// position that the model reads, oldest first. All others need the kernel.
import type { Inspected } from '../../engine/page/panel';
import { mean } from './statistics';

/** What an explanation is made of. */
export interface Known {
  inspected: Inspected;
  /** As the explorer shows them; null: the mean of the heads. */
  layer: number | null;
  head: number | null;
  /** What the score loses by each item alone. */
  effects: readonly number[];
}

const EXPLANATIONS = new Map(Object.entries<(known: Known) => number[]>({
  'attention': ({ inspected, layer, head }) => [...inspected.row(inspected.layer(layer)!, inspected.head(head), inspected.read - 1)],
  'raw attention': ({ inspected }) => {
    const rows = inspected.card.maps.map((_, l) => inspected.row(l + 1, null, inspected.read - 1));
    return Array.from(rows[0]!, (_, i) => mean(rows.map(row => row[i]!)));
  },
  'last layer': ({ inspected }) => [...inspected.row(inspected.card.maps.length, null, inspected.read - 1)],
  'rollout': ({ inspected }) => rollout(inspected.card.maps.map((_, l) => inspected.block(l + 1, null)), inspected.read),
  'recency': ({ inspected: { read } }) => Array.from({ length: read }, (_, i) => 1 / (read - i)),
  'leave-one-out': ({ effects }) => [...effects],
}));

/** A method's values, or why the page has none. */
export function explain(name: string, label: string, known: Known): number[] | string {
  const softmax = known.inspected.card.maps.every(map => map.normalisation === 'softmax');
  if (name === 'rollout' && !softmax) return `${label}: expects weights that sum to one`;
  return EXPLANATIONS.get(name)?.(known) ?? `${label}: needs the kernel`;
}

/** The last row of the product of all layers, each half attention, `[query, key]`, and half what stays. */
export function rollout(layers: readonly ArrayLike<number>[], n: number): number[] {
  let row = Array.from({ length: n }, (_, i) => Number(i === n - 1));
  for (const weights of layers.toReversed()) {
    row = row.map((stays, key) => .5 * stays + .5 * row.reduce((sum, share, query) => sum + share * weights[query * n + key]!, 0));
  }
  return row;
}
