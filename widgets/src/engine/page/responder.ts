// The page answers: the exported models, run in the worker that all widgets of the page share. Only an
// edit that changes what the models see is asked there; layers, heads and views are read from the
// answer at hand. `_seq` stays as it is: raising it would ask Python too.
import { type Id, type Label, type Matches, type Preview, sameIds, type Weighing } from '../../types';
import type { Reply, Responder } from '../responder';
import type { PageMaker } from '../session';
import type { Store } from '../store';
import { PRIORITY } from '../../worker/protocol';
import { hostOfPage } from './host';
import { Inspection } from './inspection';
import { type Inspected, panelOf } from './panel';
import { byWeight, Previews } from './previews';
import { Source } from './source';
import { Foresight } from '../foresight';
import { Memory } from '../memory';
import { sameQuestion, sameState, shownOf, type State, stateOf, without } from '../state';
import { KernelSupply, type Supply } from './supply';
import { Weighings } from './weighings';

/** What the first model answered to the present state. */
export interface Present { source: Source; state: State; inspected: Inspected }

/** An answer of all models, and what comes on demand with it. */
interface Answered { state: State; inspected: Inspected[]; previews: Previews; weighings: Weighings }

export class PageResponder implements Responder {
  readonly kind = 'page';
  #reply: (Reply & { seq: number }) | null = null;
  #wanted: State | null = null; // what the traits said last
  #under: { state: State; inspection: Inspection } | null = null;
  #present: Answered | null = null;
  #matches: Matches | null = null;
  #memory = new Memory<Inspected[]>(sameQuestion);
  #foresight = new Foresight(position => this.#foresee(without(this.store, position)));
  #seq: number;
  #heldOut: Id | null;

  /** `tell` is called when something has come; `failed` when no answers will come any more. */
  constructor(private store: Store, private sources: Source[], private tell: () => void, private failed: (sentence: string) => void, private release: () => void) {
    this.#seq = store.seq();
    this.#heldOut = store.setup().heldOut;
  }

  dispose(): void {
    this.#under?.inspection.cancel();
    this.#drop();
    this.release();
  }

