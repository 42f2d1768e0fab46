// The lying slider: from the attention that the model learned to the furthest found that leaves the
// answer where it is.
import type { Sentence } from '../model/sentence';
import { scoreDomain } from '../model/scale';
import type { Item, Named } from './race_model';

export interface Scored extends Named { score: number }

export interface Lie {
  seq: number;
  items: Item[];
  /** How many; the first is the model's own. All lists that follow have one entry a frame. */
  frames: number;
  /** A weight for each item: the last query's row, mean over all maps and heads. */
  own: number[];
  weights: number[][];
  /** From the model's own, in nats, and the most that it can be. */
  divergence: number[];
  most: number;
  total_variation: number[];
  epsilon: number;
  score_change: number[];
  same_top: boolean[];
  ranking: Scored[][];
  maps: string[];
  error: null;
}

/** What comes instead, of a model whose attention cannot be searched. */
export interface NoLie { seq: number; error: string }

const NEAR = .1; // a share of the most: below it attention has hardly moved

/** A bound as printed is still a bound. */
export const bound = (value: number, digits = 2): string => (Math.ceil(value * 10 ** digits - 1e-9) / 10 ** digits).toFixed(digits);

export const nats = (value: number, digits = 2): string => value.toFixed(digits);

/** What one sees at the far end. */
export function tellLie({ divergence, most, score_change, same_top, ranking }: Lie): Sentence {
  const moved = divergence.at(-1)!, kept = same_top.every(Boolean), top = `the top ${ranking[0]!.length}`;
  const begins = moved < NEAR * most ? 'Attention could be moved by only ' : 'Attention moved by ';
  return [
    begins, { title: `${nats(moved)} of at most ${nats(most)} nats` }, '; ', { title: `no score moved by more than ${bound(score_change.at(-1)!)}` },
    kept ? ` and ${top} stayed as it was.` : `, but ${top} did not stay as it was.`,
  ];
}

/** What follows from it and what does not. */
export function follows({ divergence, most }: Lie, { item }: { item: string }): [string, string] {
  if (divergence.at(-1)! < NEAR * most) return [
    'The search found no very different weights that leave the answer as it is: this answer does depend on how attention is spread (the test is Jain & Wallace’s, 2019).',
    'That does not prove that there are none, nor that the learned weights say why (Wiegreffe & Pinter, 2019).',
  ];
  return [
    'What follows: the learned weights are not the only ones that give this answer, so they alone are not the reason for it (Jain & Wallace, 2019).',
    `What does not: that the learned ones are arbitrary. The others were searched for this one history, ${item} by ${item}, while all else in the model was trained together with the learned ones (Wiegreffe & Pinter, 2019).`,
  ];
}

/** One scale for the scores of every frame. */
export const scoresOf = ({ ranking }: Lie): [number, number] => scoreDomain(ranking.flatMap(frame => frame.map(one => one.score)), null);

/** The heaviest weight of any frame. */
export const heaviestOf = ({ weights }: Lie): number => Math.max(1e-9, ...weights.flat());
