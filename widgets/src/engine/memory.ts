// The answers used last, so that a state that comes again, or was foreseen, is answered at once.
import type { State } from './state';

const MOST = 12; // for each map of 200 items, of one head, a sixth of a megabyte each

export class Memory<T> {
  #kept: { state: State; answer: T }[] = []; // the one used last at the end

  /** `same`: whether two states have one answer. */
  constructor(private same: (a: State, b: State) => boolean) {}

  find(state: State): T | null {
    const found = this.#kept.find(one => this.same(one.state, state));
    if (found) this.keep(state, found.answer);
    return found?.answer ?? null;
  }

  keep(state: State, answer: T): void {
    this.#kept = [...this.#kept.filter(one => !this.same(one.state, state)), { state, answer }].slice(-MOST);
  }
}
