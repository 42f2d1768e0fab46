// One clock. Starting it again interrupts what it was doing; the new motion begins from what is
// drawn, which is the caller's to remember.

const prefersStill = (): boolean => globalThis.matchMedia?.('(prefers-reduced-motion: reduce)').matches ?? false;

export class Clock {
  #frame = 0;
  #done: (() => void) | null = null;

  get running(): boolean { return this.#frame !== 0; }
  static get still(): boolean { return prefersStill(); }

  /** Calls `step` with 0..1 over `duration` milliseconds, the last time with 1, then `done`. */
  start(duration: number, step: (t: number) => void, done: () => void = () => {}): void {
    this.stop();
    this.#done = done;
    const began = performance.now();
    const tick = (time: number) => {
      const t = duration > 0 ? Math.min(1, Math.max(0, (time - began) / duration)) : 1;
      this.#frame = t < 1 ? requestAnimationFrame(tick) : 0;
      step(t);
      if (t >= 1 && this.#done === done) { this.#done = null; done(); }
    };
    this.#frame = requestAnimationFrame(tick);
  }

  /** Leaves the motion where it is. */
  stop(): void {
    if (this.#frame) cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#done = null;
  }
}

export const cubicInOut = (t: number): number => (t < .5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);
