// What Python wrote of a panel into a saved page (attnrec_widgets/trust_saved.py).
import type { Id } from '../../types';
import type { Lie, NoLie } from '../lie_model';
import type { Race } from '../race_model';
import type { Choice, Flip, Metric, Removal, Report } from '../types';

/** Without the number of the report that a part belongs to, which the page gives. */
export type Unnumbered<Part> = Omit<Part, 'seq'>;

/** A flip that was played: what it led to, and where `now` stood before. */
export interface Played { history: Id[]; now: number | null; now_before: number | null; flip: Unnumbered<Flip> }

/** What the page needs to measure another state, and to say so as Python does. */
export interface Anew {
  /** Items that an explanation of fixed length names; of a shorter history, all. */
  k: number;
  orders: number;
  seed: number;
  /** The model can be asked with positions masked in place. */
  masks: boolean;
  /** `{k}` is to be filled in. */
  metrics: Metric[];
  /** Why the model has not what a method needs, whatever the history; null: it has. */
  lacks: Record<string, string | null>;
  removals: Record<Removal, string>;
  provenance: string[];
}

export interface Told {
  traits: Choice;
  report: Unnumbered<Report>;
  /** By the lens; those parts are there where the report is ready. */
  races: Record<string, Unnumbered<Race>>;
  flip?: Unnumbered<Flip>;
  lie?: Unnumbered<Lie> | Unnumbered<NoLie>;
  played: Played | null;
  anew: Anew;
}
