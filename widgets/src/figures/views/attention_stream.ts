// Attention through a life: what each field gets event by event, as bands upon each other or as lines.
//
//   [data-role=stream]   data-view=stream|lines, data-axis=events|time, data-edges (JSON: before which
//                        events steps begin, counted from 0, with the end)
//   [data-role=band]     data-field, data-values (JSON: what is drawn now, step by step)
//   [data-role=part]     of the strip: data-part, and in order data-from, data-to (events, from 1)
//   [data-role=tick]     an event of the chosen item: data-event
//   [data-role=pointed]  the hairline: data-event (the first of its step, from 1), data-field
//   [data-role=view-stream|view-lines|axis-events|axis-time]
import { attributes, el, Keyed, svg } from '../../dom';
import type { AnyModel } from '../../engine/store';
import { sequential } from '../../model/colour';
import { thousands } from '../../model/format';
import type { Piece } from '../../model/sentence';
import { Tween } from '../tween';
import type { Mark, State, Tabular, View } from '../types';
import { around, type Layout, lay, LEAST, type LifeFrame } from './stream_around';
import { band, domain, inOrder, inTime, line, meansOf, stepOf, type Steps } from './stream_steps';

const HUES = [['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#a08400', '#6a4c93', '#7f4f24'], ['#4aa3df', '#f0853a', '#2fc396', '#e2a0c4', '#8fd0f7', '#cbb244', '#a98bd0', '#c08a58']] as const;
const DASHES = ['', '6 3', '2 3'], NEAR = 12, FAST = 10, DOTTED = 60; // px from a line; steps by a page key; steps that lines have dots at

export class AttentionStream implements View<LifeFrame> {
  readonly node = el('div', { class: 'stream' });
  readonly traits = ['view', 'axis'];
  readonly tools = el('div', { class: 'tools' });
  #svg = svg('svg', { 'aria-hidden': 'true', 'data-role': 'stream' });
  #behind = svg('g');
  #bands = svg('g');
  #front = svg('g');
  #hair = svg('line', { class: 'hair', 'data-role': 'pointed', visibility: 'hidden' });
  #dot = svg('circle', { class: 'dot', r: 4, visibility: 'hidden' });
  #points = svg('g');
  #drawn = new Keyed<SVGPathElement, number>(this.#bands, () => svg('path', { 'data-role': 'band' }));
  #dots = new Keyed<SVGPathElement, number>(this.#points, () => svg('path', { class: 'dots' }));
  #tween = new Tween(); // [field, step] weights, lower edges, upper edges; then [step] places
  #frame: LifeFrame | null = null;
  #state: State | null = null;
  #layout: Layout | null = null;
  #steps: Steps = { edges: [], at: [], reach: [] };
  #means = new Float32Array();
  #edges: { lower: number[][]; upper: number[][] } = { lower: [], upper: [] }; // px from the top, [field][step], where they come to rest
  #shape = '';

