// Attention by two circumstances: a map a field. Tone is the difference of a cell's mean from the
// field's, the area of a square the cases behind it.
//
//   [data-role=cell]  data-field, data-row, data-column (levels), data-value (the cell's mean),
//                     data-difference (drawn now), data-cases; chosen: data-chosen
//   [data-role=line]  a row or column that is chosen: data-level
import { attributes, el, Keyed, svg } from '../../dom';
import { diverging } from '../../model/colour';
import { minus, percent, thousands } from '../../model/format';
import { KEY_HEIGHT, toneKey } from '../key';
import { shorten, widthOf } from '../text';
import { Tween } from '../tween';
import type { Frame, Mark, Numbers, State, Tabular, View } from '../types';
import { type Layout, lay, LONGEST, NAME, TITLE } from './context_layout';

export interface ContextFrame extends Frame {
  /** Names of the circumstances, of rows and of columns. */
  by: [string, string];
  rows: string[];
  columns: string[];
  fields: string[];
  /** Those that have a map whatever is chosen. */
  shown: string[];
  /** [field] over all cases. */
  means: Numbers;
  /** [field, row, column], NaN where there is no case. */
  weights: Numbers;
  differences: Numbers;
  /** [row, column] */
  counts: Numbers;
  /** [field] the difference of the strongest tone, of which the largest serves all maps. */
  scales: Numbers;
}

const LEAST = .05, LARGEST = .94, DOT = 1.5; // sides as shares of the cell; px at least

export class ContextMap implements View<ContextFrame> {
  readonly node = el('div', { class: 'context-map' });
  #svg = svg('svg', { 'aria-hidden': 'true' });
  #ground = svg('g');
  #cells = svg('g');
  #front = svg('g');
  #drawn = new Keyed<SVGRectElement, number>(this.#cells, () => svg('rect', { 'data-role': 'cell' }));
  #tween = new Tween(); // the differences, then the sides of the squares as shares of the cell
  #frame: ContextFrame | null = null;
  #state: State | null = null;
  #layout: Layout | null = null;
  #shape = '';
  #scale = 1;

