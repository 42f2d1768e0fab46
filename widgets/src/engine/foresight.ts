// What a hand at rest on an item is likely to do next is to take it out: that is answered in advance.
const REST = 30; // ms; a hand that passes by foresees nothing

/** Something under way. */
export interface Work { cancel(): void }

export class Foresight {
  #position: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #work: Work | null = null;

  /** `begin` has the state without the item at a position answered; null where there is nothing to do. */
  constructor(private begin: (position: number) => Work | null) {}

  /** The hand is there; null: nowhere. */
  at(position: number | null): void {
    if (position === this.#position) return;
    this.clear();
    this.#position = position;
    if (position !== null) this.#timer = setTimeout(() => { this.#work = this.begin(position); }, REST);
  }

  /** The state is another: what was foreseen was of the one before. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#work?.cancel();
    this.#work = null;
    this.#position = null;
  }
}
