// How fields combine layer by layer: ribbons from what is looked at, left, to who looks; and of a field
// that is chosen what of each input has arrived there, by rollout.
//
//   [data-role=flow]   data-layer, data-looks, data-at, data-value (drawn now)
//   [data-role=path]   the same, of the rollout: data-value is what runs along it
//   [data-role=node]   data-field, data-layer (0: the inputs)
//   [data-role=input]  data-field, data-value: what of it has arrived
//   [data-role=flow-share]  the slider
import { attributes, el, Keyed, setText, svg, toggle } from '../../dom';
import type { AnyModel } from '../../engine/store';
import { sequential } from '../../model/colour';
import { percent, thousands } from '../../model/format';
import { ribbon } from '../../model/scale';
import { shorten } from '../text';
import { Tween } from '../tween';
import type { Mark, State, Tabular, View } from '../types';
import { type FlowFrame, into, lay, type Layout, NAME, NODE, stacks, strongest, TOP, VALUE } from './flow_layout';

const LEAST = .002, NEAR = [0, -2, 2]; // of a field, that is still drawn of a rollout; px beside a thin ribbon

export class FieldFlow implements View<FlowFrame> {
  readonly node = el('div', { class: 'field-flow' });
  readonly traits = ['share'];
  readonly tools: HTMLElement;
  #range = el('input', { type: 'range', min: 5, max: 100, step: 5, 'data-role': 'flow-share', 'aria-label': 'Strongest ribbons, by their share of the attention' });
  #says = el('output', {});
  #svg = svg('svg', { 'aria-hidden': 'true' });
  #names = svg('g');
  #flows = svg('g');
  #paths = svg('g');
  #nodes = svg('g');
  #drawn = new Keyed<SVGPathElement, number>(this.#flows, () => svg('path', { 'data-role': 'flow' }));
  #rolled = new Keyed<SVGPathElement, number>(this.#paths, () => svg('path', { 'data-role': 'path' }));
  #bars = new Keyed<SVGRectElement, number>(this.#nodes, () => svg('rect', { 'data-role': 'node' }));
  #shapes = new Map<string, SVGPathElement>(); // by the key of their mark, the last in front
  #tween = new Tween(); // weights, then what runs along them
  #frame: FlowFrame | null = null;
  #state: State | null = null;
  #layout: Layout | null = null;
  #shape = '';
  #weights = new Float32Array();
  #runs = new Float32Array();
  #shown: number[] = [];
  #target: { field: number; layer: number } | null = null;
  #pointed: Mark | null = null;