  constructor() { this.#svg.append(this.#ground, this.#cells, this.#front); this.node.append(this.#svg); }

  get moving(): boolean { return this.#tween.moving; }

  draw(all: ContextFrame, state: State): void {
    const frame = this.#frame = drawn(all, state.choice.field);
    this.#scale = Math.max(...frame.scales.data);
    this.#state = state;
    this.#layout = lay(frame.fields.map((_, f) => headed(frame, f)), frame.rows, frame.columns, state.width);
    const shape = JSON.stringify([frame.by, frame.rows, frame.columns, frame.fields]);
    const most = Math.max(1, ...frame.counts.data), sides = frame.counts.data.map(n => (n ? Math.max(LEAST, LARGEST * Math.sqrt(n / most)) : 0));
    const goal = new Float32Array(frame.differences.data.length + sides.length);
    goal.set(frame.differences.data);
    goal.set(sides, frame.differences.data.length);
    this.#name(most);
    this.#tween.to(goal, state.tween && shape === this.#shape, this.#paint);
    this.#shape = shape;
  }

  dispose(): void { this.#tween.stop(); }

  /** Field, row and column of a cell, counted from 0. */
  #place(i: number): [number, number, number] {
    const { rows, columns } = this.#frame!;
    return [Math.floor(i / (rows.length * columns.length)), Math.floor(i / columns.length) % rows.length, i % columns.length];
  }

  #corner(field: number, row: number, column: number): { x: number; y: number } {
    const { cell, left, across, pitch, block } = this.#layout!;
    return { x: left + (field % across) * pitch + column * cell, y: TITLE + Math.floor(field / across) * block + row * cell };
  }

  #paint = (): void => {
    const frame = this.#frame!, { dark, choice } = this.#state!, { cell } = this.#layout!, now = this.#tween.now, size = frame.counts.data.length;
    const there = [...frame.differences.data.keys()].filter(i => !Number.isNaN(now[i]));
    const [row, column] = chosen(frame, choice.context);
    this.#drawn.update(there, String, (node, i) => {
      const [f, r, c] = this.#place(i), { x, y } = this.#corner(f, r, c);
      const side = Math.max(DOT, cell * now[frame.differences.data.length + i % size]!);
      attributes(node, {
        x: x + (cell - side) / 2, y: y + (cell - side) / 2, width: side, height: side, fill: diverging(now[i]! / this.#scale, dark),
        'data-field': frame.fields[f]!, 'data-row': frame.rows[r]!, 'data-column': frame.columns[c]!,
        'data-value': frame.weights.data[i]!, 'data-difference': now[i]!, 'data-cases': frame.counts.data[i % size]!, 'data-chosen': r === row && c === column,
      });
    });
  };

  /** Frames, names, what is chosen, and the keys. */
  #name(most: number): void {
    const frame = this.#frame!, { dark, choice } = this.#state!, layout = this.#layout!, { cell, left, across, wide, tall, width, height } = layout;
    attributes(this.#svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    const [row, column] = chosen(frame, choice.context), ground: Node[] = [], front: Node[] = [];
    frame.fields.forEach((field, f) => {
      const { x, y } = this.#corner(f, 0, 0), at = (r: number) => y + (r + .5) * cell, on = field === choice.field;
      ground.push(svg('rect', { class: 'frame', x: x - .5, y: y - .5, width: wide + 1, height: tall + 1 }));
      ground.push(svg('text', { class: on ? 'panel chosen' : 'panel', x, y: y - 9 }, shorten(headed(frame, f), layout.pitch - 14, NAME, 600)));
      frame.rows.forEach((level, r) => {
        if (f % across || r % layout.everyRow && r !== row || row >= 0 && r !== row && Math.abs(r - row) < layout.everyRow) return;
        ground.push(svg('text', { class: r === row ? 'name chosen' : 'name', x: x - 8, y: at(r), 'text-anchor': 'end', 'dominant-baseline': 'central' }, shorten(level, LONGEST, NAME)));
      });
      frame.columns.forEach((level, c) => {
        if (c % layout.everyColumn && c !== column || column >= 0 && c !== column && Math.abs(c - column) < layout.everyColumn) return;
        const cx = x + (c + .5) * cell, cy = y + tall + (layout.slanted ? 9 : 14), shift = layout.slanted ? 3 : 0;
        ground.push(svg('text', {
          class: c === column ? 'name chosen' : 'name', x: cx + shift, y: cy, 'text-anchor': layout.slanted ? 'end' : 'middle',
          ...(layout.slanted ? { 'dominant-baseline': 'central', transform: `rotate(-45 ${cx + shift} ${cy})` } : {}),
        }, shorten(level, LONGEST, NAME)));
      });
      const line = (level: string, x: number, y: number, w: number, h: number) => front.push(svg('rect', { class: 'band', 'data-role': 'line', 'data-level': level, x, y, width: w, height: h }));
      if (row >= 0 && column >= 0) front.push(svg('rect', { class: 'band', x: x + column * cell, y: y + row * cell, width: cell, height: cell }));
      else if (row >= 0) line(frame.rows[row]!, x, y + row * cell, wide, cell);
      else if (column >= 0) line(frame.columns[column]!, x + column * cell, y, cell, tall);
    });
    const key = toneKey(120, u => diverging(2 * u - 1, dark), [points(-this.#scale), 'mean', points(this.#scale)], 'points of a percent');
    attributes(key, { transform: `translate(${left} ${layout.keys})` });
    this.#ground.replaceChildren(...ground, key, ...this.#sizes(most));
    this.#front.replaceChildren(...front);
  }

  /** Squares of the most cases, and of a quarter of them. */
  #sizes(most: number): Node[] {
    const { cell, left, keys, beside } = this.#layout!, parts: Node[] = [];
    let x = beside ? left + 260 : left;
    const y = keys + (beside ? 6 : KEY_HEIGHT + 6 + Math.max(cell, 12) / 2);
    for (const cases of most > 3 ? [most, Math.round(most / 4)] : [most]) {
      const side = Math.max(DOT, LARGEST * cell * Math.sqrt(cases / most)), told = cases === 1 ? 'one case' : `${thousands(cases)} cases`;
      parts.push(svg('rect', { class: 'size', x, y: y - side / 2, width: side, height: side }), svg('text', { class: 'tick', x: x + side + 7, y, 'dominant-baseline': 'central' }, told));
      x += side + 7 + widthOf(told, 11) + 18;
    }
    return parts;
  }

  find(key: string): Mark | null {
    const frame = this.#frame, i = Number(key);
    if (!frame || !(i < frame.weights.data.length) || Number.isNaN(frame.weights.data[i])) return null;
    const [f, r, c] = this.#place(i), { cell } = this.#layout!, field = frame.fields[f]!, row = frame.rows[r]!, column = frame.columns[c]!;
    const cases = frame.counts.data[r * frame.columns.length + c]!, difference = frame.differences.data[i]!, mean = `mean of ${exact(frame.means.data[f]!)}`;
    const size = points(Math.abs(difference)).replace('+', '');
    return {
      key, box: { ...this.#corner(f, r, c), w: cell, h: cell },
      told: [
        { title: field }, `, ${frame.by[0]} `, { title: row }, `, ${frame.by[1]} `, { title: column }, `: ${exact(frame.weights.data[i]!)}, `,
        Math.abs(difference) < 1e-6 ? `its ${mean}` : `${size} ${size === '1' ? 'point' : 'points'} ${difference > 0 ? 'above' : 'below'} its ${mean}`,
        cases === 1 ? ', of one case' : `, of ${thousands(cases)} cases`,
      ],
      choice: { field, context: { [frame.by[0]]: row, [frame.by[1]]: column } },
    };
  }

  at(x: number, y: number): Mark | null {
    const { rows, columns, fields } = this.#frame!, { cell, wide, tall } = this.#layout!;
    for (let f = 0; f < fields.length; f++) {
      const corner = this.#corner(f, 0, 0), dx = x - corner.x, dy = y - corner.y;
      if (dx < 0 || dx >= wide || dy < 0 || dy >= tall) continue;
      return this.find(String((f * rows.length + Math.floor(dy / cell)) * columns.length + Math.floor(dx / cell)));
    }
    return null;
  }

  step(from: Mark | null, key: string): Mark | null {
    const { rows, columns, fields } = this.#frame!, grid = rows.length * columns.length, count = fields.length * grid;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns.length, ArrowDown: columns.length, PageUp: -grid, PageDown: grid }[key];
    const start = from && by !== undefined ? Number(from.key) + by : key === 'End' ? count - 1 : 0;
    for (let i = start, step = from && by !== undefined ? by : key === 'End' ? -1 : 1; i >= 0 && i < count; i += step) {
      const mark = this.find(String(i));
      if (mark) return mark;
    }
    return from;
  }

  tables(): Tabular[] {
    const frame = this.#frame!, size = frame.counts.data.length;
    const rows = Array.from(frame.weights.data, (v, i) => {
      const [f, r, c] = this.#place(i);
      return Number.isNaN(v) ? null : [frame.fields[f]!, frame.rows[r]!, frame.columns[c]!, v.toFixed(6), minus(frame.differences.data[i]!.toFixed(6)), frame.counts.data[i % size]!];
    });
    return [{ caption: `${frame.title}: ${frame.told}`, head: ['field', ...frame.by, 'attention', 'difference', 'cases'], rows: rows.filter(row => row !== null) }];
  }
}

/** Of all fields those that have a map: the chosen one, too. */
function drawn(all: ContextFrame, field: string | null): ContextFrame {
  const fields = field === null || all.shown.includes(field) || !all.fields.includes(field) ? all.shown : [...all.shown, field];
  const places = fields.map(one => all.fields.indexOf(one)), size = all.counts.data.length;
  const of = (numbers: Numbers, each: number): Numbers => {
    const data = new Float32Array(fields.length * each);
    places.forEach((place, f) => data.set(numbers.data.subarray(place * each, (place + 1) * each), f * each));
    return { shape: [fields.length, ...numbers.shape.slice(1)], data };
  };
  return { ...all, fields, means: of(all.means, 1), scales: of(all.scales, 1), weights: of(all.weights, size), differences: of(all.differences, size) };
}

/** Which row and column are chosen; −1: none. */
const chosen = ({ by, rows, columns }: ContextFrame, context: Readonly<Record<string, string>> | null): [number, number] =>
  [rows.indexOf(context?.[by[0]] ?? ''), columns.indexOf(context?.[by[1]] ?? '')];

const headed = ({ fields, means }: ContextFrame, f: number): string => `${fields[f]!} · ${percent(means.data[f]!)}`;
const exact = (share: number): string => minus(`${(100 * share).toFixed(1)}%`);

/** Points of a percent, to two digits. */
function points(difference: number): string {
  const size = Math.abs(100 * difference), text = size >= 100 ? size.toFixed(0) : String(Number(size.toPrecision(2)));
  return `${difference < 0 ? '−' : '+'}${text}`;
}
