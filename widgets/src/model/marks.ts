// What is drawn, as numbers: the same type describes a state at rest and every moment between two.
import type { Answer, Id, Traits } from '../types';
import { type LensView, ownShares } from './lens';

export interface HistoryMark {
  key: string;
  id: Id;
  /** 1-based; 0 while leaving. */
  position: number;
  /** Where its row begins, in rows from the top of the whole list. */
  order: number;
  /** 1, less while it opens or closes. */
  height: number;
  opacity: number;
  /** Attention, one a panel, or a lens's share in its place; null where the query does not see it, or is not known yet. */
  weights: (number | null)[];
  /** What a lens tells of it, from −1 (lowers the target most) to 1; null: nothing. */
  hue: number | null;
}
export interface RankMark {
  id: Id;
  /** 0-based and fractional while moving. */
  rank: number;
  score: number;
  opacity: number;
  dot: number;
  /** Who rises is drawn in front of who falls. */
  z: number;
  leaving: boolean;
}
export interface PanelMarks { ranks: RankMark[]; scale: number }
export interface Marks {
  history: HistoryMark[];
  panels: PanelMarks[];
  /** Where `now` stands, in rows from the top of the whole list. */
  now: number;
  /** How many the model sees: `now` at rest. */
  seen: number;
  /** The first row of the list in sight, where only a window of it is. */
  first: number;
}

/** The state at rest that the traits and the answer describe. While the answer is to another history, attention is unknown. */
export function marksOf(traits: Traits, answer: Answer | null, keys: string[], fresh: boolean, scales: number[], first: number, lens: LensView | null): Marks {
  const now = Math.min(traits.now ?? traits.history.length, traits.history.length);
  const panels = answer?.panels ?? [];
  const query = fresh && answer ? answer.shown.query : now;
  const history = traits.history.map((id, i) => ({
    key: keys[i]!, id, position: i + 1, order: i, height: 1, opacity: 1,
    weights: panels.map((p, k) => {
      const own = ownShares(lens, k), read = own ?? p.row;
      return fresh && read && i < (own ? now : Math.min(query, now)) ? read[i] ?? 0 : null;
    }),
    hue: lens?.hues[i] ?? null,
  }));
  return {
    history, now, seen: now, first,
    panels: panels.map((p, k) => ({
      scale: scales[k] ?? 100,
      ranks: traits.history.length ? p.recommendations.map(r => ({ id: r.id, rank: r.rank - 1, score: r.score, opacity: 1, dot: 1, z: 1, leaving: false })) : [],
    })),
  };
}