  reply(): (Reply & { seq: number }) | null { return this.#reply; }
  waiting(): boolean { return this.#reply === null || this.#under !== null; }

  /** Null while an answer is under way, and where there is none. */
  present(): Present | null {
    const state = this.#wanted, [source] = this.sources, inspected = this.#present?.inspected[0];
    if (!state || !source || !inspected || this.waiting() || this.#reply!.error !== null) return null;
    return sameQuestion(this.#present!.state, state) ? { source, state, inspected } : null;
  }

  /** What a raised `_seq` does for the kernel, the new state does here. */
  ask(): void { this.changed(); }

  changed(): void {
    try {
      this.#look(stateOf(this.store));
    } catch (error) { // an item that no catalogue has
      this.#say(error instanceof Error ? error.message : String(error));
    }
  }

  #look(state: State): void {
    if (this.#wanted && sameState(this.#wanted, state)) return;
    this.#wanted = state;
    const under = this.#under;
    if (under && sameQuestion(under.state, state)) return; // its answer will be read as is wanted then
    under?.inspection.cancel();
    this.#under = null;
    this.#foresight.clear();
    if (!state.now) { this.#answer(state, []); return; }
    if (this.#present && sameQuestion(this.#present.state, state)) {
      // Previews go on, unless they were ended for a question since, or what the models do not see is another.
      if (!under && sameIds(this.#present.state.history, state.history)) this.#show(state, this.#present.inspected);
      else this.#answer(state, this.#present.inspected);
      return;
    }
    const known = this.#memory.find(state);
    if (known) { this.#answer(state, known); return; }
    this.#present?.previews.cancel();
    const inspection = new Inspection(this.sources, state, inspected => this.#arrived(state, inspected), (source, message) => this.#broke(source, message));
    this.#under = { state, inspection };
  }

  #arrived(state: State, inspected: Inspected[]): void {
    this.#under = null;
    const wrong = inspected.findIndex(({ answer }) => answer.error !== undefined);
    if (wrong >= 0) this.#say(`${this.sources[wrong]!.name} ${inspected[wrong]!.answer.error}`);
    else { this.#memory.keep(state, inspected); this.#answer(this.#wanted!, inspected); }
    this.tell();
  }

  #answer(state: State, inspected: Inspected[]): void {
    this.#drop();
    this.#show(state, inspected);
    if (!inspected.length) return;
    const { row } = this.#reply!.panels[0]!, present = { state, heldOut: this.#heldOut, inspected };
    const previews = new Previews(this.sources, present, byWeight(row, state.history.length), position => without(this.store, position), this.tell);
    this.#present = { state, inspected, previews, weighings: new Weighings(this.sources, state, this.tell) };
    for (const source of this.sources) void source.warm(source.read(state));
  }

  #show(state: State, inspected: Inspected[]): void {
    const panels = inspected.map((one, i) => panelOf(this.sources[i]!.name, this.sources[i]!.model.catalogue, one, state, this.#heldOut));
    const [first] = inspected, shown = shownOf(state, first?.layer(state.layer) ?? null, first?.head(state.head) ?? null);
    this.#reply = { seq: ++this.#seq, error: null, shown, panels };
  }

  #foresee(state: State): Inspection | null {
    if (!state.now || this.#reply?.error || this.#memory.find(state)) return null;
    const right = (all: Inspected[]) => all.every(({ answer }) => answer.error === undefined);
    const keep = (inspected: Inspected[]) => { if (right(inspected)) this.#memory.keep(state, inspected); };
    return new Inspection(this.sources, state, keep, () => {}, PRIORITY.foresight); // an edit will tell what is wrong
  }

  /** An error leaves the last picture standing. */
  #say(error: string): void {
    const shown = this.#wanted ? shownOf(this.#wanted, null, null) : null;
    if (this.#reply) this.#reply = { ...this.#reply, seq: ++this.#seq, error };
    else if (shown) this.#reply = { seq: ++this.#seq, error, shown, panels: [] };
  }

  #broke(source: Source, message: string): void {
    this.#under = null;
    this.failed(`${source.name} stopped answering in the page (${message})`);
  }

  #drop(): void {
    this.#foresight.clear();
    this.#present?.previews.cancel();
    this.#present?.weighings.cancel();
    this.#present = null;
  }

  // ---- on demand ----------------------------------------------------------------------------

  label(id: Id): Label | null { return this.sources[0]!.model.catalogue.label(id); }

  search(text: string): void {
    const { catalogue } = this.sources[0]!.model, seq = (this.#matches?.seq ?? 0) + 1;
    const matches = text.trim() ? catalogue.search(text).map(id => catalogue.label(id)!) : this.store.setup().examples;
    this.#matches = { seq, text, matches };
    this.tell();
  }

  matches(): Matches | null { return this.#matches; }
  preview(position: number): Preview | null { return this.#present?.previews.get(position) ?? null; }
  previews(): number { return this.#present?.previews.count ?? 0; }
  wish(position: number | null): void { this.#present?.previews.wish(position); }
  at(position: number | null): void { this.#foresight.at(position); }
  weighing(panel: number, layer: number, head: number): Weighing | null {
    return this.waiting() ? null : this.#present?.weighings.get(panel, layer, head) ?? null;
  }
}

/** Makes the responder once it has an answer; what it needs comes from the kernel, or from `given`. */
export function pageMaker(given?: Supply): (...options: Parameters<PageMaker>) => Promise<PageResponder> {
  return async (store, wire, tell, failed) => {
    const supply = given ?? new KernelSupply(wire), after = given ? '.' : ': the kernel answers.';
    const releases: (() => void)[] = [], release = () => { for (const one of releases.splice(0)) one(); };
    try {
      const { host, release: letGo } = hostOfPage(), { sources, heldOut } = store.setup();
      releases.push(letGo);
      await host.start(supply);
      const mine = await Promise.all(sources.map(async ({ name, key }, k) => {
        const { model, release: close } = host.model(key);
        releases.push(close);
        await model.open(supply, k);
        const source = new Source(name, k, model, supply, heldOut), items = Math.min(store.traits().history.length, model.limit);
        await source.ready('inspect', items, PRIORITY.edit);
        return source;
      }));
      return await firstAnswer(store, mine, tell, sentence => failed(sentence + after), release);
    } catch (error) {
      release();
      throw new Error(`The page cannot run the model (${error instanceof Error ? error.message : String(error)})${after}`);
    }
  };
}

/** Until it has answered once, nobody hears of it. */
function firstAnswer(store: Store, sources: Source[], tell: () => void, failed: (sentence: string) => void, release: () => void): Promise<PageResponder> {
  return new Promise((resolve, reject) => {
    let begun = false;
    const done = () => { if (begun) tell(); else if (!page.waiting()) { begun = true; resolve(page); } };
    const page: PageResponder = new PageResponder(store, sources, done, sentence => { if (begun) failed(sentence); else reject(new Error(sentence)); }, release);
    page.changed();
    done();
  });
}
