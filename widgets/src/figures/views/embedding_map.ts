// The catalogue as a map: every item a dot in the colour of its group, attention as circles over them.
//
//   [data-role=map]     the canvas: data-items (dots drawn), data-zoom, and data-left, data-top, data-scale:
//                       an item lies at left + x·scale, top − y·scale of the stage
//   [data-role=circle]  data-item, data-value (share drawn now); [data-role=name] data-item;
//   [data-role=chosen]  data-item
//   [data-role=find], [data-role=found]; [data-role=zoom-in|zoom-out|zoom-whole]
//   [data-role=group]   data-group, aria-pressed
import { attributes, el, fitCanvas, hide, Keyed, setText, svg, toggle } from '../../dom';
import { Catalogue } from '../../engine/page/catalogue';
import type { AnyModel } from '../../engine/store';
import { minus, percent, thousands } from '../../model/format';
import { clamp } from '../../model/scale';
import { shorten, widthOf } from '../text';
import { Tween } from '../tween';
import type { Mark, State, Tabular, View } from '../types';
import { Camera } from './map_camera';
import { drawDots, layersOf, type Layer } from './map_dots';
import { hasLegend, Legend } from './map_legend';
import { placed, type Named } from './map_names';
import { reachOf, nearest, towards, type MapFrame } from './map_places';

const LARGEST = 46, CATCH = 9, NAMED = 10, BROAD = 30, LONGEST = 240, NAME = 12; // px, and how many
const TALLEST = 680, LOWEST = 300, BESIDE = 640, LEGEND = 176, NEAR = 6; // px, and times
const FEW = 60, LEAST = .0005; // dots in sight that are all named; a share that is told, as 0.1%

export class EmbeddingMap implements View<MapFrame> {
  readonly node = el('div', { class: 'map' });
  readonly tools = el('div', { class: 'tools', role: 'group', 'aria-label': 'Find and zoom' });
  #plot = el('div', { class: 'plot' });
  #canvas = el('canvas', { 'data-role': 'map', 'aria-hidden': 'true' });
  #svg = svg('svg', { 'aria-hidden': 'true' });
  #rings = svg('g');
  #texts = svg('g');
  #chosenRing = svg('circle', { class: 'chosen', 'data-role': 'chosen' });
  #circles = new Keyed<SVGCircleElement, number>(this.#rings, () => svg('circle', { class: 'attended', 'data-role': 'circle' }));
  #names = new Keyed<SVGGElement, Named>(this.#texts, () => svg('g', { 'data-role': 'name' }, svg('text', { class: 'name halo' }), svg('text', { class: 'name' })));
  #find = el('input', { type: 'search', placeholder: 'Find an item', 'aria-label': 'Find an item', 'data-role': 'find', spellcheck: 'false', autocomplete: 'off' });
  #found = el('span', { class: 'found', role: 'status', 'data-role': 'found' });
  #legend = new Legend(group => { this.#group = group; this.#relight(); });
  #camera = new Camera(() => { this.#paint(); this.#tell(); }, () => this.#tell());
  #tween = new Tween();
  #frame: MapFrame | null = null;
  #state: State | null = null;
  #catalogue = new Catalogue([], [], []);
  #layers: Layer[] = [];
  #share = new Map<number, number>();
  #matches: number[] = [];
  #group: number | null = null;
  #chosen: number | null = null;
  #pointed: number | null = null;
  #largest = LARGEST;
  #tell: () => void = () => {};

