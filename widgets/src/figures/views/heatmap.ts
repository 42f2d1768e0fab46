// Where each field looks: a grid a layer, the field that looks to the left, looked at below.
//
//   [data-role=cell]  data-layer, data-looks, data-at, data-value (drawn now), data-cases
import { attributes, el, Keyed, setText, svg } from '../../dom';
import { sequential } from '../../model/colour';
import { percent, thousands } from '../../model/format';
import { toneKey, KEY_HEIGHT } from '../key';
import { shorten, widthOf } from '../text';
import { Tween } from '../tween';
import type { Frame, Mark, Numbers, State, Tabular, View } from '../types';

export interface FieldMapFrame extends Frame {
  layers: string[];
  /** Of these layers, as they are chosen by. */
  numbers: number[];
  looks: string[];
  at: string[];
  /** How many heads there are to choose from; 0 or 1: none. */
  heads: number;
  /** [mean, then each head; layer, looks, at], NaN where no case tells. */
  weights: Numbers;
  /** [layer, looks, at] */
  counts: Numbers;
  /** What was averaged, of the mean and of each head. */
  tolds: string[];
  ofPairs: boolean;
}

const LARGEST = 40, READABLE = 24, BESIDE = 17, GAP = 26, NAME = 12, LONGEST = 130, TITLE = 22, SLANT = Math.SQRT1_2;

interface Layout { cell: number; left: number; across: number; wide: number; tall: number; below: number; width: number; height: number }

export class Heatmap implements View<FieldMapFrame> {
  readonly node = el('div', { class: 'heatmap' });
  #svg = svg('svg', { 'aria-hidden': 'true' });
  #cells = svg('g');
  #numbers = svg('g');
  #names = svg('g');
  #drawn = new Keyed<SVGRectElement, number>(this.#cells, () => svg('rect', { 'data-role': 'cell' }));
  #texts = new Keyed<SVGTextElement, number>(this.#numbers, () => svg('text', { class: 'number', 'text-anchor': 'middle', 'dominant-baseline': 'central' }));
  #tween = new Tween();
  #frame: FieldMapFrame | null = null;
  #state: State | null = null;
  #layout: Layout | null = null;
  #shape = '';
  #goal = new Float32Array();
  #most = 0; // which the darkest tone is

