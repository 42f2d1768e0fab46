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
  // Where the middle of the map lies on the screen, x and y, and the zoom. A straight way between two
  // of these leaves in its place what is zoomed in on.
  #tween = new Tween();
  #goal = new Float32Array([0, 0, 1]);
  #reach: Reach = { x: 0, y: 0, across: 1, up: 1 };
  #frame = 0;
  #hand = new AbortController();

  /** `paint`: it has moved; `begun`: it is about to. */
  constructor(private paint: () => void, private begun: () => void) { this.#tween.now = this.#goal; }

  get moving(): boolean { return this.#tween.moving || this.#frame !== 0; }
  get zoom(): number { return this.#tween.now[2]!; }
  /** Pixels for a unit of the map. */
  get scale(): number { return this.#fits * this.zoom; }
  /** Where (0, 0) of the map lies on the screen. */
  get left(): number { return this.#tween.now[0]! - this.#reach.x * this.scale; }
  get top(): number { return this.#tween.now[1]! + this.#reach.y * this.scale; }
  get #fits(): number {
    const margin = Math.min(36, this.width / 10), { across, up } = this.#reach;
    return Math.min((this.width / 2 - margin) / across, (this.height / 2 - margin) / up);
  }

  /** Room, and what is to be seen in it; another map is seen as a whole. */
  fit(width: number, height: number, reach: Reach): void {
    const same = (['x', 'y', 'across', 'up'] as const).every(side => reach[side] === this.#reach[side]);
    if (same && width === this.width && height === this.height) return;
    const [x, y, zoom] = this.#ahead, before = this.#fits, aside = x - this.width / 2, above = y - this.height / 2;
    [this.width, this.height, this.#reach] = [width, height, reach];
    const grows = this.#fits / before;
    if (same) this.#look(width / 2 + aside * grows, height / 2 + above * grows, zoom); else this.#look(width / 2, height / 2, 1);
    this.#settle();
  }

  dispose(): void { this.#settle(); this.#hand.abort(); }

  sees(x: number, y: number): boolean {
    const px = this.left + x * this.scale, py = this.top - y * this.scale;
    return px >= 0 && px <= this.width && py >= 0 && py <= this.height;
  }

  /** Brings a point into the middle, and at least so near. */
  go(x: number, y: number, nearer = 1): void { this.#centre(x, y, Math.max(this.#goal[2]!, nearer)); this.#arrive(true); }

  /** Makes sure that a point is seen, at once. */
  show(x: number, y: number): void {
    this.#settle();
    if (!this.sees(x, y)) { this.#centre(x, y, this.zoom); this.#settle(); }
    this.paint();
  }

  /** Nearer or farther; what is at (x, y) on the screen stays there. */
  by(factor: number, x = this.width / 2, y = this.height / 2, smooth = true): void {
    const [px, py, was] = this.#ahead, zoom = clamp(was * factor, 1, NEAREST), grows = zoom / was;
    this.#look(x + (px - x) * grows, y + (py - y) * grows, zoom);
    this.#arrive(smooth);
  }

  /** By a key or a button; around a point of the map. */
  press(key: string, around: [number, number] | null = null): void {
    const [px, py, zoom] = this.#ahead, scale = this.#fits * zoom, factor = key === '-' ? 1 / STEP : STEP;
    if (key === '0') { this.#look(this.width / 2, this.height / 2, 1); this.#arrive(true); return; }
    if (around) this.by(factor, px + (around[0] - this.#reach.x) * scale, py - (around[1] - this.#reach.y) * scale); else this.by(factor);
  }

  get #ahead(): [number, number, number] { return [...this.#goal] as [number, number, number]; }

  #centre(x: number, y: number, zoom: number): void {
    const scale = this.#fits * zoom;
    this.#look(this.width / 2 - (x - this.#reach.x) * scale, this.height / 2 + (y - this.#reach.y) * scale, zoom);
  }

  /** The map never leaves the stage: its whole is what is seen from the farthest. */
  #look(x: number, y: number, zoom: number): void {
    const free = (zoom - 1) / 2, inside = (v: number, size: number) => clamp(v, size / 2 - free * size, size / 2 + free * size);
    this.#goal = new Float32Array([inside(x, this.width), inside(y, this.height), zoom]);
  }

  #arrive(smooth: boolean): void {
    if (smooth) { cancelAnimationFrame(this.#frame); this.#frame = 0; this.#tween.to(this.#goal, true, this.paint); }
    else this.#frame ||= requestAnimationFrame(() => { this.#frame = 0; this.#tween.to(this.#goal, false, this.paint); });
    this.begun();
  }

  /** What was on its way is there. */
  #settle(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#tween.stop();
    this.#tween.to(this.#goal, false, () => {});
    this.#tween.now = this.#goal;
  }

  /** `surface` is dragged and takes the wheel, `stage` the keys; `pointed`: what these zoom in on. */
  listen(stage: HTMLElement, surface: HTMLElement, pointed: () => [number, number] | null): void {
    const { signal } = this.#hand;
    let pressed: { x: number; y: number } | null = null;
    surface.addEventListener('wheel', event => {
      if (!event.ctrlKey && !event.metaKey && !stage.matches(':focus')) return; // the notebook scrolls
      const down = event.deltaY * (event.deltaMode === 1 ? 16 : 1) * (event.ctrlKey ? 3 : 1), { left, top } = surface.getBoundingClientRect(); // a pinch comes in small steps
      if (down > 0 && this.#goal[2] === 1 && !event.ctrlKey) return;
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
      const [px, py, zoom] = this.#ahead;
      this.#look(px + dx, py + dy, zoom);
      this.#arrive(false);
    }, { signal });
    for (const end of ['pointerup', 'pointercancel'] as const) surface.addEventListener(end, () => { pressed = null; }, { signal });
    // The end of a drag is no click.
    stage.addEventListener('click', event => { if (this.dragging) event.stopImmediatePropagation(); this.dragging = false; }, { signal, capture: true });
    stage.addEventListener('keydown', event => {
      if (event.target !== stage || event.ctrlKey || event.metaKey || event.altKey || !/^[-+=0]$/.test(event.key)) return;
      this.press(event.key, pointed());
      event.preventDefault();
      event.stopPropagation();
    }, { signal });
  }
}
