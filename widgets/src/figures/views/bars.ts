// What each field gets of the attention: a bar a field, and how far cases lie apart.
//
//   [data-role=bar]   data-field, data-value, data-low, data-median, data-high, data-even (drawn
//                     now), data-cases; chosen: data-chosen
//   [data-role=layer-all|layer-1|...]
import { attributes, el, Keyed, svg } from '../../dom';
import type { AnyModel } from '../../engine/store';
import { thousands } from '../../model/format';
import { ticks } from '../../model/scale';
import { LayerButtons } from '../layer_buttons';
import { shorten, widthOf } from '../text';
import { Tween } from '../tween';
import type { Frame, Mark, Numbers, State, Tabular, View } from '../types';

export interface BarsFrame extends Frame {
  /** Sorted; the same in every frame. */
  fields: string[];
  /** None where there is but one. */
  layers: string[];
  numbers: number[];
  heads: number;
  cases: number;
  /** The share at the right end, of all frames. */
  most: number;
  /** [head, layer]: of the means, then of each. */
  tolds: string[][];
  /** [head, layer, field], NaN where there is no case; the spread is NaN of one case. */
  means: Numbers;
  lows: Numbers;
  medians: Numbers;
  highs: Numbers;
  even: Numbers;
  /** [layer, field] */
  counts: Numbers;
}

const PARTS = ['means', 'lows', 'medians', 'highs', 'even'] as const;
const NAME = 12, LONGEST = 170, WIDEST = 1800, VALUE = 56, TOP = 18, BELOW = 24, ROW = 28, DENSE = 22, MANY = 16;

interface Layout { left: number; plot: number; row: number; width: number; height: number }

export class Bars implements View<BarsFrame> {
  readonly node = el('div', { class: 'bars' });
  readonly tools: HTMLElement;
  #layers: LayerButtons;
  #svg = svg('svg', { 'aria-hidden': 'true' });
  #ground = svg('g');
  #rows = svg('g');
  #names = svg('g');
  #drawn = new Keyed<SVGGElement, number>(this.#rows, row);
  #tween = new Tween(); // means, lows, medians, highs, even
  #frame: BarsFrame | null = null;
  #state: State | null = null;
  #layout: Layout | null = null;
  #shape = '';
  #goal = new Float32Array();

