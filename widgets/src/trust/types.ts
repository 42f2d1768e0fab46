// What a TrustPanel's kernel tells its page. Names are Python's (trust_report.py, trust_views.py).
import type { Id, Words } from '../types';
import type { Item, Named } from './race_model';

export type Tab = 'measures' | 'race' | 'slider';
export type Removal = 'drop' | 'mask';

export interface Method {
  name: string;
  label: string;
  /** Which of several such explanations this is. */
  note: string | null;
  /** A value below zero says that the item lowers the score. */
  signed: boolean;
  /** One for each item; null where the model lacks what the method needs, which `reason` says. */
  values: number[] | null;
  reason: string | null;
}

export interface Metric {
  name: string;
  label: string;
  says: string;
  better: 'more' | 'less';
}

export interface Report {
  seq: number;
  state: 'ready' | 'measuring' | 'empty' | 'error';
  error: string | null;
  words: Words;
  /** Null until something was measured. */
  target: (Named & { score: number; rank: number }) | null;
  choices: Named[];
  /** Those that the model reads, oldest first. */
  items: Item[];
  unread: number;
  k: number;
  removal: Removal;
  orders: number;
  seed: number;
  methods: Method[];
  metrics: Metric[];
  /** Names of what was measured: methods, uniform and random. */
  rows: string[];
  /** For each of them its value on each metric; null: undefined, and `cells` may say why. */
  values: (number | null)[][];
  cells: Record<string, Record<string, string>>;
  /** Between them lie 95% of the random orders; one value a metric. */
  band: [(number | null)[], (number | null)[]];
  /** What leaving each item out takes from the target's score; a smaller one than `negligible` is none. */
  effects: number[];
  negligible: number;
  /** What the reader should know of the choice of the target, or empty. */
  note: string;
  foot: string;
}

/** The least removal that changes what is recommended first. */
export interface Flip {
  seq: number;
  found: boolean;
  error: string | null;
  removed: number[];
  /** How many items there were. */
  of: number;
  titles: string[];
  before: Named;
  after: Named;
  minimal: boolean | null;
  asked: number;
  removal: Removal;
  played: boolean;
}

/** One of the tabs. Own: what it draws beside the report, of the same `seq`; null: not there yet. */
export interface View<Own> {
  readonly node: HTMLElement;
  update(report: Report, own: Own | null): void;
  dispose(): void;
}

/** The public traits. */
export interface Choice { lens: string; removal: Removal; target: Id | null; tab: Tab }
