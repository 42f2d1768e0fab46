// From what a saved page's explorer shows to what its trust panel reports, and back as a lens: the
// kernel's part (attnrec_widgets/trust_link.py) where there is no kernel. An edit never waits for it.
import type { PageResponder, Present } from '../../engine/page/responder';
import type { Session } from '../../engine/session';
import { type AnyModel, LocalModel } from '../../engine/store';
import * as edits from '../../model/edits';
import { sameIds } from '../../types';
import type { Wish } from '../flip';
import { lensOf } from '../lens_of';
import type { Choice, Report } from '../types';
import { Findings, viewOf } from './findings';
import { choicesOf, keyOf, type Subject, subjectOf } from './subject';
import type { Played, Told, Unnumbered } from './told';

const PAUSE = 200; // ms without a change before anything is measured
const RECENT = 4; // findings that are kept for the way back
const CHOICE = ['lens', 'removal', 'target', 'tab'] as const;

/** The explorer beside it: its traits, its session, and who answers there. */
export interface Beside { model: AnyModel; session: Session; page: PageResponder }

export class PageLink {
  /** What the panel's front end is shown, and where it says what is chosen. */
  readonly model: LocalModel;
  #saved: { key: string; findings: Findings } | null = null;
  #recent = new Map<string, Findings>();
  #here: Findings | null = null;
  #doing: readonly unknown[] = []; // what `#under` ends
  #under = new AbortController();
  #report: Unnumbered<Report> | null = null; // what `_report` was before it was numbered
  #seq = 0;
  #parts = new Map<string, unknown>(); // likewise
  #flipWanted: Findings | null = null;
  #played: Played | null;

