// The kernel answers: questions and answers are traits. Each change made here raises `_seq`; an
// answer older than that is stale and dropped. Changes made in Python leave `_seq` as it is, so
// that their answers are always taken. What is wanted only now and then goes by messages, and so
// does what may be wanted next; the kernel's answer to the change itself has the last word.
import { type Id, type Label, type Matches, type Preview, sameIds, type Weighing } from '../types';
import { asArray, asNumber, decodeAnswer, decodeForesight, decodePreview, floats, label } from './decode';
import { Foresight } from './foresight';
import { Memory } from './memory';
import { type Reply, type Responder, sameReply } from './responder';
import { sameState, shownOf, type State, stateOf, without } from './state';
import type { Store } from './store';
import type { Wire } from './wire';

const QUICK = 100; // ms; of a kernel that takes longer nothing is asked that may not be wanted

type Answered = NonNullable<ReturnType<typeof decodeAnswer>>;

export class KernelResponder implements Responder {
  readonly kind = 'kernel';
  #reply: Answered | null = null;
  #seen: unknown = null;
  #labels = new Map<Id, Label>();
  #searched = 0;
  #previews = new Map<number, Preview>();
  #weighings = new Map<string, Weighing>();
  #asked = new Set<string>(); // previews and weighings under way or refused, of the present reply
  #memory = new Memory<Answered>(sameState);
  #foresight = new Foresight(position => this.#foresee(position));
  #askedAt: number | null = null;
  #took = Infinity; // ms, the last answer

  constructor(private store: Store, private wire: Wire, private tell: () => void) { this.changed(); }

  reply(): (Reply & { seq: number }) | null { return this.#reply; }

  waiting(): boolean {
    if (!this.#reply || this.#reply.seq < this.store.seq()) return true;
    return !this.#reply.error && !sameIds(this.#reply.shown.history, this.store.traits().history);
  }

  ask(): void {
    this.store.model.set('_seq', this.store.seq() + 1);
    this.#askedAt = performance.now();
  }

  changed(): void {
    const value = this.store.model.get('_answer');
    if (value !== this.#seen) {
      this.#seen = value;
      this.#take(decodeAnswer(value));
    }
    if (!this.waiting()) return;
    const known = this.#memory.find(stateOf(this.store));
    if (known) this.#show({ ...known, seq: this.store.seq() }); // until the kernel says so too
  }

  #take(answer: Answered | null): void {
    if (!answer) return;
    for (const one of answer.labels) this.#labels.set(one.id, one);
    if (answer.seq < this.store.seq()) return;
    if (this.#askedAt !== null) this.#took = performance.now() - this.#askedAt;
    this.#askedAt = null;
    const state = stateOf(this.store);
    if (!answer.error && shows(answer, state)) this.#memory.keep(state, answer);
    // An error leaves the last picture standing; an answer that was foreseen, too.
    if (answer.error && this.#reply) this.#show({ ...this.#reply, seq: answer.seq, error: answer.error });
    else if (this.#reply && sameReply(this.#reply, answer)) this.#reply.seq = answer.seq;
    else this.#show(answer);
  }

  #show(answer: Answered): void {
    this.#reply = answer;
    this.#previews.clear();
    this.#weighings.clear();
    this.#asked.clear();
    this.#foresight.clear();
  }

  #foresee(position: number): null {
    const state = without(this.store, position);
    if (!state.now || this.#took > QUICK || this.waiting() || this.#reply!.error || this.#memory.find(state)) return null;
    this.wire.request({ type: 'foresight', position, seq: this.store.seq() }).then(({ content, buffers }) => {
      const answer = decodeForesight(content.answer, buffers);
      if (!answer || answer.error || !shows(answer, state)) return; // something else was done in between
      for (const one of answer.labels) this.#labels.set(one.id, one);
      this.#memory.keep(state, answer);
    }, () => {}); // the edit will tell what is wrong
    return null;
  }

  label(id: Id): Label | null { return this.#labels.get(id) ?? this.store.matches().matches.find(l => l.id === id) ?? null; }

  search(text: string): void {
    this.#searched = Math.max(this.#searched, this.store.matches().seq) + 1;
    this.store.model.set('_search', { seq: this.#searched, text });
    this.store.model.save_changes();
  }

  matches(): Matches | null {
    const matches = this.store.matches();
    for (const one of matches.matches) this.#labels.set(one.id, one);
    return this.#searched > 0 && matches.seq === this.#searched ? matches : null;
  }

  preview(position: number): Preview | null { return this.#previews.get(position) ?? null; }
  previews(): number { return this.#previews.size; }

  wish(position: number | null): void {
    if (position === null || this.#previews.has(position) || this.waiting()) return;
    this.#once(`preview ${position}`, { type: 'previews', positions: [position] }, ({ content }) => {
      for (const one of asArray(content.labels).map(label)) this.#labels.set(one.id, one);
      for (const one of asArray(content.previews).map(decodePreview)) this.#previews.set(one.position, one);
    });
  }

  at(position: number | null): void { this.#foresight.at(position); }

  weighing(panel: number, layer: number, head: number): Weighing | null {
    const key = `${panel} ${layer} ${head}`, known = this.#weighings.get(key);
    if (known || this.waiting()) return known ?? null;
    this.#once(`weighing ${key}`, { type: 'weighing', panel, layer, head }, ({ content, buffers }) => {
      const [queries, keys, values] = buffers.map(floats);
      if (queries && keys && values) this.#weighings.set(key, { layer, head, size: asNumber(content.size, 1), first: asNumber(content.first, 1), queries, keys, values });
    });
    return null;
  }

  dispose(): void {
    this.#asked.clear();
    this.#foresight.clear();
  }

  /** Asks for something about the present reply, unless that was done; a reply that comes too late is dropped. */
  #once(what: string, content: Record<string, unknown> & { type: string }, take: (reply: Awaited<ReturnType<Wire['request']>>) => void): void {
    if (this.#asked.has(what)) return;
    this.#asked.add(what);
    const about = this.#reply;
    this.wire.request({ ...content, seq: this.store.seq() }).then(reply => {
      if (this.#reply !== about) return;
      take(reply);
      this.tell();
    }, () => {}); // refused: it is not shown, and not asked for again
  }
}

/** Whether an answer is of a state, what is left out of the ranking aside. */
function shows({ shown }: Answered, state: State): boolean {
  const wanted = shownOf(state, state.layer ?? shown.layer, state.head);
  const same = shown.now === wanted.now && shown.query === wanted.query && shown.topn === wanted.topn && shown.view === wanted.view;
  return same && sameIds(shown.history, wanted.history) && shown.layer === wanted.layer && shown.head === state.head;
}
