// All that can be said of one subject in the page, each part worked out once and when it is asked for:
// attnrec_widgets/trust_findings.py from forward passes alone. Of the state that was saved, Python's.
import type { Present } from '../../engine/page/responder';
import { ATTENTION } from '../lens_of';
import type { Lie, NoLie } from '../lie_model';
import type { Race } from '../race_model';
import type { Flip, Report } from '../types';
import { randomValues } from './orders';
import { reportOf, withAttention } from './report';
import type { Subject } from './subject';
import type { Told, Unnumbered } from './told';
import { Variants } from './variants';
import { flipOf, raceOf } from './views';

/** A layer and a head, on which of all explanations only attention depends. */
export const viewOf = ({ inspected, state }: Present): string => `${inspected.layer(state.layer)} ${inspected.head(state.head)}`;
const raceKey = (lens: string, view: string): string => (lens === ATTENTION ? `${lens} ${view}` : lens);

export class Findings {
  #variants: Variants;
  #random: number[][];
  #reports = new Map<string, Unnumbered<Report>>();
  #races = new Map<string, Unnumbered<Race>>();
  #flip: Unnumbered<Flip> | null = null;
  #lie: Unnumbered<Lie> | Unnumbered<NoLie> = { error: 'the search for other attention needs the kernel' };
  #saved: Unnumbered<Report> | null = null;

  /** `saved`: the view of it for which Python has worked out everything; null: it has not. */
  constructor(readonly subject: Subject, private told: Told, saved: string | null) {
    this.#variants = new Variants(subject.case);
    this.#random = randomValues(subject.items.length, told.anew.orders, told.anew.seed);
    if (saved === null) return;
    this.#saved = told.report;
    this.#reports.set(saved, told.report);
    for (const [lens, race] of Object.entries(told.races)) this.#races.set(raceKey(lens, saved), race);
    this.#flip = told.flip ?? null;
    this.#lie = told.lie ?? this.#lie;
  }

  known(view: string): Unnumbered<Report> | null { return this.#reports.get(view) ?? null; }
  get flip(): Unnumbered<Flip> | null { return this.#flip; }
  get lie(): Unnumbered<Lie> | Unnumbered<NoLie> { return this.#lie; }

  async report(present: Present, signal: AbortSignal): Promise<Unnumbered<Report>> {
    const view = viewOf(present), found = this.known(view) ?? (this.#saved
      ? await withAttention(this.#saved, present, this.#variants, this.told, signal)
      : await reportOf(this.subject, present, this.#variants, this.#random, this.told, signal));
    this.#reports.set(view, found);
    return found;
  }

  async race(lens: string, view: string, signal: AbortSignal): Promise<Unnumbered<Race>> {
    const key = raceKey(lens, view), found = this.#races.get(key) ?? await raceOf(this.subject, lens, this.known(view)!, this.#variants, this.#random, signal);
    this.#races.set(key, found);
    return found;
  }

  async flipped(signal: AbortSignal): Promise<Unnumbered<Flip>> {
    return this.#flip ??= await flipOf(this.subject, this.#variants, signal);
  }
}