  constructor(private told: Told, private beside: Beside) {
    const { traits, report, played } = told, present = beside.page.present();
    this.#played = played;
    this.model = new LocalModel({ ...traits, _report: { ...report, seq: 0 }, _race: {}, _lie: {}, _flip: {} }, content => this.#received(content));
    if (present && report.state === 'ready') this.#begin(present);
    for (const name of CHOICE) this.model.on(`change:${name}`, this.#look);
    beside.session.onChange(this.#look);
    this.#look();
  }

  /** What was saved is what is there at first. */
  #begin(present: Present): void {
    const { traits: { removal, target }, report } = this.told, subject = subjectOf(present, target, removal);
    if (subject.target.id !== report.target?.id) return;
    this.#saved = { key: keyOf(present.state, subject), findings: new Findings(subject, this.told, viewOf(present)) };
  }

  // ---- when it is said ------------------------------------------------------------------------

  #look = (): void => {
    const get = (name: string) => this.model.get(name), choice = { lens: get('lens'), removal: get('removal'), target: get('target'), tab: get('tab') } as Choice;
    try {
      const present = this.beside.page.present();
      if (!present) { this.#halt(); this.#without(); return; }
      if (choice.removal === 'mask' && !this.told.anew.masks) throw new Error(`removal: ${present.source.name} cannot mask positions; use 'drop'`);
      const subject = subjectOf(present, choice.target, choice.removal);
      this.#do(this.#findings(keyOf(present.state, subject), subject), present, choice);
    } catch (error) {
      this.#halt();
      this.#fail(error);
    }
  };

  /** Those of a key, new ones unless they are at hand. */
  #findings(key: string, subject: Subject): Findings {
    const found = key === this.#saved?.key ? this.#saved.findings : this.#recent.get(key) ?? new Findings(subject, this.told, null);
    if (found !== this.#saved?.findings) this.#recent.set(key, found);
    for (const old of [...this.#recent.keys()].slice(0, -RECENT)) this.#recent.delete(old);
    return this.#here = found;
  }

  /** At once what is at hand, the rest when hands rest. */
  #do(findings: Findings, present: Present, choice: Choice): void {
    const view = viewOf(present), doing = [findings, view, choice.lens, choice.tab, present.state.topn, this.#flipWanted === findings];
    if (doing.every((one, i) => one === this.#doing[i])) return;
    this.#halt();
    this.#doing = doing;
    const known = findings.known(view), { signal } = this.#under = new AbortController();
    if (known) this.#show(findings, known, present, choice); else this.#measuring();
    this.#work(findings, present, choice, signal, known ? 0 : PAUSE).catch((error: unknown) => { if (!signal.aborted) this.#fail(error); });
  }

  /** What the tabs show, part by part. */
  async #work(findings: Findings, present: Present, choice: Choice, signal: AbortSignal, pause: number): Promise<void> {
    const still = <Part>(part: Part): Part => { signal.throwIfAborted(); return part; };
    if (pause) await rest(pause, signal);
    const report = still(await findings.report(present, signal));
    if (report !== this.#report || this.#state() !== 'ready') this.#show(findings, report, present, choice);
    if (choice.tab === 'race') this.#put('_race', still(await findings.race(choice.lens, viewOf(present), signal)));
    if (choice.tab === 'slider') this.#put('_lie', findings.lie);
    if (this.#flipWanted === findings) { still(await findings.flipped(signal)); this.#showFlip(findings); }
  }

  #halt(): void {
    this.#under.abort();
    this.#doing = [];
  }

  // ---- how it reaches the panel ---------------------------------------------------------------

  #state(): Report['state'] { return (this.model.get('_report') as Report).state; }

  /** Another report has another `seq`; the same with another lens has not. */
  #show(findings: Findings, report: Unnumbered<Report>, present: Present, { lens }: Choice): void {
    if (report !== this.#report) { this.#forget(); this.#report = report; }
    this.model.set('_report', { ...report, choices: choicesOf(present, findings.subject.target), seq: this.#seq });
    this.#showFlip(findings);
    this.beside.model.set('_lens', lensOf(report, lens, findings.subject.history) ?? {});
  }

  /** The flip that was played, where it led here; else the one at hand, if any. */
  #showFlip(findings: Findings): void {
    if (this.#isPlayed()) this.#put('_flip', this.#played!.flip, { played: true });
    else if (findings.flip) this.#put('_flip', findings.flip);
    else this.model.set('_flip', {});
  }

  #put(name: string, part: object, more: object = {}): void {
    const shown = this.model.get(name) as { seq?: number };
    if (this.#parts.get(name) === part && shown.seq === this.#seq) return;
    this.#parts.set(name, part);
    this.model.set(name, { ...part, ...more, seq: this.#seq });
  }

  #forget(): void {
    this.#seq++;
    for (const name of ['_race', '_lie', '_flip']) this.model.set(name, {});
  }

  #measuring(): void {
    if (this.#state() !== 'measuring') this.model.set('_report', { ...this.model.get('_report') as Report, state: 'measuring', error: null });
  }

  /** An answer is under way, or there is none. */
  #without(): void {
    const { session } = this.beside, error = session.answer()?.error ?? null;
    this.#here = null;
    if (session.kind() !== 'page') this.#fail(session.notice() ?? 'The page answers no more.');
    else if (session.waiting()) this.#measuring();
    else if (error !== null) this.#fail(error);
    else if (this.#state() !== 'empty') {
      this.#forget();
      this.#report = null;
      this.model.set('_report', { ...this.told.report, state: 'empty', error: null, target: null, items: [], metrics: [], foot: '', seq: this.#seq });
      this.beside.model.set('_lens', {});
    }
  }

  /** The last report stays, with a sentence on top. */
  #fail(error: unknown): void {
    const sentence = error instanceof Error ? error.message : String(error), report = this.model.get('_report') as Report;
    if (report.error === sentence) return;
    this.model.set('_report', { ...report, state: 'error', error: sentence });
    this.beside.model.set('_lens', {});
  }

  // ---- the flip, played as an edit ------------------------------------------------------------

  #received(content: unknown): void {
    const { type } = content as { type: Wish };
    if (type === 'flip') { this.#flipWanted = this.#here; this.#played = null; this.#look(); }
    else if (type === 'play_flip') this.#play();
    else if (this.#isPlayed()) this.#undo();
  }

  #isPlayed(): boolean {
    const { history, now } = this.beside.session.traits();
    return this.#played !== null && sameIds(this.#played.history, history) && this.#played.now === now;
  }

  #play(): void {
    const { session } = this.beside, flip = this.#here?.flip, before = session.traits();
    if (!flip?.found || flip.removal === 'mask') return;
    const { history, now, query } = flip.removed.reduceRight((traits, position) => ({ ...traits, ...edits.remove(traits, position) }), before);
    this.#played = { history, now, now_before: before.now, flip };
    session.set({ history, now, query, past: [...session.past(), before.history].slice(-edits.STEPS), future: [] });
  }

  #undo(): void {
    const { session } = this.beside, { history } = session.traits(), to = session.past().at(-1);
    if (to) session.set({ ...edits.replace(to), now: this.#played!.now_before, past: session.past().slice(0, -1), future: [...session.future(), history] });
  }
}

const rest = (ms: number, signal: AbortSignal): Promise<void> => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason as Error); }, { once: true });
});