  constructor(private model: AnyModel) {
    this.#svg.append(this.#rings, this.#chosenRing, this.#texts);
    this.#plot.append(this.#canvas, this.#svg);
    this.node.append(this.#plot, this.#legend.node);
    const zoom = (key: '+' | '-' | '0', role: string, text: string, title: string) => {
      const button = el('button', { type: 'button', 'data-role': `zoom-${role}`, title: `${title} (${key})`, 'aria-label': title }, text);
      button.addEventListener('click', () => this.#camera.press(key));
      return button;
    };
    this.tools.append(el('span', { class: 'finder' }, this.#find, this.#found), el('i'), zoom('-', 'out', '−', 'Zoom out'), zoom('+', 'in', '+', 'Zoom in'), zoom('0', 'whole', 'Whole', 'Whole map'));
    this.#find.addEventListener('input', () => this.#search());
    this.#find.addEventListener('keydown', event => {
      event.stopPropagation(); // neither the notebook's nor the player's
      if (event.key === 'Escape') { this.#find.value = ''; this.#search(); } else if (event.key === 'Enter') this.#take(); else return;
      event.preventDefault();
    });
  }

  get moving(): boolean { return this.#tween.moving || this.#camera.moving; }

  listen(stage: HTMLElement, moved: () => void): void {
    this.#tell = moved;
    this.#camera.listen(stage, this.#plot, () => (this.#pointed === null ? null : this.#at(this.#pointed)));
  }

  dispose(): void { this.#tween.stop(); this.#camera.dispose(); }

  draw(frame: MapFrame, state: State): void {
    const same = frame.ids.length === this.#frame?.ids.length && frame.ids.every((id, i) => id === this.#frame!.ids[i]);
    this.#frame = frame;
    this.#state = state;
    if (!same) { this.#catalogue = new Catalogue(frame.ids, frame.titles, []); this.#group = null; this.#lookUp(); }
    this.#share = new Map(Array.from(frame.places.data, (place, k) => [place, frame.shares.data[k]!]));
    const beside = state.width >= BESIDE, legend = hasLegend(frame), reach = reachOf(frame.points.data), room = state.width - (legend && beside ? LEGEND : 0);
    const height = Math.round(clamp(room * reach.up / reach.across, LOWEST, Math.min(TALLEST, Math.max(LOWEST, .62 * state.width))));
    this.#largest = LARGEST * Math.min(1, height / 560);
    this.#legend.draw(frame, state.dark, this.#group, this.#largest);
    this.#camera.fit(room, height, reach);
    toggle(this.node, 'below', legend && !beside);
    const chosen = (state.choice.item === null ? 0 : this.#catalogue.index(state.choice.item) ?? 0) - 1;
    const other = chosen !== (this.#chosen ?? -1);
    this.#chosen = chosen < 0 ? null : chosen;
    if (other && chosen >= 0 && !this.#camera.sees(...this.#at(chosen))) this.#camera.go(...this.#at(chosen));
    const goal = new Float32Array(frame.ids.length);
    for (const [i, share] of this.#share) goal[i] = share;
    this.#tween.to(goal, state.tween && same, () => this.#overlay());
    this.#relight();
  }

  point(mark: Mark | null): void { this.#pointed = mark ? Number(mark.key) : null; }

  #at(i: number): [number, number] { const { data } = this.#frame!.points; return [data[2 * i]!, data[2 * i + 1]!]; }
  #spot(i: number): [number, number] { const [x, y] = this.#at(i), { left, top, scale } = this.#camera; return [left + x * scale, top - y * scale]; }
  get #looking(): boolean { return this.#find.value.trim() !== ''; }
  get #radius(): number { return Math.min(7, (this.#frame!.ids.length > 3000 ? 1.7 : 2.6) * this.#camera.zoom ** .35); }
  #circle(share: number): number { return this.#largest * Math.sqrt(share); }

  /** Which dots are drawn in full: those found, those of a group, those attended to, or all. */
  #relight(): void {
    const frame = this.#frame;
    if (!frame) return;
    const { groups } = frame, matches = new Set(this.#matches), looking = this.#looking, chosen = this.#chosen;
    const lit = looking ? (i: number) => matches.has(i) || i === chosen : this.#group !== null ? (i: number) => groups.data[i] === this.#group : this.#share.size ? (i: number) => this.#share.has(i) || i === chosen : null;
    this.#layers = layersOf(frame, lit, looking || this.#group !== null ? .16 : this.#state!.dark ? .6 : .45, looking ? 1.6 : 1, this.#state!.dark);
    this.#paint();
  }

  #paint(): void {
    const { width, height, left, top, scale, zoom } = this.#camera, context = fitCanvas(this.#canvas, width, height);
    if (!context) return;
    drawDots(context, this.#layers, this.#frame!.points.data, { width, height, left, top, scale, radius: this.#radius });
    attributes(this.#canvas, { 'data-items': this.#frame!.ids.length, 'data-zoom': zoom.toFixed(3), 'data-left': left.toFixed(3), 'data-top': top.toFixed(3), 'data-scale': scale.toPrecision(9) });
    attributes(this.#svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    toggle(this.#plot, 'near', zoom > 1.001);
    this.#overlay();
  }

  #overlay(): void {
    const frame = this.#frame!, now = this.#tween.now, over: number[] = [];
    for (let i = 0; i < now.length; i++) if (now[i]! > 0) over.push(i);
    this.#circles.update(over.sort((a, b) => now[b]! - now[a]!), i => String(i), (node, i) => {
      const [cx, cy] = this.#spot(i);
      attributes(node, { cx: cx.toFixed(2), cy: cy.toFixed(2), r: this.#circle(now[i]!).toFixed(2), 'data-item': String(frame.ids[i]), 'data-value': now[i]! });
    });
    const chosen = this.#chosen;
    hide(this.#chosenRing, chosen === null);
    if (chosen !== null) {
      const [cx, cy] = this.#spot(chosen);
      attributes(this.#chosenRing, { cx: cx.toFixed(2), cy: cy.toFixed(2), r: this.#radius + 3.5, 'data-item': String(frame.ids[chosen]) });
    }
    this.#names.update(this.#named(), ({ i }) => String(i), (node, { i, text, x, y, end, chosen: is }) => {
      attributes(node, { class: is ? 'picked' : this.#looking || this.#share.has(i) ? null : 'slight', 'data-item': String(frame.ids[i]) });
      for (const child of node.children) { attributes(child, { x: x.toFixed(1), y: y.toFixed(1), 'text-anchor': end ? 'end' : 'start' }); setText(child, text); }
    });
  }

  /** What is chosen, what was found, who gets most, and all of a few in sight. */
  #named(): Named[] {
    const frame = this.#frame!, { width, height, zoom } = this.#camera;
    const heavy = [...this.#share].filter(([, share]) => share > 0).sort((a, b) => b[1] - a[1]).map(([i]) => i), seen = zoom > 2 && !this.#looking ? this.#inSight() : [];
    const rounds = [...heavy.slice(0, BROAD), ...seen].map(i => { const [x, y] = this.#spot(i); return { i, x, y, r: Math.max(this.#radius, this.#circle(this.#share.get(i) ?? 0)) }; });
    const wanted = new Set([...this.#chosen === null ? [] : [this.#chosen], ...this.#looking ? this.#matches.slice(0, NAMED) : heavy.slice(0, NAMED), ...seen]);
    return placed([...wanted].map(i => {
      const [x, y] = this.#spot(i), share = this.#share.get(i) ?? 0, chosen = i === this.#chosen;
      const text = shorten(frame.titles[i]!, LONGEST, NAME) + (share >= LEAST ? ` ${percent(share)}` : '');
      return { i, text, x, y, chosen, away: Math.max(this.#radius + (chosen ? 5 : 0), this.#circle(share)) + 4, long: widthOf(text, NAME, chosen ? 600 : 400) };
    }), rounds, width, height);
  }

  #inSight(): number[] {
    const seen: number[] = [], count = this.#frame!.ids.length;
    for (let i = 0; i < count; i++) if (this.#camera.sees(...this.#at(i)) && seen.push(i) > FEW) return [];
    return seen;
  }

  #search(): void { this.#lookUp(); this.#relight(); }

  #lookUp(): void {
    const text = this.#find.value;
    this.#matches = this.#catalogue.search(text, Infinity).map(id => this.#catalogue.index(id)! - 1);
    setText(this.#found, this.#looking ? `${thousands(this.#matches.length)} found` : '');
  }

  /** Chooses what fits best, and shows where it is. */
  #take(): void {
    const best = this.#matches[0];
    if (best === undefined) return;
    this.#camera.go(...this.#at(best), Math.min(NEAR, Math.max(1, this.#frame!.ids.length / 50)));
    this.model.set('item', this.#frame!.ids[best]!);
    this.model.save_changes();
    this.#tell();
  }

  find(key: string): Mark | null {
    const frame = this.#frame, i = Number(key);
    if (!frame || !(i < frame.ids.length)) return null;
    const [x, y] = this.#spot(i), r = this.#radius + 2, { width, height } = this.#camera, group = frame.names[frame.groups.data[i]!];
    if (x < 0 || x > width || y < 0 || y > height) return null;
    const share = this.#share.get(i);
    return {
      key, box: { x: x - r, y: y - r, w: 2 * r, h: 2 * r }, choice: { item: frame.ids[i]! },
      told: [
        { title: frame.titles[i]! }, ...frame.by && group !== undefined ? [`, ${frame.by}: `, { title: group }] : [],
        ...share === undefined ? [] : [`, ${share > 0 && share < LEAST ? 'less than 0.1%' : percent(share)} of the attention`],
      ],
    };
  }

  /** The nearest dot in reach, else the smallest circle around. */
  at(x: number, y: number): Mark | null {
    const { width, height, left, top, scale, dragging } = this.#camera;
    if (!this.#frame || dragging || x < 0 || y < 0 || x > width || y > height) return null;
    const near = nearest(this.#frame.points.data, (x - left) / scale, (top - y) / scale, Math.max(CATCH, this.#radius) / scale);
    if (near !== null) return this.find(String(near));
    const around = [...this.#share].filter(([i, share]) => { const [cx, cy] = this.#spot(i); return Math.hypot(cx - x, cy - y) <= this.#circle(share); }).sort((a, b) => a[1] - b[1])[0];
    return around ? this.find(String(around[0])) : null;
  }

  /** By arrows to the nearest in that direction; Page Up and Down to who gets more and less, Home and End to most and least. */
  step(from: Mark | null, key: string): Mark | null {
    const frame = this.#frame!, byShare = [...this.#share].sort((a, b) => b[1] - a[1]).map(([i]) => i), start = from ? Number(from.key) : null, first = byShare[0] ?? 0;
    let next: number | undefined;
    if (key === 'Home' || key === 'End') next = key === 'Home' ? first : byShare.at(-1) ?? frame.ids.length - 1;
    else if (start === null) next = this.#chosen ?? first;
    else if (key.startsWith('Page')) next = byShare[byShare.indexOf(start) + (key === 'PageUp' ? -1 : 1)];
    else next = towards(frame.points.data, start, key) ?? undefined;
    if (next === undefined) return from;
    this.#camera.show(...this.#at(next));
    return this.find(String(next)) ?? from;
  }

  tables(): Tabular[] {
    const { ids, titles, points, groups, names, by, title, told } = this.#frame!, place = (v: number) => minus(v.toFixed(6));
    const order = [...ids.keys()].sort((a, b) => (this.#share.get(b) ?? -1) - (this.#share.get(a) ?? -1) || a - b);
    return [{
      caption: `${title}: ${told}`, head: ['id', 'title', 'x', 'y', ...by ? [by] : [], ...this.#share.size ? ['attention'] : []],
      rows: order.map(i => [
        ids[i]!, titles[i]!, place(points.data[2 * i]!), place(points.data[2 * i + 1]!),
        ...by ? [names[groups.data[i]!] ?? ''] : [], ...this.#share.size ? [this.#share.get(i)?.toFixed(6) ?? ''] : [],
      ]),
    }];
  }
}
