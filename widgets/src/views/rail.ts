// The magnifier of a long history: the window of it that the list shows, and the names of the
// heaviest that are out of sight. The rail's own cells are drawn with the ribbons.
import { attributes, el, hide, place, svg } from '../dom';
import { type Block, type PanelLayout, RAIL } from '../layout';
import { weight } from '../model/format';
import { ownShares } from '../model/lens';
import { heaviest } from '../model/sentence';
import { clamp, lerp, snapDown } from '../model/scale';
import { Later } from '../motion/later';
import type { Actions, Picture, ViewPart } from '../picture';

const NAMED = 3; // at most so many out of sight are named
const LETTER = 5.8; // px, about, of a name

export class Rail implements ViewPart {
  readonly under = svg('g', { 'data-role': 'rail' });
  readonly over = svg('g');
  /** What the pointer drags: the rail, or in the matrix its left edge. */
  readonly handle = el('div', { class: 'rail abs', 'aria-hidden': 'true', title: 'Drag to the part of the history that the list shows', 'data-role': 'rail-handle' });
  #wash = svg('path', { fill: 'var(--accent-wash)' });
  #edges = svg('path', { stroke: 'var(--accent)', 'stroke-opacity': .4, fill: 'none' });
  #frame = svg('rect', { rx: 2, class: 'frame' });
  #told = svg('g');
  #later = new Later();

  constructor(private block: Block, private panel: PanelLayout, act: Actions) {
    this.under.append(this.#wash, this.#edges);
    this.over.append(this.#frame, this.#told);
    let dragging = false;
    const go = (event: PointerEvent): void => {
      const box = this.handle.getBoundingClientRect(), u = (event.clientY - box.top) / box.height;
      act.scroll(Math.round(u * Number(this.handle.dataset.total) - Number(this.handle.dataset.rows) / 2));
    };
    this.handle.addEventListener('pointerdown', event => { dragging = true; this.handle.setPointerCapture(event.pointerId); go(event); });
    this.handle.addEventListener('pointermove', event => { if (dragging) go(event); });
    this.handle.addEventListener('pointerup', () => { dragging = false; });
  }

  #geometry(picture: Picture) {
    const { block, panel } = this, { history, top, matrix } = block;
    const height = picture.layout.rows * history.row, x = matrix ? matrix.x : panel.rail ?? 0;
    const edge = panel.dir > 0 ? history.right + (matrix ? -2 : 2) : history.left - 2;
    return { x, edge, near: panel.dir > 0 ? x - 3 : x + RAIL + 3, height, top, width: matrix ? matrix.side : RAIL };
  }

  update(picture: Picture): void {
    const shown = picture.layout.windowed && (this.panel.rail !== null || this.block.matrix !== null);
    hide(this.handle, !shown);
    for (const layer of [this.under, this.over]) attributes(layer, { display: shown ? null : 'none' });
    if (!shown) return;
    const n = picture.traits.history.length, { rows } = picture.layout, { window } = picture;
    const { x, edge, near, height, top, width } = this.#geometry(picture), pitch = height / n;
    const y0 = top + window * pitch, y1 = top + (window + rows) * pitch;
    attributes(this.#wash, { d: `M${edge},${top}L${near},${y0}V${y1}L${edge},${top + height}Z` });
    attributes(this.#edges, { d: `M${edge},${top}L${near},${y0}M${edge},${top + height}L${near},${y1}` });
    attributes(this.#frame, { x: x - 3, y: y0 - 1, width: width + 6, height: y1 - y0 + 2 });
    place(this.handle, { x: x - 6, y: top, w: this.block.matrix ? 12 : RAIL + 12, h: height });
    attributes(this.handle, { 'data-total': n, 'data-rows': rows, 'data-first': window + 1 });
    this.#later.do(() => {
      this.#told.replaceChildren();
      if (!this.block.matrix) { this.#positions(n, picture); this.#names(picture); }
    });
  }

  /** Position labels, where the magnifier's edges leave room. */
  #positions(n: number, picture: Picture): void {
    const { edge, near, height, top } = this.#geometry(picture), pitch = height / n, step = snapDown(n / 3);
    if (Math.abs(near - edge) < 40) return;
    const { window } = picture, { rows } = picture.layout;
    for (const position of [1, ...Array.from({ length: Math.floor(n / step) }, (_, i) => (i + 1) * step)]) {
      const y = top + (position - .5) * pitch, inside = position > window && position <= window + rows;
      const upper = lerp(edge, near, clamp((y - top) / Math.max(1, window * pitch))), lower = lerp(near, edge, clamp((y - top - (window + rows) * pitch) / Math.max(1, (n - window - rows) * pitch)));
      const line = position <= window ? upper : lower;
      if (inside || Math.abs(near - line) < 26) continue;
      const text = svg('text', { x: this.panel.dir > 0 ? near - 3 : near + 3, y: y + 4, 'text-anchor': this.panel.dir > 0 ? 'end' : 'start', class: 'tick' }, String(position));
      this.#told.append(text);
    }
  }

  #names(picture: Picture): void {
    const answer = picture.answer?.panels[this.panel.index];
    const own = ownShares(picture.lens, this.panel.index), row = own ?? answer?.row;
    if (!picture.fresh || !answer || !row) return;
    const n = picture.traits.history.length, { height, top } = this.#geometry(picture), pitch = height / n, placed: number[] = [];
    for (const position of heaviest(row)) {
      if (placed.length >= NAMED || (row[position - 1] ?? 0) < 2 / n) break;
      const y = top + (position - .5) * pitch;
      if ((position > picture.window && position <= picture.window + picture.layout.rows) || placed.some(p => Math.abs(p - y) < 16)) continue;
      placed.push(y);
      const { title } = picture.label(picture.traits.history[position - 1]!), letters = [...title], most = Math.floor((Math.abs(this.panel.x1 - this.panel.x0) - 12) / LETTER) - 5;
      const name = letters.length > most ? `${letters.slice(0, most - 1).join('').trimEnd()}…` : title;
      this.#told.append(svg('text', { x: this.panel.x0 + 6 * this.panel.dir, y: y - 5, 'text-anchor': this.panel.dir > 0 ? 'start' : 'end', class: 'note' },
        `${name} ${weight(row[position - 1]!, own ? 'softmax' : answer.normalisation)}`));
    }
  }
}
