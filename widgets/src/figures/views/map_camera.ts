// Which part of a map is seen: how near, and around what. Wheel, drag, + and - and 0 move it.
import { clamp } from '../../model/scale';
import { Tween } from '../tween';

const NEAREST = 64, STEP = 1.5, PER_PIXEL = .0022, SLIP = 3; // times; a key's; a wheel's; px that a click may move

/** Where points lie: the middle of all, and how far they reach to either side of it. */
export interface Reach { x: number; y: number; across: number; up: number }

export class Camera {
  width = 1;
  height = 1;
  dragging = false;
  #tween = new Tween(); // x, y of the middle, and the logarithm of the zoom
  #goal = new Float32Array(3);
  #reach: Reach = { x: 0, y: 0, across: 1, up: 1 };
  #frame = 0;
  #hand = new AbortController();

  /** `paint`: it has moved; `begun`: it is about to. */
  constructor(private paint: () => void, private begun: () => void) { this.#tween.now = this.#goal; }

  get moving(): boolean { return this.#tween.moving || this.#frame !== 0; }
  get zoom(): number { return Math.exp(this.#tween.now[2]!); }
  /** Pixels for a unit of the map. */
  get scale(): number { return this.#fits * this.zoom; }
  /** Where (0, 0) of the map lies on the screen. */
  get left(): number { return this.width / 2 - this.#tween.now[0]! * this.scale; }
  get top(): number { return this.height / 2 + this.#tween.now[1]! * this.scale; }
  get #fits(): number { return Math.min((this.width - 2 * this.margin) / (2 * this.#reach.across), (this.height - 2 * this.margin) / (2 * this.#reach.up)); }
  get margin(): number { return Math.min(36, this.width / 10); }

  /** Room, and what is to be seen in it; another map is seen as a whole. */
  fit(width: number, height: number, reach: Reach): void {
    const same = (['x', 'y', 'across', 'up'] as const).every(side => reach[side] === this.#reach[side]);
    if (same && width === this.width && height === this.height) return;
    [this.width, this.height, this.#reach] = [width, height, reach];
    this.#look(...(same ? [...this.#goal] : [reach.x, reach.y, 0]) as [number, number, number]);
    this.stop();
    this.#tween.to(this.#goal, false, () => {});
  }

  stop(): void { cancelAnimationFrame(this.#frame); this.#frame = 0; this.#tween.stop(); }
  dispose(): void { this.stop(); this.#hand.abort(); }

  sees(x: number, y: number): boolean {
    const px = this.left + x * this.scale, py = this.top - y * this.scale;
    return px >= 0 && px <= this.width && py >= 0 && py <= this.height;
  }

  /** Brings a point into the middle, and near enough to be told from its neighbours. */
  go(x: number, y: number, nearer = 1): void { this.#look(x, y, Math.max(this.#goal[2]!, Math.log(nearer))); this.#arrive(true); }

  /** Makes sure that a point is seen, at once. */
  show(x: number, y: number): void {
    this.stop();
    this.#tween.now = this.#goal;
    if (!this.sees(x, y)) { this.#look(x, y, this.#goal[2]!); this.#tween.to(this.#goal, false, this.paint); } else this.paint();
  }

  /** Nearer or farther; what is at (x, y) on the screen stays there. */
  by(factor: number, x = this.width / 2, y = this.height / 2, smooth = true): void {
    const [cx, cy, was] = this.#goal as unknown as [number, number, number], next = clamp(was + Math.log(factor), 0, Math.log(NEAREST));
    const here = this.#fits * Math.exp(was), there = this.#fits * Math.exp(next), dx = x - this.width / 2, dy = this.height / 2 - y;
    this.#look(cx + dx / here - dx / there, cy + dy / here - dy / there, next);
    this.#arrive(smooth);
  }

  whole(): void { this.#look(this.#reach.x, this.#reach.y, 0); this.#arrive(true); }

  /** The map never leaves the stage: its whole is what is seen from the farthest. */
  #look(x: number, y: number, zoom: number): void {
    const free = 1 - Math.exp(-zoom), wide = this.width / this.#fits / 2 * free, tall = this.height / this.#fits / 2 * free;
    this.#goal = new Float32Array([clamp(x, this.#reach.x - wide, this.#reach.x + wide), clamp(y, this.#reach.y - tall, this.#reach.y + tall), zoom]);
  }

  #arrive(smooth: boolean): void {
    if (smooth) { cancelAnimationFrame(this.#frame); this.#frame = 0; this.#tween.to(this.#goal, true, this.paint); }
    else this.#frame ||= requestAnimationFrame(() => { this.#frame = 0; this.#tween.to(this.#goal, false, this.paint); });
    this.begun();
  }

  /** `surface` is dragged and takes the wheel, `stage` the keys; `around`: what keys zoom in on, on the screen. */
  listen(stage: HTMLElement, surface: HTMLElement, around: () => [number, number] | null): void {
    const { signal } = this.#hand;
    let pressed: { x: number; y: number } | null = null;
    surface.addEventListener('wheel', event => {
      if (!event.ctrlKey && !event.metaKey && !stage.matches(':focus')) return; // the notebook scrolls
      const down = event.deltaY * (event.deltaMode === 1 ? 16 : 1) * (event.ctrlKey ? 3 : 1), { left, top } = surface.getBoundingClientRect(); // a pinch comes in small steps
      if (down > 0 && this.#goal[2] === 0 && !event.ctrlKey) return;
      event.preventDefault();
      this.by(Math.exp(-clamp(down, -300, 300) * PER_PIXEL), event.clientX - left, event.clientY - top, false);
    }, { signal, passive: false });
    surface.addEventListener('pointerdown', event => { if (event.button === 0) pressed = { x: event.clientX, y: event.clientY }; this.dragging = false; }, { signal });
    surface.addEventListener('pointermove', event => {
      if (!pressed || !(event.buttons & 1)) { pressed = null; return; }
      const dx = event.clientX - pressed.x, dy = event.clientY - pressed.y;
      if (!this.dragging && Math.hypot(dx, dy) <= SLIP) return;
      if (!this.dragging) { this.dragging = true; surface.setPointerCapture(event.pointerId); }
      pressed = { x: event.clientX, y: event.clientY };
      const scale = this.#fits * Math.exp(this.#goal[2]!);
      this.#look(this.#goal[0]! - dx / scale, this.#goal[1]! + dy / scale, this.#goal[2]!);
      this.#arrive(false);
    }, { signal });
    for (const end of ['pointerup', 'pointercancel'] as const) surface.addEventListener(end, () => { pressed = null; }, { signal });
    // The end of a drag is no click.
    stage.addEventListener('click', event => { if (this.dragging) event.stopImmediatePropagation(); this.dragging = false; }, { signal, capture: true });
    stage.addEventListener('keydown', event => {
      if (event.target !== stage || event.ctrlKey || event.metaKey || event.altKey || !/^[-+=0]$/.test(event.key)) return;
      if (event.key === '0') this.whole(); else this.by(event.key === '-' ? 1 / STEP : STEP, ...(around() ?? []));
      event.preventDefault();
      event.stopPropagation();
    }, { signal });
  }

  /** Three buttons that do what the keys do. */
  press(key: '+' | '-' | '0'): void { if (key === '0') this.whole(); else this.by(key === '-' ? 1 / STEP : STEP); }
}