  constructor(private model: AnyModel) {
    this.#range.addEventListener('input', () => { model.set('share', Number(this.#range.value) / 100); model.save_changes(); });
    this.tools = el('div', { class: 'tools', role: 'group', 'aria-label': 'Ribbons' }, el('span', {}, 'Strongest'), this.#range, this.#says);
    this.#svg.append(this.#names, this.#flows, this.#paths, this.#nodes);
    this.node.append(this.#svg);
  }

  get moving(): boolean { return this.#tween.moving; }

  get #share(): number { const share = this.model.get('share'); return typeof share === 'number' ? share : 1; }

  told(frame: FlowFrame, { choice }: State): string {
    const told = [frame.tolds[variant(frame, choice.head)]!, frame.ribbons.replace('{share}', () => `${Math.round(100 * this.#share)}%`)], target = chosen(frame, choice);
    if (target) told.push(frame.reaches.replace('{layer}', () => frame.layers[target.layer]!).replace('{field}', () => frame.fields[target.field]!));
    return told.join(' · ');
  }

  draw(frame: FlowFrame, state: State): void {
    this.#frame = frame;
    this.#state = state;
    this.#layout = lay(frame, state.width);
    const shape = JSON.stringify([frame.layers, frame.fields]), share = this.#share;
    this.#weights = shown(frame, 'weights', state.choice.head);
    this.#target = chosen(frame, state.choice);
    this.#runs = this.#target ? into(this.#weights, frame.looks.data, this.#target.field, this.#target.layer) : new Float32Array(this.#weights.length);
    this.#shown = strongest(this.#weights, frame.layers.length, share);
    if (document.activeElement !== this.#range) this.#range.value = String(Math.round(100 * share));
    setText(this.#says, `${Math.round(100 * share)}%`);
    attributes(this.#range, { 'aria-valuetext': `${Math.round(100 * share)} percent` });
    const goal = new Float32Array(2 * this.#weights.length);
    goal.set(this.#weights);
    goal.set(this.#runs, this.#weights.length);
    this.#name();
    this.#tween.to(goal, state.tween && shape === this.#shape, this.#paint);
    this.#shape = shape;
  }

  dispose(): void { this.#tween.stop(); }

  point(mark: Mark | null): void {
    this.#pointed = mark;
    const rolled = this.#target !== null && mark?.key.startsWith('node'); // whose way stays whole
    for (const [key, shape] of this.#shapes) toggle(shape, 'dim', mark !== null && !this.#touches(mark.key, key) && !(rolled && key.startsWith('path')));
  }

  /** Whether a ribbon is pointed at, or ends at the field that is. */
  #touches(pointed: string, key: string): boolean {
    const [kind, at] = split(pointed), [, i] = split(key);
    if (kind !== 'node') return at === i;
    const n = this.#frame!.fields.length, [layer, one, other] = this.#place(i), column = Math.floor(at / n), field = at % n;
    return layer === column && other === field || layer + 1 === column && one === field;
  }

  /** Layer, field that looks and field looked at, counted from 0. */
  #place(i: number): [number, number, number] {
    const n = this.#frame!.fields.length;
    return [Math.floor(i / (n * n)), Math.floor(i / n) % n, i % n];
  }

  #paint = (): void => {
    const frame = this.#frame!, layout = this.#layout!, { dark } = this.#state!, { unit, columns, middles } = layout, size = this.#weights.length, n = frame.fields.length;
    const weights = this.#tween.now.subarray(0, size), runs = this.#tween.now.subarray(size), most = this.#weights.reduce((a, v) => Math.max(a, v), 1e-9);
    const told = (i: number, value: number) => { const [layer, one, other] = this.#place(i); return { 'data-layer': frame.numbers[layer]!, 'data-looks': frame.fields[one]!, 'data-at': frame.fields[other]!, 'data-value': value }; };
    const drawn = (i: number, { leave, arrive }: ReturnType<typeof stacks>, value: number) => { const layer = this.#place(i)[0]; return ribbon(columns[layer]! + NODE, leave[i]!, value * unit, columns[layer + 1]!, arrive[i]!, value * unit); };
    const ends = stacks(weights, layout, frame.layers.length), rolled = stacks(runs, layout, frame.layers.length);
    this.#shapes.clear();
    this.#drawn.update(this.#shown, String, (node, i) => {
      attributes(node, { ...told(i, weights[i]!), d: drawn(i, ends, weights[i]!), fill: this.#target ? null : sequential(.3 + .6 * weights[i]! / most, dark) });
      this.#shapes.set(`flow-${i}`, node);
    });
    this.#drawn.order(this.#shown.map(String));
    this.#rolled.update([...runs.keys()].filter(i => runs[i]! > LEAST), String, (node, i) => {
      attributes(node, { ...told(i, runs[i]!), d: drawn(i, rolled, runs[i]!) });
      this.#shapes.set(`path-${i}`, node);
    });
    this.#bars.update(columns.flatMap((_, column) => middles.map((_, field) => column * n + field)), String, (node, at) => {
      const column = Math.floor(at / n), field = at % n, tall = Math.max(1.5, unit * this.#tall(weights, column, field));
      const reached = this.#target?.field === field && column === this.#target.layer + 1;
      attributes(node, { x: columns[column]!, y: middles[field]! - tall / 2, width: NODE, height: tall, 'data-field': frame.fields[field]!, 'data-layer': column ? frame.numbers[column - 1]! : 0, class: reached ? 'reached' : null });
    });
    this.point(this.#pointed);
  };

  /** What a field looks with, or is looked at with, whatever is more. */
  #tall(weights: Float32Array, column: number, field: number): number {
    const frame = this.#frame!, n = frame.fields.length, last = column === frame.layers.length;
    const gets = last ? 0 : frame.fields.reduce((sum, _, one) => sum + weights[(column * n + one) * n + field]!, 0);
    return Math.max(column ? frame.looks.data[(column - 1) * n + field]! : 0, gets);
  }

  #name(): void {
    const frame = this.#frame!, { choice } = this.#state!, { columns, middles, named, width, height } = this.#layout!, target = this.#target, n = frame.fields.length;
    attributes(this.#svg, { width, height, viewBox: `0 0 ${width} ${height}`, class: target ? 'rolled' : null });
    const parts: Node[] = ['inputs', ...frame.layers].map((told, i) => svg('text', { class: i && choice.layer === frame.numbers[i - 1] ? 'panel chosen' : 'panel', x: columns[i]! + (i ? NODE / 2 : 0), y: TOP - 12, 'text-anchor': i ? 'middle' : 'start' }, told));
    frame.fields.forEach((field, i) => {
      const y = middles[i]!, text = (props: Record<string, string | number>, told: string) => parts.push(svg('text', { y, 'dominant-baseline': 'central', ...props }, told));
      const strong = field === choice.field, told = shorten(field, named, NAME, strong ? 600 : 400), left = columns[0]! - 8;
      text({ class: strong ? 'name chosen' : 'name', x: columns.at(-1)! + NODE + 8 }, told);
      text({ class: 'name', x: left, 'text-anchor': 'end' }, told);
      if (target) {
        const arrived = shown(frame, 'rollout', choice.head)[(target.layer * n + target.field) * n + i]!;
        text({ class: 'arrived', x: VALUE - 8, 'text-anchor': 'end', 'data-role': 'input', 'data-field': field, 'data-value': arrived }, arrived ? percent(arrived) : '0');
      }
    });
    this.#names.replaceChildren(...parts);
  }

  find(key: string): Mark | null {
    const frame = this.#frame;
    if (!frame) return null;
    const [kind, i] = split(key), n = frame.fields.length;
    if (kind === 'node') return i >= 0 && i < n * (frame.layers.length + 1) ? this.#ofNode(i) : null;
    const shape = this.#shapes.get(key);
    if (!shape) return null;
    const [layer, one, other] = this.#place(i), looks = frame.fields[one]!, at = frame.fields[other]!, cases = frame.counts.data[i]!, { x, y, width, height } = shape.getBBox();
    const wide = Math.max(6, this.#layout!.unit * (kind === 'path' ? this.#runs : this.#weights)[i]!);
    const told: Mark['told'] = [{ title: looks }, ' looks at ', { title: at }, ` in ${frame.layers[layer]!}: ${percent(this.#weights[i]!)}, ${cases === 1 ? 'of one case' : `mean of ${thousands(cases)} cases`}`];
    if (this.#target) told.push(this.#runs[i]! < 5e-4 ? '; on this way runs nothing of what ' : `; on this way runs ${percent(this.#runs[i]!)} of what `, { title: frame.fields[this.#target.field]! }, ' holds');
    return { key, box: { x: x + width / 2 - 6, y: y + height / 2 - wide / 2, w: 12, h: wide }, told, choice: { field: looks, layer: frame.numbers[layer]! } };
  }

  #ofNode(at: number): Mark {
    const frame = this.#frame!, n = frame.fields.length, column = Math.floor(at / n), field = at % n, name = frame.fields[field]!, { columns, middles, unit } = this.#layout!;
    const tall = Math.max(8, unit * this.#tall(this.#weights, column, field)), told: Mark['told'] = [{ title: name }, column ? ` after ${frame.layers[column - 1]!}` : ', an input'], target = this.#target;
    if (column && frame.looks.data[(column - 1) * n + field]) {
      const held = [...shown(frame, 'rollout', this.#state!.choice.head).subarray(((column - 1) * n + field) * n, ((column - 1) * n + field + 1) * n)], [first, second] = [...held.keys()].sort((a, b) => held[b]! - held[a]!);
      told.push(`: ${percent(held[first!]!)} of it is of the input `, { title: frame.fields[first!]! });
      if (second !== undefined) told.push(`, ${percent(held[second]!)} of `, { title: frame.fields[second]! });
      told.push(', by rollout');
    } else if (column) told.push(': looks at nothing here');
    if (column < frame.layers.length) {
      const gets = frame.fields.reduce((sum, _, one) => sum + this.#weights[(column * n + one) * n + field]!, 0), all = frame.fields.filter((_, one) => frame.looks.data[column * n + one]).length;
      told.push(`; gets ${percent(gets / Math.max(1, all))} of the attention in ${frame.layers[column]!}`);
    }
    if (target && !column) told.push(`; makes ${percent(shown(frame, 'rollout', this.#state!.choice.head)[(target.layer * n + target.field) * n + field]!)} of `, { title: frame.fields[target.field]! }, ` after ${frame.layers[target.layer]!}`);
    return { key: `node-${at}`, box: { x: columns[column]!, y: middles[field]! - tall / 2, w: NODE, h: tall }, told, choice: { field: name, layer: column ? frame.numbers[column - 1]! : null } };
  }

  at(x: number, y: number): Mark | null {
    const { columns, middles, rows } = this.#layout!, n = middles.length, last = columns.length - 1;
    const field = middles.findIndex((middle, i) => Math.abs(y - middle) <= rows[i]! / 2), column = x < columns[0]! ? 0 : x > columns[last]! ? last : columns.findIndex(left => x >= left - 2 && x <= left + NODE + 2);
    if (field >= 0 && column >= 0 && x >= 0 && x <= this.#layout!.width) return this.#ofNode(column * n + field);
    const keys = [...this.#shapes.keys()].reverse();
    for (const off of NEAR) for (const key of keys) if (this.#shapes.get(key)!.isPointInFill(new DOMPoint(x, y + off))) return this.find(key);
    return null;
  }

  /** Among fields by arrows; by page along the ribbons of the field that looks, the strongest first. */
  step(from: Mark | null, key: string): Mark | null {
    const n = this.#frame!.fields.length, layers = this.#frame!.layers.length, first = layers * n;
    if (!from || key === 'Home' || key === 'End') return this.#ofNode(key === 'End' ? first + n - 1 : key === 'Home' ? 0 : first);
    const [kind, i] = split(from.key), paged = key === 'PageDown' ? 1 : key === 'PageUp' ? -1 : 0;
    const [layer, one, other] = kind === 'node' ? [Math.floor(i / n) - 1, i % n, -1] : this.#place(i), column = kind !== 'node' && key === 'ArrowLeft' ? layer : layer + 1;
    if (paged) {
      const ribbons = [...this.#shapes.keys()].filter(name => { const [what, j] = split(name), [l, q] = this.#place(j); return what === 'flow' && l === layer && q === one; }).sort((a, b) => this.#weights[split(b)[1]]! - this.#weights[split(a)[1]]!);
      const to = (kind === 'node' ? -1 : ribbons.indexOf(`flow-${i}`)) + paged;
      return to < 0 ? this.#ofNode((layer + 1) * n + one) : this.find(ribbons[to] ?? '') ?? from;
    }
    if (kind !== 'node') return this.#ofNode(column * n + (key === 'ArrowLeft' ? other : one));
    const field = one + ({ ArrowUp: -1, ArrowDown: 1 }[key] ?? 0), to = column + ({ ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0);
    return field >= 0 && field < n && to >= 0 && to <= layers ? this.#ofNode(to * n + field) : from;
  }

  tables(): Tabular[] {
    const frame = this.#frame!, rolled = shown(frame, 'rollout', this.#state!.choice.head);
    const rows = Array.from(this.#weights, (weight, i) => { const [layer, one, other] = this.#place(i); return [frame.layers[layer]!, frame.fields[one]!, frame.fields[other]!, weight.toFixed(6), rolled[i]!.toFixed(6), frame.counts.data[i]!]; });
    return [{ caption: `${frame.title}: ${frame.tolds[variant(frame, this.#state!.choice.head)]!}; rollout: what of the input is in the field that looks after the layer`, head: ['layer', 'looks', 'at', 'attention', 'rollout', 'cases'], rows }];
  }
}

function split(key: string): [string, number] {
  const [kind, number] = key.split('-');
  return [kind!, Number(number)];
}

/** 0 the mean; a head that is not there is the mean, too. */
const variant = (frame: FlowFrame, head: number | null): number => (head !== null && head <= frame.heads ? head : 0);

function shown(frame: FlowFrame, part: 'weights' | 'rollout', head: number | null): Float32Array<ArrayBuffer> {
  const { data, shape } = frame[part], size = data.length / shape[0]!, of = variant(frame, head);
  return data.slice(of * size, (of + 1) * size);
}

/** The field whose rollout is drawn, after the layer that is chosen or the last. */
function chosen({ fields, numbers }: FlowFrame, { field, layer }: State['choice']): { field: number; layer: number } | null {
  const at = fields.indexOf(field ?? ''), after = numbers.indexOf(layer ?? 0);
  return field !== null && at >= 0 ? { field: at, layer: after >= 0 ? after : numbers.length - 1 } : null;
}
