// The whole map of one layer and head. The list's rows are its query axis; the key and the reading
// stand in the triangle that a causal model leaves empty.
import { el, fitCanvas, place, setText, svg } from '../dom';
import type { Block, PanelLayout } from '../layout';
import { sequential } from '../model/colour';
import type { Marks } from '../model/marks';
import { lensInFull } from '../model/sentence';
import { clamp, lerp } from '../model/scale';
import type { Actions, Picture, ViewPart } from '../picture';

interface Cells { at: Map<string, { order: number; index: number }>; weights: Float32Array; n: number; peak: number }

export class Matrix implements ViewPart {
  readonly node = el('section', { class: 'matrix', 'data-role': 'matrix' });
  readonly over = svg('g');
  #canvas = el('canvas', { class: 'abs', role: 'img' });
  #head = el('div', { class: 'head abs' }, el('b', {}, 'Looks at'), el('span'));
  #columns = el('div', { 'aria-hidden': 'true' });
  #key = el('div', { class: 'abs key' });
  #before: Cells | null = null;
  #after: Cells | null = null;
  #cell: { query: number; key: number } | null = null;
  #picture: Picture | null = null;

  constructor(private block: Block, private panel: PanelLayout, private act: Actions) {
    this.node.append(this.#head, this.#columns, this.#canvas, this.#key);
    this.#canvas.addEventListener('pointermove', event => this.#point(event));
    this.#canvas.addEventListener('pointerleave', () => this.#point(null));
    this.#canvas.addEventListener('click', () => { if (this.#cell) act.read(this.#cell.query); });
  }

  #point(event: PointerEvent | null): void {
    const p = this.#picture, { matrix } = this.block;
    if (!p || !matrix) return;
    const n = p.traits.history.length, pitch = matrix.side / Math.max(1, n);
    const next = event && { query: clamp(Math.floor(event.offsetY / pitch) + 1, 1, n), key: clamp(Math.floor(event.offsetX / pitch) + 1, 1, n) };
    if (next?.query === this.#cell?.query && next?.key === this.#cell?.key) return;
    this.#cell = next;
    this.act.pointCell(this.panel.index, next);
    this.#drawColumns(n);
    this.#drawFrames(p);
  }

  update(picture: Picture): void {
    this.#picture = picture;
    const { matrix, top } = this.block, answer = picture.answer?.panels[this.panel.index], n = picture.traits.history.length;
    this.node.hidden = !matrix;
    if (!matrix) return;
    const weights = picture.fresh ? answer?.matrix ?? null : null, size = weights ? Math.round(Math.sqrt(weights.length)) : 0;
    const at = new Map(picture.target.history.map((m, i) => [m.key, { order: i, index: i }]));
    let peak = 0;
    for (const w of weights ?? []) peak = Math.max(peak, Math.abs(w));
    const cells = weights && size ? { at, weights, n: size, peak: answer?.normalisation === 'none' ? peak || 1 : 1 } : null;
    if (cells?.weights !== this.#after?.weights) { this.#before = picture.moving ? this.#after : null; this.#after = cells; }
    setText(this.#head.children[1]!, ` the ${picture.words.item} at position`);
    place(this.#head, { x: matrix.x, y: top - 34 });
    this.#drawColumns(n);
    this.#drawKey(picture);
    this.#drawFrames(picture);
    this.#canvas.setAttribute('aria-label', answer && picture.answer ? `Attention of each ${picture.words.item} to those before it, ${lensInFull(picture.answer, answer)}. The table has every number.` : 'Attention');
  }

  #drawColumns(n: number): void {
    const { matrix, top } = this.block, pitch = matrix!.side / Math.max(1, n), every = pitch >= 16 ? 1 : Math.ceil(26 / pitch / 5) * 5;
    this.#columns.replaceChildren();
    for (let j = 1; j <= n; j++) {
      if (j !== 1 && j % every) continue;
      const node = el('div', { class: `small c abs${this.#cell?.key === j ? ' strong' : ''}` }, String(j));
      place(node, { x: matrix!.x + (j - .5) * pitch - 14, y: top - 16, w: 28 });
      this.#columns.append(node);
    }
  }

  #drawKey(picture: Picture): void {
    const { matrix, top } = this.block, { answer } = picture, panel = answer?.panels[this.panel.index];
    const w = Math.min(220, matrix!.side * .5), x = matrix!.x + matrix!.side - w - 24;
    this.#key.replaceChildren();
    this.#key.hidden = !panel || !answer || matrix!.side < 300 || !this.#causal();
    if (this.#key.hidden) return;
    place(this.#key, { x, y: top + 10, w });
    const ramp = el('div', { class: 'ramp' }), peak = this.#after?.peak ?? 1, softmax = panel!.normalisation === 'softmax';
    ramp.style.background = `linear-gradient(90deg, ${Array.from({ length: 9 }, (_, i) => sequential(i / 8, picture.dark)).join(', ')})`;
    const marks = [0, .05, .2, .5, 1].map(v => {
      const node = el('span', {}, softmax ? `${v * 100}${v === 1 ? '%' : ''}` : String(Math.round(v * peak * 100) / 100));
      node.style.left = `${Math.sqrt(v) * 100}%`;
      return node;
    });
    const said = softmax ? `A row sums to 100%: how ${/^[aeiou]/i.test(picture.words.item) ? 'an' : 'a'} ${picture.words.item} reads itself and the ${picture.words.items} before it.`
      : panel!.normalisation === 'gate' ? 'Each weight is a gate of its own, 0 to 1: a row does not sum to one.' : 'Weights are not normalised: a row does not sum to one.';
    this.#key.append(el('div', { class: 'head' }, el('b', {}, capitalised(lensInFull(answer!, panel!)))), ramp, el('div', { class: 'marks small' }, ...marks), el('p', { class: 'small' }, said));
  }

  #causal(): boolean {
    const c = this.#after;
    if (!c) return true;
    for (let i = 0; i < c.n; i++) for (let j = i + 1; j < c.n; j++) if (c.weights[i * c.n + j]) return false;
    return true;
  }

  /** A frame round the row read from, and round the cell pointed at. */
  #drawFrames(picture: Picture): void {
    const { matrix, top } = this.block, c = this.#after, n = picture.traits.history.length, answer = picture.answer;
    const cell = this.#cell && this.#cell.query <= n && this.#cell.key <= n ? this.#cell : null;
    const query = answer?.shown.query ?? n, pitch = matrix!.side / Math.max(1, n);
    this.over.replaceChildren();
    if (c && query >= 1) this.over.append(svg('rect', { x: matrix!.x - 2, y: top + (query - 1) * pitch - 2, width: matrix!.side + 3, height: pitch + 3, rx: 2, class: 'frame' }));
    if (!cell || !c) return;
    this.over.append(svg('rect', { x: matrix!.x + (cell.key - 1) * pitch - .5, y: top + (cell.query - 1) * pitch - .5, width: pitch, height: pitch, fill: 'none', stroke: 'var(--ink)', 'stroke-width': 1.5 }));
  }

  paint(_marks: Marks, picture: Picture, t = 1): void {
    const { matrix } = this.block, after = this.#after;
    if (!matrix) return;
    const { side } = matrix, context = fitCanvas(this.#canvas, side, side);
    place(this.#canvas, { x: matrix.x, y: matrix.y });
    if (!context) return;
    const n = picture.traits.history.length, pitch = side / Math.max(1, n), gap = pitch > 8 ? 1 : 0, causal = this.#causal();
    if (!after) {
      context.fillStyle = getComputedStyle(this.node).getPropertyValue('--rule');
      for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) context.fillRect(j * pitch, i * pitch, pitch - gap, pitch - gap);
      return;
    }
    const before = t < 1 ? this.#before : null;
    const ratio = globalThis.devicePixelRatio || 1, snap = (v: number) => (before ? v : Math.round(v * ratio) / ratio);
    const spots = picture.target.history.map((m, i) => ({ i, was: before?.at.get(m.key) }));
    for (const q of spots) {
      const y = lerp(q.was?.order ?? q.i, q.i, t) * pitch;
      for (const k of spots) {
        if (causal && k.i > q.i) break;
        const w = after.weights[q.i * after.n + k.i] ?? 0, old = q.was && k.was && before ? before.weights[q.was.index * before.n + k.was.index] ?? 0 : 0;
        const shown = before ? lerp(old, w, t) : w;
        context.fillStyle = sequential(Math.sqrt(Math.abs(shown) / after.peak), picture.dark);
        const x = snap(lerp(k.was?.order ?? k.i, k.i, t) * pitch), top = snap(y);
        context.fillRect(x, top, Math.max(.6, snap(x + pitch) - x - gap), Math.max(.6, snap(top + pitch) - top - gap));
      }
    }
  }
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
