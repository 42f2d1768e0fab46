// How attention to a field is distributed over cases: a row a field, a column a layer, all on the same
// bins and the same scale of heights.
//
//   [data-role=bin]   data-field, data-layer, data-from, data-to, data-count, data-value (the share of
//                     the field's cases that is drawn now); cut at full height: data-cut
//   [data-role=mean]  data-field, data-layer, data-value (drawn now)
import { attributes, el, Keyed, svg } from '../../dom';
import { thousands } from '../../model/format';
import { clamp, ticks } from '../../model/scale';
import { shorten, widthOf } from '../text';
import { Tween } from '../tween';
import type { Frame, Mark, Numbers, State, Tabular, View } from '../types';

export interface DistributionFrame extends Frame {
  fields: string[];
  layers: string[];
  /** Of these layers, as they are chosen by. */
  numbers: number[];
  heads: number;
  /** How many were asked about. */
  cases: number;
  edges: Numbers;
  /** The share of a field's cases that is as high as a row. */
  top: number;
  /** Of the mean of heads and of each. */
  tolds: string[];
  /** [head, layer, field, bin] */
  counts: Numbers;
  /** [head, layer, field]; NaN where no case tells. */
  beyond: Numbers;
  means: Numbers;
  even: Numbers;
}

const NAME = 12, LONGEST = 150, NARROWEST = 130, WIDEST = 620, GAP = 24, TITLE = 24, BELOW = 24, KEY = 24, ROW = 38, TALL = 54, DENSE = 28, MANY = 12, AIR = 6;

interface Layout { left: number; right: number; across: number; plot: number; row: number; block: number; width: number; height: number }

export class Distribution implements View<DistributionFrame> {
  readonly node = el('div', { class: 'distribution' });
  #svg = svg('svg', { 'aria-hidden': 'true' });
  #ground = svg('g');
  #bins = svg('g');
  #lines = svg('g');
  #front = svg('g');
  #drawn = new Keyed<SVGRectElement, number>(this.#bins, () => svg('rect', { 'data-role': 'bin' }));
  #means = new Keyed<SVGLineElement, number>(this.#lines, () => svg('line', { 'data-role': 'mean', class: 'mean' }));
  #tween = new Tween(); // shares of cases by layer, field and bin, then means
  #frame: DistributionFrame | null = null;
  #state: State | null = null;
  #layout: Layout | null = null;
  #shape = '';

