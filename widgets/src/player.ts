// Plays a history: what the model sees grows by one, each step once the last one has been drawn.
import { scrub } from './model/edits';
import { clamp } from './model/scale';
import type { Engine } from './types';

const WHOLE = 16_000; // ms that a long history takes, within what follows
const STEP = [200, 1000] as const; // ms a step
const BEGIN = 700; // ms the first item stands alone

export class Player {
  playing = false;
  #timer = 0;

  /** `busy` says whether a step is still being drawn; `changed` is called when playing begins or ends. */
  constructor(private engine: Engine, private busy: () => boolean, private changed: () => void) {}

  toggle(): void {
    const traits = this.engine.traits(), n = traits.history.length;
    if (this.playing) this.halt();
    else if (n > 1) {
      this.playing = true;
      if (traits.now === null || traits.now >= n) this.engine.set(scrub(traits, 1));
      this.#timer = window.setTimeout(this.#step, BEGIN);
    }
    this.changed();
  }

  halt(): void {
    this.playing = false;
    clearTimeout(this.#timer);
  }

  #step = (): void => {
    const traits = this.engine.traits(), n = traits.history.length, now = traits.now ?? n;
    if (!this.playing || now >= n) { this.halt(); this.changed(); return; }
    const waiting = this.engine.waiting() || this.busy();
    if (!waiting) this.engine.set(scrub(traits, now + 1));
    this.#timer = window.setTimeout(this.#step, waiting ? 60 : clamp(WHOLE / n, ...STEP));
  };
}
