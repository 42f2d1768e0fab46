// Layer and head picker: every map in miniature, so that one chooses by pattern. It is the control
// and the overview at once: a grid of radio buttons, one tab stop.
import { attributes, el, hide, place, toggle } from '../dom';
import { type PanelLayout, pickerWidth } from '../layout';
import { ramp } from '../model/colour';
import { ownShares } from '../model/lens';
import { Later } from '../motion/later';
import type { Actions, Picture, ViewPart } from '../picture';
import type { Panel } from '../types';

const FAINT = 12; // of 255: not told apart from nothing

export class Picker implements ViewPart {
  readonly node = el('div', { class: 'picker', role: 'radiogroup', 'aria-label': 'Layer and head', 'data-role': 'picker' });
  #tiles: HTMLButtonElement[] = [];
  #drawn = '';
  #thumbs: Uint8Array | null | undefined = undefined;
  #later = new Later();

  constructor(private panel: PanelLayout, private act: Actions) {
    this.node.addEventListener('keydown', event => this.#key(event));
  }

  update(picture: Picture): void {
    const at = this.panel.picker, answer = picture.answer?.panels[this.panel.index];
    hide(this.node, !at || !answer);
    if (!at || !answer) return;
    const columns = answer.heads > 1 ? answer.heads + 1 : 1, shape = `${answer.layers}x${columns}`;
    if (shape !== this.#drawn) { this.#build(answer, columns); this.#drawn = shape; this.#thumbs = undefined; }
    const layer = Math.min(picture.answer!.shown.layer, answer.layers), { head } = picture.answer!.shown;
    const chosen = (layer - 1) * columns + (columns === 1 ? 0 : head === null || head > answer.heads ? columns - 1 : head - 1);
    const empty = !picture.traits.history.length;
    toggle(this.node, 'dim', ownShares(picture.lens, this.panel.index) !== null); // the ribbons show no map
    this.#tiles.forEach((tile, i) => attributes(tile, { 'aria-checked': String(i === chosen && !empty), tabindex: i === chosen && !empty ? 0 : -1, disabled: empty }));
    this.#later.do(() => this.#paint(answer, columns, empty, picture.dark));
  }

  #paint(answer: Panel, columns: number, empty: boolean, dark: boolean): void {
    const key = empty ? null : answer.thumbs;
    if (key === this.#thumbs && this.node.dataset.dark === String(dark)) return;
    this.#thumbs = key;
    this.node.dataset.dark = String(dark);
    const size = answer.thumbSize, area = size * size;
    this.#tiles.forEach((tile, i) => {
      const map = Math.floor(i / columns) * (answer.heads + 1) + i % columns;
      thumb(tile.firstElementChild as HTMLCanvasElement, key?.subarray(map * area, (map + 1) * area) ?? null, size, dark, tile);
    });
  }

  #build(answer: Panel, columns: number): void {
    const { x, y, tile, gap, labels } = this.panel.picker!, lead = (c: number) => x + c * (tile + gap) + (columns > 1 && c === columns - 1 ? 2 + gap : 0);
    const side = labels === 'left' ? { x: x - 66, w: 58 } : { x: x + pickerWidth(answer.heads, tile, gap) + 8, w: 58 }, align = labels === 'left' ? 'r' : '';
    const text = (cls: string, words: string, box: { x: number; y: number; w: number }) => { const n = el('div', { class: `small abs ${cls}`, 'aria-hidden': 'true' }, words); place(n, box); return n; };
    const crowded = tile < 16;
    this.node.replaceChildren(text(align, 'Head', { ...side, y: y - 16 }));
    for (let c = 0; c < columns; c++) {
      const name = columns > 1 && c === columns - 1 ? 'mean' : String(c + 1);
      if (!crowded || name === 'mean' || c % 2 === 0) this.node.append(text('c', name, { x: lead(c) - 12, y: y - 16, w: tile + 24 }));
    }
    this.#tiles = [];
    for (let l = 0; l < answer.layers; l++) {
      const ty = y + l * (tile + gap);
      this.node.append(text(align, `Layer ${l + 1}`, { ...side, y: ty + tile / 2 - 6 }));
      for (let c = 0; c < columns; c++) {
        const head = c < answer.heads ? c + 1 : null, name = columns === 1 ? `Layer ${l + 1}` : `Layer ${l + 1}, ${head === null ? 'mean of heads' : `head ${head}`}`;
        const button = el('button', { type: 'button', role: 'radio', class: 'tile abs', 'aria-label': name, title: answer.mapNames[l] ? `${name}: ${answer.mapNames[l]}` : name, 'data-role': 'map', 'data-layer': l + 1, 'data-head': head ?? 'mean' }, el('canvas'));
        place(button, { x: lead(c), y: ty, w: tile, h: tile });
        button.addEventListener('click', () => this.act.choose(l + 1, columns === 1 ? null : head));
        this.#tiles.push(button);
        this.node.append(button);
      }
    }
  }

  #key(event: KeyboardEvent): void {
    const i = this.#tiles.indexOf(event.target as HTMLButtonElement), columns = Number(this.#drawn.split('x')[1]);
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    const tile = step === undefined || i < 0 ? undefined : this.#tiles[i + step];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (!tile || (Math.abs(step) === 1 && Math.floor(i / columns) !== Math.floor((i + step) / columns))) return;
    tile.focus();
    tile.click();
  }
}

/** One map, two canvas pixels a cell. Without weights: the triangle of a causal model, grey. */
function thumb(canvas: HTMLCanvasElement, cells: Uint8Array | null, size: number, dark: boolean, host: Element): void {
  const side = cells && size ? size * 2 : 54;
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext('2d');
  if (!context) return;
  if (!cells || !size) {
    context.clearRect(0, 0, side, side);
    context.fillStyle = getComputedStyle(host).getPropertyValue('--rule');
    context.beginPath();
    context.moveTo(0, 0);
    context.lineTo(0, side);
    context.lineTo(side, side);
    context.fill();
    return;
  }
  const tones = ramp(dark), image = new ImageData(side, side), pixels = new Uint32Array(image.data.buffer), causal = isCausal(cells, size);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
    const v = cells[(y >> 1) * size + (x >> 1)]!;
    if (v >= FAINT) pixels[y * side + x] = tones[Math.round(v / 255 * (tones.length - 1))]!;
    else if (!causal || x <= y) pixels[y * side + x] = tones[0]!;
  }
  context.putImageData(image, 0, 0);
}

/** No query looks at what comes after it. */
function isCausal(cells: Uint8Array, n: number): boolean {
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) if (cells[i * n + j]) return false;
  return true;
}