  constructor() { this.#svg.append(this.#cells, this.#numbers, this.#names); this.node.append(this.#svg); }

  get moving(): boolean { return this.#tween.moving; }

  told(frame: FieldMapFrame, { choice }: State): string { return frame.tolds[variant(frame, choice.head)]!; }

  draw(frame: FieldMapFrame, state: State): void {
    this.#frame = frame;
    this.#state = state;
    this.#layout = lay(frame, state.width);
    const shape = JSON.stringify([frame.layers, frame.looks, frame.at]);
    const goal = this.#goal = shown(frame, state.choice.head);
    this.#most = goal.reduce((a, v) => (v > a ? v : a), 1e-9);
    this.#name();
    this.#tween.to(goal, state.tween && shape === this.#shape, this.#paint);
    this.#shape = shape;
  }

  dispose(): void { this.#tween.stop(); }

  /** Layer, field that looks and field looked at of a cell, counted from 0. */
  #place(i: number): [number, number, number] {
    const { looks, at } = this.#frame!;
    return [Math.floor(i / (looks.length * at.length)), Math.floor(i / at.length) % looks.length, i % at.length];
  }

  #corner(i: number): { x: number; y: number } {
    const [layer, row, column] = this.#place(i), { cell, left, across, wide, tall, below } = this.#layout!;
    return { x: left + (layer % across) * (wide + GAP) + column * cell, y: TITLE + Math.floor(layer / across) * (TITLE + tall + below) + row * cell };
  }

  #paint = (): void => {
    const frame = this.#frame!, { dark } = this.#state!, { cell } = this.#layout!, now = this.#tween.now;
    const there = [...now.keys()].filter(i => !Number.isNaN(now[i])), most = this.#most;
    this.#drawn.update(there, i => String(i), (node, i) => {
      const [layer, row, column] = this.#place(i), { x, y } = this.#corner(i), v = now[i]!;
      attributes(node, {
        x: x + .5, y: y + .5, width: cell - 1, height: cell - 1, fill: sequential(v / most, dark),
        'data-layer': frame.numbers[layer]!, 'data-looks': frame.looks[row]!, 'data-at': frame.at[column]!, 'data-value': v, 'data-cases': frame.counts.data[i]!,
      });
    });
    this.#texts.update(cell >= READABLE ? there : [], i => String(i), (node, i) => {
      const { x, y } = this.#corner(i), v = now[i]!, u = v / most;
      attributes(node, { x: x + cell / 2, y: y + cell / 2, class: `number${(dark ? u > .6 : u > .5) ? ' on' : ''}` });
      setText(node, (100 * v).toFixed(0));
    });
  };

  #name(): void {
    const frame = this.#frame!, { dark, choice } = this.#state!, { cell, left, across, wide, tall, below, width, height } = this.#layout!;
    attributes(this.#svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    const name = (text: string, chosen: boolean, props: Record<string, string | number>) => svg('text', { class: chosen ? 'name chosen' : 'name', ...props }, shorten(text, LONGEST, NAME));
    const parts: Node[] = [], band = (x: number, y: number, w: number, h: number) => parts.push(svg('rect', { class: 'band', x, y, width: w, height: h }));
    frame.layers.forEach((title, layer) => {
      const x = left + (layer % across) * (wide + GAP), y = Math.floor(layer / across) * (TITLE + tall + below) + TITLE;
      parts.push(svg('text', { class: choice.layer === frame.numbers[layer] ? 'panel chosen' : 'panel', x, y: y - 9 }, title));
      const row = frame.looks.indexOf(choice.field ?? ''), column = frame.at.indexOf(choice.field ?? '');
      if (row >= 0) band(x, y + row * cell, wide, cell);
      if (column >= 0) band(x + column * cell, y, cell, tall);
      if (layer % across === 0) frame.looks.forEach((text, i) => parts.push(name(text, text === choice.field, { x: x - 8, y: y + (i + .5) * cell, 'text-anchor': 'end', 'dominant-baseline': 'central' })));
      frame.at.forEach((text, i) => {
        const cx = x + (i + .5) * cell + 3, cy = y + tall + 9;
        parts.push(name(text, text === choice.field, { x: cx, y: cy, 'text-anchor': 'end', 'dominant-baseline': 'central', transform: `rotate(-45 ${cx} ${cy})` }));
      });
    });
    const key = toneKey(120, u => sequential(u, dark), ['0', percent(this.#most)], 'attention');
    attributes(key, { transform: `translate(${left} ${height - KEY_HEIGHT})` });
    this.#names.replaceChildren(...parts, key);
  }

  find(key: string): Mark | null {
    const frame = this.#frame, i = Number(key);
    if (!frame || !(i < this.#tween.now.length) || Number.isNaN(this.#tween.now[i])) return null;
    const [layer, row, column] = this.#place(i), { x, y } = this.#corner(i), { cell } = this.#layout!, looks = frame.looks[row]!, at = frame.at[column]!;
    const cases = frame.counts.data[i]!, share = percent(this.#goal[i]!), where = frame.layers.length > 1 ? ` in ${frame.layers[layer]!}` : '';
    const pair = frame.ofPairs ? [{ title: looks }, ' with ', { title: at }, `${where}: ${share}`] : [{ title: looks }, ' looks at ', { title: at }, `${where}: ${share}`];
    return {
      key, box: { x, y, w: cell, h: cell }, told: [...pair, cases === 1 ? ', of one case' : `, mean of ${thousands(cases)} cases`],
      choice: { field: frame.ofPairs ? looks : at, layer: frame.numbers[layer]! },
    };
  }

  at(x: number, y: number): Mark | null {
    const { cell } = this.#layout!;
    for (let i = 0; i < this.#tween.now.length; i++) {
      const corner = this.#corner(i);
      if (x >= corner.x && x < corner.x + cell && y >= corner.y && y < corner.y + cell) return this.find(String(i));
    }
    return null;
  }

  step(from: Mark | null, key: string): Mark | null {
    const { looks, at } = this.#frame!, count = this.#tween.now.length, grid = looks.length * at.length;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -at.length, ArrowDown: at.length, PageUp: -grid, PageDown: grid }[key];
    const first = key === 'End' ? count - 1 : 0, start = from && by !== undefined ? Number(from.key) : null;
    const step = start !== null ? by! : key === 'End' ? -1 : 1;
    for (let i = start === null ? first : start + step; i >= 0 && i < count; i += step) {
      const mark = this.find(String(i));
      if (mark) return mark;
    }
    return from;
  }

  tables(): Tabular[] {
    const frame = this.#frame!, of = variant(frame, this.#state!.choice.head);
    const rows = Array.from(this.#goal, (v, i) => {
      const [layer, row, column] = this.#place(i);
      return Number.isNaN(v) || frame.ofPairs && frame.looks[row]! > frame.at[column]! ? null : [frame.layers[layer]!, frame.looks[row]!, frame.at[column]!, v.toFixed(6), frame.counts.data[i]!];
    });
    return [{ caption: `${frame.title}: ${frame.tolds[of]!}`, head: ['layer', frame.ofPairs ? 'field' : 'looks', frame.ofPairs ? 'with' : 'at', 'attention', 'cases'], rows: rows.filter(row => row !== null) }];
  }
}

/** 0 the mean; a head that is not there is the mean, too. */
const variant = (frame: FieldMapFrame, head: number | null): number => (head !== null && head < frame.weights.shape[0]! ? head : 0);

function shown(frame: FieldMapFrame, head: number | null): Float32Array<ArrayBuffer> {
  const size = frame.layers.length * frame.looks.length * frame.at.length, of = variant(frame, head);
  return frame.weights.data.slice(of * size, (of + 1) * size);
}

/** As many grids beside each other as stay readable; no wider than they need. */
function lay({ layers, looks, at }: FieldMapFrame, width: number): Layout {
  const names = (all: string[]) => Math.min(LONGEST, Math.max(0, ...all.map(text => widthOf(text, NAME, 600))));
  const left = Math.ceil(names(looks)) + 10, below = Math.ceil(SLANT * names(at)) + 22;
  const side = (across: number) => Math.min(LARGEST, Math.floor((width - left - (across - 1) * GAP - 4) / across / Math.max(1, at.length)));
  let across = layers.length;
  while (across > 1 && side(across) < BESIDE) across--;
  const cell = Math.max(6, side(across)), wide = cell * at.length, tall = cell * looks.length, down = Math.ceil(layers.length / Math.max(1, across));
  return { cell, left, across, wide, tall, below, width, height: down * (TITLE + tall + below) + KEY_HEIGHT + 2 };
}
