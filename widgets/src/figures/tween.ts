// Numbers on their way: from what is drawn to what is asked for, on the one clock.
import { lerp } from '../model/scale';
import { DURATION } from '../motion/between';
import { Clock, cubicInOut } from '../motion/clock';

export class Tween {
  /** What is drawn now; NaN where there is nothing. */
  now = new Float32Array();
  #goal = this.now;
  #clock = new Clock();
  #draw: () => void = () => {};

  get moving(): boolean { return this.#clock.running; }

  /** Goes to the numbers. Of other things than were drawn, or with reduced motion, they are there at once. */
  to(goal: Float32Array<ArrayBuffer>, moves: boolean, draw: () => void): void {
    this.#draw = draw;
    if (same(goal, this.#goal)) { draw(); return; } // drawn, or under way
    this.#goal = goal;
    const from = this.now;
    if (!moves || from.length !== goal.length || Clock.still) {
      this.#clock.stop();
      this.now = goal;
      draw();
      return;
    }
    this.#clock.start(DURATION.edit, t => {
      this.now = t < 1 ? goal.map((v, i) => (Number.isNaN(from[i]) ? v : lerp(from[i]!, v, cubicInOut(t)))) : goal;
      this.#draw();
    });
  }

  stop(): void { this.#clock.stop(); }
}

const same = (a: Float32Array, b: Float32Array): boolean => a.length === b.length && a.every((v, i) => v === b[i] || Number.isNaN(v) && Number.isNaN(b[i]));