  constructor(private model: AnyModel) {
    this.#svg.append(this.#behind, this.#bands, this.#points, this.#front, this.#hair, this.#dot);
    this.node.append(this.#svg);
    const offer = (trait: string, label: string, choices: [string, string][]) => {
      const group = el('div', { class: 'tools', role: 'group', 'aria-label': label });
      for (const [value, text] of choices) {
        const node = el('button', { type: 'button', 'data-role': `${trait}-${value}` }, text);
        node.addEventListener('click', () => { model.set(trait, value); model.save_changes(); });
        group.append(node);
      }
      this.tools.append(group);
    };
    offer('view', 'Drawn as', [['stream', 'stream'], ['lines', 'lines']]);
    this.tools.append(el('i', { 'aria-hidden': 'true' }));
    offer('axis', 'Events stand', [['events', 'in order'], ['time', 'in time']]);
  }

  get moving(): boolean { return this.#tween.moving; }
  get #lines(): boolean { return this.model.get('view') === 'lines'; }
  #inTime(frame: LifeFrame): boolean { return this.model.get('axis') === 'time' && !!frame.days; }

  told(frame: LifeFrame, state: State): string {
    if (this.#inTime(frame)) return frame.toldInTime;
    const { edges } = this.#stepsOf(frame, lay(frame, state.width)), size = edges[1]! - edges[0]!;
    return size === 1 ? frame.told : frame.toldInSteps.replace('{size}', thousands(size));
  }

  #stepsOf(frame: LifeFrame, { wide }: Layout): Steps {
    return this.#inTime(frame) ? inTime(frame.days!.data, LEAST / wide) : inOrder(frame.titles.length, Math.max(1, Math.floor(wide / LEAST)));
  }

  draw(frame: LifeFrame, state: State): void {
    this.#frame = frame;
    this.#state = state;
    const layout = this.#layout = lay(frame, state.width), steps = this.#steps = this.#stepsOf(frame, layout), count = steps.at.length;
    const means = this.#means = meansOf(frame.weights, steps.edges), all = means.length, [low, high] = domain(means, count, !this.#lines);
    const goal = new Float32Array(3 * all + count), scaled = (w: number) => (w - low) / (high - low);
    goal.set(means);
    for (let i = 0; i < count; i++) for (let j = i, sum = 0; j < all; j += count) {
      goal[all + j] = scaled(this.#lines ? means[j]! : sum);
      goal[2 * all + j] = scaled(this.#lines ? means[j]! : sum += means[j]!);
    }
    goal.set(steps.at, 3 * all);
    const rows = (from: number) => frame.fields.map((_, f) => Array.from(goal.subarray(from + f * count, from + (f + 1) * count), v => layout.top + layout.tall * (1 - v)));
    this.#edges = { lower: rows(all), upper: rows(2 * all) };
    const tones = frame.fields.map((_, f) => this.#tone(f));
    const parts = around(frame, state, layout, { steps, inTime: this.#inTime(frame), lines: this.#lines, low, high, ends: this.#edges.lower.map((row, f) => (row.at(-1)! + this.#edges.upper[f]!.at(-1)!) / 2), tones });
    attributes(this.#svg, { width: layout.width, height: layout.height, viewBox: `0 0 ${layout.width} ${layout.height}`, 'data-view': this.#lines ? 'lines' : 'stream', 'data-axis': this.#inTime(frame) ? 'time' : 'events', 'data-edges': JSON.stringify(steps.edges) });
    this.#behind.replaceChildren(...parts.behind);
    this.#front.replaceChildren(...parts.front);
    this.#tool(frame);
    const shape = JSON.stringify([frame.fields, frame.titles.length]);
    this.#tween.to(goal, state.tween && shape === this.#shape, this.#paint);
    this.#shape = shape;
  }

  dispose(): void { this.#tween.stop(); }

  #tool(frame: LifeFrame): void {
    const now: Record<string, boolean> = { 'view-stream': !this.#lines, 'view-lines': this.#lines, 'axis-events': !this.#inTime(frame), 'axis-time': this.#inTime(frame) };
    for (const button of this.tools.querySelectorAll('button')) attributes(button, { 'aria-pressed': String(now[button.getAttribute('data-role')!]) });
    for (const node of [this.tools.children[1]!, this.tools.children[2]!]) attributes(node, { hidden: !frame.days });
  }

  #tone(f: number): string {
    const { dark, choice } = this.#state!;
    if (this.#frame!.fields[f] === choice.field) return 'var(--accent)';
    return this.#lines ? HUES[Number(dark)]![f % HUES[0].length]! : sequential(f % 2 ? .42 : .16, dark);
  }

  #paint = (): void => {
    const { fields } = this.#frame!, { choice } = this.#state!, { left, wide, top, tall } = this.#layout!, now = this.#tween.now, lines = this.#lines;
    const count = this.#steps.at.length, all = fields.length * count, xs = Array.from(now.subarray(3 * all), x => left + wide * x);
    this.#drawn.update([...fields.keys()], String, (node, f) => {
      const part = (from: number) => Array.from(now.subarray(from + f * count, from + (f + 1) * count)), y = (v: number) => top + tall * (1 - v), upper = part(2 * all).map(y);
      const on = fields[f] === choice.field, faint = lines && choice.field !== null && !on && fields.includes(choice.field);
      attributes(node, {
        class: lines ? on ? 'line on' : 'line' : 'area', d: lines ? line(xs, upper) : band(xs, upper, part(all).map(y), left, left + wide),
        [lines ? 'stroke' : 'fill']: this.#tone(f), [lines ? 'fill' : 'stroke']: null, 'stroke-dasharray': lines ? DASHES[Math.floor(f / HUES[0].length) % DASHES.length] || null : null, opacity: faint ? .45 : null,
        'data-field': fields[f]!, 'data-values': JSON.stringify(part(0)),
      });
    });
    const front = [...fields.keys()].sort((a, b) => Number(fields[a] === choice.field) - Number(fields[b] === choice.field));
    this.#drawn.order(front.map(String));
    this.#dots.update(lines && count <= DOTTED ? front : [], String, (node, f) => {
      const d = xs.map((x, i) => `M${x.toFixed(2)},${(top + tall * (1 - now[2 * all + f * count + i]!)).toFixed(2)}h0`).join('');
      attributes(node, { d, stroke: this.#tone(f), opacity: choice.field !== null && fields.includes(choice.field) && fields[f] !== choice.field ? .45 : null });
    });
  };

  find(key: string): Mark | null {
    const frame = this.#frame, [f = -1, event = -1] = key.split(':').map(Number), layout = this.#layout!;
    if (!frame || !(f < frame.fields.length) || !(event < frame.titles.length)) return null;
    const { fields, titles, items, parts, dates } = frame, { edges, at, reach } = this.#steps, field: Piece = { title: fields[f]! };
    if (event < 0) { // its name
      let sum = 0;
      for (let e = 0; e < titles.length; e++) sum += frame.weights.data[e * fields.length + f]!;
      const box = layout.names[f]!;
      return { key, box, told: [field, `: ${exact(sum / titles.length)}, ${titles.length === 1 ? 'of one event' : `mean of ${thousands(titles.length)} events`}`], choice: { field: fields[f]! } };
    }
    const i = stepOf(edges, event), first = edges[i]!, last = edges[i + 1]! - 1, upper = this.#edges.upper[f]![i]!, lower = this.#edges.lower[f]![i]!;
    const x = layout.left + layout.wide * at[i]!, [from, to] = reach[i]!.map(u => layout.left + layout.wide * u) as [number, number];
    const box = this.#lines ? { x: x - 5, y: upper - 5, w: 10, h: 10 } : { x: from, y: upper, w: Math.max(1, to - from), h: Math.max(1, lower - upper) };
    const share = `: ${exact(this.#means[f * at.length + i]!)}`, of = thousands(titles.length), named = [...new Set(parts.slice(first, last + 1))].join(' and ');
    if (first === last) {
      const when = dates ? `, ${dates[first]!}` : '', which = `event ${thousands(first + 1)} of ${of}`;
      return { key, box, told: [field, `${share}, ${which}${when}, `, { title: titles[first]! }, `, ${named}`], choice: { field: fields[f]!, ...(items.length ? { item: items[first]! } : {}) } };
    }
    const days = dates ? [...new Set([dates[first]!.slice(0, 10), dates[last]!.slice(0, 10)])] : [], when = days.length ? `, ${days.join(' to ')}` : '';
    return { key, box, told: [field, `${share}, mean of events ${thousands(first + 1)} to ${thousands(last + 1)} of ${of}${when}, ${named}`], choice: { field: fields[f]! } };
  }

  at(x: number, y: number): Mark | null {
    const { fields } = this.#frame!, { left, wide, top, tall, names } = this.#layout!, { reach, edges } = this.#steps;
    const name = names.findIndex(box => x >= box.x && x < box.x + box.w && y >= box.y && y < box.y + box.h);
    if (name >= 0) return this.find(`${name}:-1`);
    const u = (x - left) / wide;
    if (u < 0 || u >= 1 || y < top - NEAR || y > top + tall + NEAR) return null;
    const i = Math.max(0, reach.findIndex(([, to]) => u < to)), key = (f: number) => this.find(`${f}:${edges[i]!}`);
    if (!this.#lines) {
      const f = fields.findIndex((_, k) => y >= this.#edges.upper[k]![i]! && y < this.#edges.lower[k]![i]!);
      return f < 0 ? null : key(f);
    }
    const away = fields.map((_, k) => Math.abs(this.#edges.upper[k]![i]! - y)), f = away.indexOf(Math.min(...away));
    return key(f);
  }

  step(from: Mark | null, key: string): Mark | null {
    const { edges, at } = this.#steps, [f = 0, event = 0] = from?.key.split(':').map(Number) ?? [], last = at.length - 1;
    const named = event < 0, i = named ? last : stepOf(edges, event), to = (field: number, step: number) => this.find(`${field}:${edges[Math.max(0, Math.min(last, step))]!}`) ?? from;
    if (!from) return to(this.#upwards(key === 'End' ? last : 0)[0]!, key === 'End' ? last : 0);
    if (key === 'Home' || key === 'End') return to(f, key === 'Home' ? 0 : last);
    const along = { ArrowLeft: -1, ArrowRight: 1, PageUp: -FAST, PageDown: FAST }[key];
    if (along !== undefined) return to(f, named ? last : i + along);
    const order = this.#upwards(i), next = order[order.indexOf(f) + (key === 'ArrowUp' ? 1 : -1)];
    return next === undefined ? from : to(next, i);
  }

  /** The fields in a step, the lowest first. */
  #upwards(i: number): number[] {
    const { upper } = this.#edges;
    return [...this.#frame!.fields.keys()].sort((a, b) => upper[b]![i]! - upper[a]![i]! || a - b);
  }

  /** A hairline through the events that are pointed at, and a dot on the line. */
  point(mark: Mark | null): void {
    const [f, event = -1] = mark?.key.split(':').map(Number) ?? [], there = event >= 0, { left, wide, top, tall } = this.#layout!;
    const i = there ? stepOf(this.#steps.edges, event) : 0, x = left + wide * (this.#steps.at[i] ?? 0);
    attributes(this.#hair, { visibility: there ? null : 'hidden', x1: x, x2: x, y1: top, y2: top + tall, 'data-event': there ? this.#steps.edges[i]! + 1 : null, 'data-field': there ? this.#frame!.fields[f!]! : null });
    attributes(this.#dot, { visibility: there && this.#lines ? null : 'hidden', cx: x, cy: there ? this.#edges.upper[f!]![i]! : 0, fill: there ? this.#tone(f!) : null });
  }

  tables(): Tabular[] {
    const frame = this.#frame!, { fields, titles, parts, dates } = frame, { edges, at } = this.#steps;
    const rows = at.map((_, i) => {
      const first = edges[i]!, last = edges[i + 1]! - 1, one = first === last;
      const when = dates ? [one ? dates[first]! : `${dates[first]!} to ${dates[last]!}`] : [];
      return [one ? first + 1 : `${first + 1} to ${last + 1}`, ...when, one ? titles[first]! : '', [...new Set(parts.slice(first, last + 1))].join(', '), ...fields.map((_, f) => this.#means[f * at.length + i]!.toFixed(6))];
    });
    return [{ caption: `${frame.title}: ${this.told(frame, this.#state!)}`, head: ['event', ...(dates ? ['time'] : []), 'title', 'part', ...fields], rows }];
  }
}

const exact = (share: number): string => `${(100 * share).toFixed(1)}%`;