  constructor(model: AnyModel) {
    this.#layers = new LayerButtons(model);
    this.tools = this.#layers.node;
    this.#svg.append(this.#ground, this.#rows, this.#names);
    this.node.append(this.#svg);
  }

  get moving(): boolean { return this.#tween.moving; }

  told(frame: BarsFrame, { choice }: State): string {
    const [head, layer] = variant(frame, choice);
    return frame.tolds[head]![layer]!;
  }

  draw(frame: BarsFrame, state: State): void {
    this.#frame = frame;
    this.#state = state;
    this.#layout = lay(frame, state.width);
    const shape = JSON.stringify(frame.fields), n = frame.fields.length, goal = this.#goal = new Float32Array(PARTS.length * n);
    PARTS.forEach((part, i) => goal.set(shown(frame, part, state.choice), i * n));
    this.#layers.offer(frame.layers, frame.numbers, state.choice.layer);
    this.#name();
    this.#tween.to(goal, state.tween && shape === this.#shape, this.#paint);
    this.#shape = shape;
  }

  dispose(): void { this.#tween.stop(); }

  #x(share: number): number { const { left, plot } = this.#layout!; return left + plot * share / this.#frame!.most; }

  #paint = (): void => {
    const frame = this.#frame!, { row } = this.#layout!, now = this.#tween.now, n = frame.fields.length, counts = shown(frame, 'counts', this.#state!.choice);
    const there = [...frame.fields.keys()].filter(i => !Number.isNaN(now[i]));
    this.#drawn.update(there, String, (node, i) => {
      const [mean, low, median, high, even] = PARTS.map((_, part) => now[part * n + i]!) as [number, number, number, number, number];
      const y = TOP + i * row, middle = y + row / 2, thick = Math.round(row * .58), field = frame.fields[i]!;
      const [bar, line, tick, dash] = node.children as unknown as [Element, Element, Element, Element];
      attributes(bar, {
        x: this.#x(0), y: middle - thick / 2, width: Math.max(.5, this.#x(mean) - this.#x(0)), height: thick, 'data-field': field, 'data-value': mean,
        'data-low': known(low), 'data-median': known(median), 'data-high': known(high), 'data-even': known(even), 'data-cases': counts[i]!,
        'data-chosen': field === this.#state!.choice.field,
      });
      stroke(line, low, high, this.#x(low), middle, this.#x(high), middle);
      stroke(tick, median, median, this.#x(median), middle - 5, this.#x(median), middle + 5);
      stroke(dash, even, even, this.#x(even), y, this.#x(even), y + row);
    });
  };

  #name(): void {
    const frame = this.#frame!, { choice } = this.#state!, { left, plot, row, width, height } = this.#layout!, n = frame.fields.length;
    attributes(this.#svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    const below = TOP + n * row, ground: Node[] = [], names: Node[] = [], goal = this.#goal;
    for (const share of [0, ...ticks([0, frame.most], plot < 360 ? 3 : 6)]) {
      const x = Math.round(this.#x(share)) + .5;
      ground.push(svg('line', { class: share ? 'grid' : 'axis', x1: x, x2: x, y1: TOP, y2: below }));
      ground.push(svg('text', { class: 'tick', x, y: below + 15, 'text-anchor': share ? 'middle' : 'start' }, `${+(100 * share).toPrecision(6)}%`));
    }
    ground.push(svg('text', { class: 'tick', x: left + plot + VALUE, y: below + 15, 'text-anchor': 'end' }, 'attention'));
    const even = goal[4 * n]!;
    if (!Number.isNaN(even)) ground.push(svg('text', { class: 'tick', x: this.#x(even), y: TOP - 6, 'text-anchor': 'middle' }, 'even'));
    frame.fields.forEach((field, i) => {
      const y = TOP + (i + .5) * row, chosen = field === choice.field, mean = goal[i]!, text = (props: Record<string, string | number>, told: string) => svg('text', { y, 'dominant-baseline': 'central', 'text-anchor': 'end', ...props }, told);
      if (chosen) names.push(svg('rect', { class: 'band', x: .75, y: TOP + i * row, width: left + plot + VALUE - 1, height: row }));
      names.push(text({ class: chosen ? 'name chosen' : Number.isNaN(mean) ? 'name none' : 'name', x: left - 8 }, shorten(field, left - 10, NAME, chosen ? 600 : 400)));
      names.push(text({ class: Number.isNaN(mean) ? 'tick' : 'value', x: left + plot + VALUE - 4 }, Number.isNaN(mean) ? 'none' : share(mean)));
    });
    this.#ground.replaceChildren(...ground);
    this.#names.replaceChildren(...names);
  }

  find(key: string): Mark | null {
    const frame = this.#frame, i = Number(key), n = frame?.fields.length ?? 0;
    if (!frame || !(i < n)) return null;
    const [mean, low, median, high, even] = PARTS.map((_, part) => this.#goal[part * n + i]!) as [number, number, number, number, number];
    const { row } = this.#layout!, field = frame.fields[i]!, cases = shown(frame, 'counts', this.#state!.choice)[i]!, x = this.#x(0);
    const box = { x, y: TOP + i * row, w: Math.max(8, this.#x(Math.max(mean || 0, high || 0)) - x), h: row };
    if (Number.isNaN(mean)) return { key, box, told: [{ title: field }, ' gets nothing here: no case tells of it'], choice: { field } };
    const told = frame.cases === 1 ? [`: ${share(mean)}, of one case`] : [`: ${share(mean)}, mean of ${thousands(cases)} cases; four fifths of them from ${share(low)} to ${share(high)}, median ${share(median)}`];
    if (!Number.isNaN(even)) told.push(`; even attention would be ${share(even)}`);
    if (cases < frame.cases) told.push(`; in ${thousands(frame.cases - cases)} more it says nothing`);
    return { key, box, told: [{ title: field }, ...told], choice: { field } };
  }

  at(x: number, y: number): Mark | null {
    const { row, left, plot } = this.#layout!, i = Math.floor((y - TOP) / row);
    return i >= 0 && x >= 0 && x <= left + plot + VALUE ? this.find(String(i)) : null;
  }

  step(from: Mark | null, key: string): Mark | null {
    const n = this.#frame!.fields.length, back = ['ArrowUp', 'ArrowLeft', 'PageUp'].includes(key);
    if (!from || key === 'Home' || key === 'End') return this.find(String(key === 'End' ? n - 1 : 0));
    return this.find(String(Number(from.key) + (back ? -1 : 1))) ?? from;
  }

  tables(): Tabular[] {
    const frame = this.#frame!, n = frame.fields.length, counts = shown(frame, 'counts', this.#state!.choice);
    const head = frame.cases === 1 ? ['field', 'attention', 'even'] : ['field', 'mean', '10th percentile', 'median', '90th percentile', 'even', 'cases'];
    const rows = frame.fields.map((field, i) => {
      const parts = PARTS.map((_, part) => this.#goal[part * n + i]!), told = parts.map(v => (Number.isNaN(v) ? '' : v.toFixed(6)));
      return frame.cases === 1 ? [field, told[0]!, told[4]!] : [field, ...told, counts[i]!];
    });
    return [{ caption: `${frame.title}: ${this.told(frame, this.#state!)}`, head, rows }];
  }
}

const share = (value: number): string => `${(100 * value).toFixed(1)}%`;
const known = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** A bar, the line of the spread, the tick of the median, and even attention's dash. */
function row(): SVGGElement {
  return svg('g', {}, svg('rect', { 'data-role': 'bar' }), svg('line', { class: 'spread' }), svg('line', { class: 'median' }), svg('line', { class: 'even' }));
}

function stroke(node: Element, from: number, to: number, x1: number, y1: number, x2: number, y2: number): void {
  const there = !Number.isNaN(from) && !Number.isNaN(to);
  attributes(node, there ? { x1, y1, x2, y2, display: null } : { x1: null, y1: null, x2: null, y2: null, display: 'none' });
}

/** Which head and layer, counted from 0, the mean; what is not there is the mean, too. */
function variant({ numbers, heads }: BarsFrame, { layer, head }: State['choice']): [number, number] {
  return [head !== null && head <= heads ? head : 0, numbers.indexOf(layer ?? 0) + 1];
}

function shown(frame: BarsFrame, part: (typeof PARTS)[number] | 'counts', choice: State['choice']): Float32Array {
  const n = frame.fields.length, [head, layer] = variant(frame, choice), { shape, data } = frame[part];
  const start = part === 'counts' ? layer * n : (head * shape[1]! + layer) * n;
  return data.subarray(start, start + n);
}

function lay({ fields }: BarsFrame, width: number): Layout {
  const longest = Math.max(0, ...fields.map(text => widthOf(text, NAME, 600)));
  const left = Math.ceil(Math.min(LONGEST, longest, .35 * width)) + 10, row = fields.length > MANY ? DENSE : ROW;
  const plot = Math.max(60, Math.min(WIDEST, width) - left - VALUE);
  return { left, plot, row, width: left + plot + VALUE, height: TOP + fields.length * row + BELOW };
}
