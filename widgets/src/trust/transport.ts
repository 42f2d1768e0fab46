// A slider over steps that can also be played. What is drawn runs on between the steps; what is told
// is always one of them.
import { attributes, el } from '../dom';
import { clamp, lerp } from '../model/scale';
import { Clock } from '../motion/clock';
import { DURATION } from '../motion/between';
import { icon } from '../views/titles';

const PLAY = 'M3.5 2.2v9.6l7.6-4.8z', PAUSE = 'M4.2 2.4v9.2M9.8 2.4v9.2';
const WHOLE = 15_000, QUICKEST = 100; // ms that a long way takes, and that a step takes at least

interface Options {
  /** Names its two parts: data-role=<role>-play, <role>-scrub. */
  role: string;
  /** What is played, and what the slider moves. */
  plays: string;
  slides: string;
  /** Milliseconds a step, played. */
  pace: number;
  /** The step that is told where the slider stands between two. */
  told: (value: number) => number;
  draw: () => void;
}

export class Transport {
  readonly button: HTMLButtonElement;
  readonly range: HTMLInputElement;
  playing = false;
  /** Where the slider stands, in steps, and the step that is told. */
  value = 0;
  step = 0;
  #last = 0;
  #goal = 0; // the step that it is moving to
  #clock = new Clock();
  #dragging = false;

  constructor(private options: Options) {
    const { role, slides } = options;
    this.button = el('button', { type: 'button', class: 'play', 'data-role': `${role}-play` });
    this.range = el('input', { type: 'range', min: 0, max: 0, step: 1, 'aria-label': slides, 'data-role': `${role}-scrub` });
    this.button.addEventListener('click', this.toggle);
    this.range.addEventListener('pointerdown', () => { this.halt(); this.#dragging = true; this.range.step = 'any'; });
    this.range.addEventListener('keydown', event => { if (/^(Arrow|Page|Home|End)/.test(event.key)) this.#steady(); });
    this.range.addEventListener('input', this.#moved);
    for (const end of ['change', 'pointerup', 'pointercancel']) this.range.addEventListener(end, this.#released);
    this.#paint();
  }

  get moving(): boolean { return this.#clock.running; }

  /** Other data of `last` steps; begins where it stood as a share of them, unless told where. */
  reset(last: number, at = this.#last ? Math.round(this.step / this.#last * last) : 0): void {
    this.halt();
    this.#last = last;
    this.range.max = String(last);
    this.value = this.step = this.#goal = clamp(at, 0, last);
    this.#draw();
  }

  /** Moves to a step; `done` is called there, unless something else comes between. */
  to(step: number, duration = DURATION.track as number, ease = (t: number) => 1 - (1 - t) ** 2, done: () => void = () => {}): void {
    const from = this.value, to = this.#goal = clamp(step, 0, this.#last);
    this.#clock.start(duration, t => {
      this.value = t < 1 && !Clock.still ? lerp(from, to, ease(t)) : to;
      this.step = t < 1 && !Clock.still ? this.options.told(this.value) : to;
      this.#draw();
    }, () => { this.#draw(); done(); });
  }

  toggle = (): void => {
    if (this.playing) { this.halt(); this.to(this.step); return; }
    if (!this.#last) return;
    this.playing = true;
    if (this.value < this.#last) this.#next();
    else this.to(0, DURATION.lens, undefined, this.#next);
    this.#paint();
  };

  halt(): void {
    this.playing = false;
    this.#clock.stop();
    this.#paint();
  }

  /** Stops at the step that is told. */
  rest(): void {
    this.halt();
    this.value = this.#goal = this.step;
    this.#draw();
  }

  #next = (): void => {
    const at = Math.floor(this.value + 1e-6);
    if (at >= this.#last) { this.halt(); this.#draw(); return; }
    this.to(at + 1, clamp(WHOLE / this.#last, QUICKEST, this.options.pace), t => t, this.#next);
  };

  /** So that a key goes on from the step that the last one led to. */
  #steady(): void {
    this.halt();
    this.range.step = '1';
    this.range.value = String(this.#goal);
  }

  #moved = (): void => {
    const value = Number(this.range.value);
    if (!this.#dragging) { this.halt(); this.to(Math.round(value)); return; }
    this.value = value;
    this.step = clamp(this.options.told(value), 0, this.#last);
    this.options.draw();
  };

  #released = (): void => {
    if (!this.#dragging) return;
    this.#dragging = false;
    this.to(this.step);
  };

  #draw(): void {
    this.range.step = this.moving ? 'any' : '1';
    this.range.value = String(this.value);
    this.options.draw();
  }

  #paint(): void {
    const name = this.playing ? 'Pause' : 'Play';
    if (this.button.getAttribute('aria-label') === `${name} ${this.options.plays}`) return;
    attributes(this.button, { 'aria-label': `${name} ${this.options.plays}`, title: `${name} (space)` });
    this.button.replaceChildren(icon(this.playing ? PAUSE : PLAY));
  }
}

/** Space plays wherever the focus is, but on a button, which it presses, or where one writes. */
export function playsOnSpace(root: HTMLElement, transport: Transport): void {
  root.addEventListener('keydown', event => {
    const target = event.target as HTMLElement;
    if (event.key !== ' ' || event.ctrlKey || event.metaKey || event.altKey || target.closest('button, a, select, input:not([type=range])')) return;
    event.preventDefault();
    event.stopPropagation();
    transport.toggle();
  });
}