  constructor() { this.#svg.append(this.#ground, this.#bins, this.#lines, this.#front); this.node.append(this.#svg); }

  get moving(): boolean { return this.#tween.moving; }

  told(frame: DistributionFrame, { choice }: State): string { return frame.tolds[headOf(frame, choice.head)]!; }

  draw(frame: DistributionFrame, state: State): void {
    this.#frame = frame;
    this.#state = state;
    this.#layout = lay(frame, state.width);
    const shape = JSON.stringify([frame.layers, frame.fields, frame.edges.data.length]), { bins, panels } = size(frame);
    const counts = shown(frame, 'counts', state.choice.head), goal = new Float32Array(panels * (bins + 1));
    for (let panel = 0; panel < panels; panel++) {
      const cases = Math.max(1, this.#cases(panel));
      for (let bin = 0; bin < bins; bin++) goal[panel * bins + bin] = counts[panel * bins + bin]! / cases;
    }
    goal.set(shown(frame, 'means', state.choice.head), panels * bins);
    this.#name();
    this.#tween.to(goal, state.tween && shape === this.#shape, this.#paint);
    this.#shape = shape;
  }

  dispose(): void { this.#tween.stop(); }

  /** Of a panel, a field in a layer. */
  #cases(panel: number): number {
    const frame = this.#frame!, { bins } = size(frame), head = this.#state!.choice.head, counts = shown(frame, 'counts', head);
    let sum = shown(frame, 'beyond', head)[panel]!;
    for (let bin = 0; bin < bins; bin++) sum += counts[panel * bins + bin]!;
    return sum;
  }

  /** The left end of a panel, and its base line. */
  #corner(panel: number): { x: number; y: number } {
    const n = this.#frame!.fields.length, layer = Math.floor(panel / n), { left, across, plot, row, block } = this.#layout!;
    return { x: left + (layer % across) * (plot + GAP), y: Math.floor(layer / across) * block + TITLE + (panel % n + 1) * row };
  }

  #x(panel: number, share: number): number { return this.#corner(panel).x + this.#layout!.plot * share / this.#frame!.edges.data.at(-1)!; }

  #paint = (): void => {
    const frame = this.#frame!, { bins, panels } = size(frame), { plot, row } = this.#layout!, now = this.#tween.now, n = frame.fields.length;
    const full = row - AIR, wide = plot / bins, counts = shown(frame, 'counts', this.#state!.choice.head), edges = frame.edges.data;
    const there = [...Array(panels * bins).keys()].filter(i => now[i]! > 0);
    this.#drawn.update(there, String, (node, i) => {
      const panel = Math.floor(i / bins), bin = i % bins, { x, y } = this.#corner(panel), tall = Math.max(.75, full * Math.min(1, now[i]! / frame.top));
      attributes(node, {
        x: x + bin * wide, y: y - tall, width: Math.max(.5, wide - (wide > 5 ? 1 : 0)), height: tall, 'data-field': frame.fields[panel % n]!, 'data-layer': frame.numbers[Math.floor(panel / n)]!,
        'data-from': edges[bin]!, 'data-to': edges[bin + 1]!, 'data-count': counts[i]!, 'data-value': now[i]!, 'data-cut': now[i]! > frame.top * 1.0001,
      });
    });
    this.#means.update([...Array(panels).keys()].filter(panel => !Number.isNaN(now[panels * bins + panel])), String, (node, panel) => {
      const mean = now[panels * bins + panel]!, { y } = this.#corner(panel), x = this.#x(panel, mean);
      attributes(node, { x1: x, x2: x, y1: y - full, y2: y, 'data-field': frame.fields[panel % n]!, 'data-layer': frame.numbers[Math.floor(panel / n)]!, 'data-value': mean });
    });
  };

  #name(): void {
    const frame = this.#frame!, { choice } = this.#state!, { left, right, across, plot, row, block, width, height } = this.#layout!, n = frame.fields.length;
    attributes(this.#svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    const ground: Node[] = [], front: Node[] = [], even = shown(frame, 'even', choice.head), end = frame.edges.data.at(-1)!;
    const text = (told: string, props: Record<string, string | number>) => svg('text', props, told);
    const most = frame.fields.map((_, i) => Math.max(...frame.layers.map((_, layer) => this.#cases(layer * n + i)))); // where layers tell of other fields
    frame.layers.forEach((name, layer) => {
      const x = left + (layer % across) * (plot + GAP), y = Math.floor(layer / across) * block + TITLE, below = y + n * row;
      front.push(text(shorten(name, plot + GAP - 6, NAME, 600), { class: choice.layer === frame.numbers[layer] ? 'panel chosen' : 'panel', x, y: y - 9 }));
      ground.push(svg('line', { class: 'axis', x1: x + .5, x2: x + .5, y1: y, y2: below }));
      for (const share of [0, ...ticks([0, end], plot < 240 ? 3 : 5)]) {
        const at = x + plot * share / end;
        ground.push(text(`${+(100 * share).toPrecision(6)}%`, { class: 'tick', x: at, y: below + 15, 'text-anchor': share ? 'middle' : 'start' }));
        if (share) ground.push(svg('line', { class: 'grid', x1: Math.round(at) + .5, x2: Math.round(at) + .5, y1: y, y2: below }));
      }
      frame.fields.forEach((field, i) => {
        const panel = layer * n + i, base = y + (i + 1) * row, chosen = field === choice.field, told = (props: Record<string, string | number>) => ({ y: base - row / 2 + AIR / 2, 'dominant-baseline': 'central', 'text-anchor': 'end', ...props });
        ground.push(svg('line', { class: 'grid', x1: x, x2: x + plot, y1: base + .5, y2: base + .5 }));
        if (chosen) front.push(svg('rect', { class: 'band', x: x - 1, y: base - row + 1, width: plot + 2, height: row }));
        if (layer % across === 0) front.push(text(shorten(field, left - 10, NAME, chosen ? 600 : 400), told({ class: chosen ? 'name chosen' : 'name', x: x - 8 })));
        if (right && (layer === frame.layers.length - 1 || (layer + 1) % across === 0)) front.push(text(thousands(most[i]!), told({ class: 'tick', x: x + plot + right })));
        const at = this.#x(panel, even[panel]!);
        if (!Number.isNaN(at)) front.push(svg('line', { class: 'even', x1: at, x2: at, y1: base - row + AIR, y2: base }));
      });
      if (right && layer < across) front.push(text('cases', { class: 'tick', x: left + across * (plot + GAP) - GAP + right, y: y - 9, 'text-anchor': 'end' }));
    });
    const y = height - 6;
    front.push(svg('rect', { class: 'full', x: left, y: y - 10, width: 5, height: 10 }));
    front.push(text(`full height of a row: ${(100 * frame.top).toFixed(0)}% of a field’s cases · across: attention`, { class: 'tick', x: left + 11, y: y - 1 }));
    this.#ground.replaceChildren(...ground);
    this.#front.replaceChildren(...front);
  }

  find(key: string): Mark | null {
    const frame = this.#frame, i = Number(key);
    if (!frame) return null;
    const { bins, panels } = size(frame), panel = Math.floor(i / bins), bin = i % bins;
    if (!(i >= 0 && panel < panels)) return null;
    const n = frame.fields.length, field = frame.fields[panel % n]!, layer = Math.floor(panel / n), cases = this.#cases(panel);
    const { plot, row } = this.#layout!, { x, y } = this.#corner(panel), wide = plot / bins, edges = frame.edges.data;
    const choice = { field, layer: frame.numbers[layer]! }, where = frame.layers.length > 1 ? ` in ${frame.layers[layer]!}` : '';
    const box = { x: x + bin * wide, y: y - row + AIR, w: wide, h: row - AIR };
    if (!cases) return { key, box, told: [{ title: field }, `${where}: no case tells of it`], choice };
    const { head } = this.#state!.choice, count = shown(frame, 'counts', head)[i]!, mean = shown(frame, 'means', head)[panel]!, beyond = shown(frame, 'beyond', head)[panel]!;
    const told = [`${where}: ${thousands(count)} of ${thousands(cases)} cases (${percent(count / cases)}) get ${percent(edges[bin]!)} to ${percent(edges[bin + 1]!)}; the mean is ${percent(mean)}`];
    if (beyond) told.push(`, and ${thousands(beyond)} ${beyond === 1 ? 'lies' : 'lie'} beyond the last bin`);
    if (cases < frame.cases) told.push(`; in ${thousands(frame.cases - cases)} more it says nothing`);
    return { key, box, told: [{ title: field }, ...told], choice };
  }

  at(x: number, y: number): Mark | null {
    const frame = this.#frame!, { bins, panels } = size(frame), { plot, row } = this.#layout!;
    for (let panel = 0; panel < panels; panel++) {
      const corner = this.#corner(panel);
      if (x < corner.x || x >= corner.x + plot || y < corner.y - row || y >= corner.y) continue;
      return this.find(String(panel * bins + Math.floor((x - corner.x) / plot * bins)));
    }
    return null;
  }

  /** Along the bins, up and down the fields, by page from layer to layer. */
  step(from: Mark | null, key: string): Mark | null {
    const frame = this.#frame!, { bins, panels } = size(frame), n = frame.fields.length;
    if (!from) return this.#busiest(0);
    const i = Number(from.key), panel = Math.floor(i / bins), bin = i % bins;
    if (key === 'Home' || key === 'End') return this.find(String(panel * bins + (key === 'End' ? bins - 1 : 0)));
    if (key === 'ArrowLeft' || key === 'ArrowRight') return this.find(String(panel * bins + clamp(bin + (key === 'ArrowLeft' ? -1 : 1), 0, bins - 1)));
    const to = panel + ({ ArrowUp: -1, ArrowDown: 1, PageUp: -n, PageDown: n }[key] ?? 0);
    return to >= 0 && to < panels ? this.find(String(to * bins + bin)) : from;
  }

  #busiest(panel: number): Mark | null {
    const { bins } = size(this.#frame!), counts = [...shown(this.#frame!, 'counts', this.#state!.choice.head).subarray(panel * bins, (panel + 1) * bins)];
    return this.find(String(panel * bins + counts.indexOf(Math.max(...counts))));
  }

  tables(): Tabular[] {
    const frame = this.#frame!, { bins, panels } = size(frame), n = frame.fields.length, { head } = this.#state!.choice, counts = shown(frame, 'counts', head), beyond = shown(frame, 'beyond', head), edges = frame.edges.data;
    const rows: (string | number)[][] = [];
    for (let panel = 0; panel < panels; panel++) {
      const row = (from: number, to: string, count: number) => { if (count) rows.push([frame.layers[Math.floor(panel / n)]!, frame.fields[panel % n]!, from.toFixed(6), to, count]); };
      for (let bin = 0; bin < bins; bin++) row(edges[bin]!, edges[bin + 1]!.toFixed(6), counts[panel * bins + bin]!);
      row(edges[bins]!, '', beyond[panel]!);
    }
    return [{ caption: `${frame.title}: ${this.told(frame, this.#state!)}`, head: ['layer', 'field', 'from', 'to', 'cases'], rows }];
  }
}

const percent = (value: number): string => `${(100 * value).toFixed(1)}%`;

/** 0 the mean; a head that is not there is the mean, too. */
const headOf = (frame: DistributionFrame, head: number | null): number => (head !== null && head <= frame.heads ? head : 0);

const size = ({ fields, layers, edges }: DistributionFrame) => ({ bins: edges.data.length - 1, panels: fields.length * layers.length });

function shown(frame: DistributionFrame, part: 'counts' | 'beyond' | 'means' | 'even', head: number | null): Float32Array {
  const { data, shape } = frame[part], length = data.length / shape[0]!, of = headOf(frame, head);
  return data.subarray(of * length, (of + 1) * length);
}

function lay(frame: DistributionFrame, width: number): Layout {
  const { fields, layers, cases } = frame, { bins } = size(frame);
  const casesOf = (i: number): number => frame.counts.data.subarray(i * bins, (i + 1) * bins).reduce((a, b) => a + b, frame.beyond.data[i]!);
  const some = fields.some((_, i) => layers.every((_, layer) => casesOf(layer * fields.length + i) < cases));
  const right = some ? Math.ceil(Math.max(widthOf(thousands(cases), 11), widthOf('cases', 11))) + 10 : 0;
  const left = Math.ceil(Math.min(LONGEST, .35 * width, Math.max(0, ...fields.map(text => widthOf(text, NAME, 600))))) + 10;
  const plot = (across: number) => Math.min(WIDEST, Math.floor((width - left - right - (across - 1) * GAP - 2) / across));
  let across = layers.length;
  while (across > 1 && plot(across) < NARROWEST) across--;
  const wide = plot(across), row = fields.length > MANY ? DENSE : clamp(Math.round(wide / 9), ROW, TALL), block = TITLE + fields.length * row + BELOW;
  return { left, right, across, plot: wide, row, block, width: left + across * (wide + GAP) - GAP + right + 2, height: Math.ceil(layers.length / across) * block + KEY };
}
