// The target's score against how many items are gone: one line a racer, drawn as the race goes on.
import { attributes, el, Keyed, round, setText, svg } from '../dom';
import { decimals, score } from '../model/format';
import { clamp, lerp, ticks } from '../model/scale';
import { between, dethroned, spread, type Race, type Racer } from './race_model';
import { lineOf, symbol } from './race_style';

const LEFT = 34, RIGHT = 126, TOP = 14, BOTTOM = 20; // px around the plot
const LABEL = 14; // px a label takes
const MANY = 60; // points of a line above which they are not marked

export const THUMB = 16; // px; the slider's thumb stands under the ends of the lines

class Line {
  readonly node = svg('g', { 'data-role': 'race-line' });
  #ahead = svg('path', { class: 'ahead' });
  #run = svg('path', { class: 'run stroke' });
  #points = svg('g');
  #dots = new Keyed<SVGPathElement, number>(this.#points, () => svg('path', { 'data-role': 'race-point' }));
  #lost = svg('circle', { class: 'lost', r: 5 });
  #leader = svg('path', { class: 'leader' });
  #head = svg('path', { class: 'head-symbol' });
  #label = svg('text', { class: 'label' });
  #name = svg('g');

  constructor() {
    this.node.append(this.#ahead, this.#run, this.#points, this.#lost, this.#head, this.#leader, this.#label, this.#name);
  }

  draw(racer: Racer, line: string, chart: Frame, label: number): void {
    const { x, y, at, counts, playing } = chart, done = Math.floor(at + 1e-6), lost = dethroned(racer);
    const told = racer.scores.map((v, i): [number, number] => [x(counts[i]!), y(v)]);
    const head: [number, number] = [x(between(counts, at)), y(between(racer.scores, at))];
    attributes(this.node, { class: `line-${line}`, 'data-name': racer.name });
    attributes(this.#ahead, { d: playing ? null : path([head, ...told.slice(done + 1)]) });
    attributes(this.#run, { d: path([...told.slice(0, done + 1), head]) });
    this.#dots.update(racer.scores.map((_, i) => i).slice(0, done + 1), String, (node, i) => {
      attributes(node, {
        'data-name': racer.name, 'data-count': counts[i], 'data-score': racer.scores[i], d: symbol(line, ...told[i]!, counts.length > MANY ? 0 : counts.length > 30 ? 1.2 : 2.2),
      });
    });
    const fallen = lost !== null && lost <= done;
    attributes(this.#lost, { visibility: fallen ? null : 'hidden', cx: fallen ? told[lost]![0] : 0, cy: fallen ? told[lost]![1] : 0, 'data-count': fallen ? counts[lost] : null });
    attributes(this.#head, { d: symbol(line, ...head, 4) });
    attributes(this.#leader, { d: Math.abs(label - head[1]) > 5 ? `M${round(head[0] + 6)},${round(head[1])}L${round(head[0] + 12)},${round(label)}` : null });
    attributes(this.#label, { x: round(head[0] + 15), y: round(label + 4) });
    setText(this.#label, `${racer.label} ${score(between(racer.scores, at), chart.digits)}`);
  }
}

interface Frame {
  counts: number[];
  /** Where the race stands, in steps. */
  at: number;
  playing: boolean;
  digits: number;
  x: (count: number) => number;
  y: (score: number) => number;
}

const path = (points: readonly (readonly [number, number])[]): string => `M${points.map(([x, y]) => `${round(x)},${round(y)}`).join('L')}`;

export class Chart {
  readonly node = el('div', { class: 'race-chart' });
  #svg = svg('svg', { role: 'img' });
  #grid = svg('g', { class: 'grid' });
  #band = svg('path', { class: 'band' });
  #cursor = svg('line', { class: 'cursor' });
  #lines = svg('g');
  #keyed = new Keyed<SVGGElement, Racer>(this.#lines, () => this.#make());
  #made = new Map<SVGGElement, Line>();
  #title = el('div', { class: 'head' });

  constructor() {
    this.#svg.append(this.#grid, this.#band, this.#cursor, this.#lines);
    this.node.append(this.#title, this.#svg);
  }

  #make(): SVGGElement {
    const line = new Line();
    this.#made.set(line.node, line);
    return line.node;
  }

  /** Where the slider has to lie so that its thumb runs beneath the ends of the lines. */
  static track(width: number): { x: number; w: number } {
    return { x: LEFT - THUMB / 2, w: Math.max(60, width - LEFT - RIGHT) + THUMB };
  }

  draw(race: Race, width: number, height: number, at: number, playing: boolean): void {
    const { counts, band: [low, high] } = race, most = counts.at(-1)! || 1, end = Math.max(LEFT + 60, width - RIGHT), floor = height - BOTTOM;
    const all = [...low, ...high, ...race.racers.flatMap(r => r.scores)], bottom = Math.min(...all), top = Math.max(...all), air = (top - bottom || 1) * .05;
    const x = (count: number) => LEFT + count / most * (end - LEFT);
    const y = (value: number) => lerp(floor, TOP, (value - bottom + air) / (top - bottom + 2 * air));
    const frame: Frame = { counts, at, playing, x, y, digits: decimals([bottom, top]) };
    attributes(this.#svg, { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-label': `Score of ${race.target.title} as items are deleted, one line for each order; the numbers are in the table` });
    setText(this.#title, `Score of ${race.target.title}`);
    this.#axes([bottom - air, top + air], most, frame, end, floor);
    attributes(this.#band, { d: `${path(high.map((v, i) => [x(counts[i]!), y(v)]))}L${path(low.map((v, i): [number, number] => [x(counts[i]!), y(v)]).reverse()).slice(1)}Z` });
    const now = x(between(counts, at));
    attributes(this.#cursor, { x1: round(now), x2: round(now), y1: TOP - 8, y2: height });
    const labels = spread(race.racers.map(r => y(between(r.scores, at))), LABEL, TOP - 6, floor);
    this.#keyed.update(race.racers, r => r.name, (node, racer, i) => this.#made.get(node)!.draw(racer, lineOf(racer, i), frame, labels[i]!));
  }

  #axes(domain: [number, number], most: number, { x, y }: Frame, end: number, floor: number): void {
    const levels = ticks(domain, 5), every = [1, 2, 5, 10, 20, 50].find(step => most / step <= 6) ?? 100;
    const marks = Array.from({ length: Math.floor(most / every) + 1 }, (_, i) => i * every);
    const key = JSON.stringify([domain, most, end, floor]);
    if (this.#grid.getAttribute('data-key') === key) return;
    attributes(this.#grid, { 'data-key': key });
    this.#grid.replaceChildren(
      ...levels.flatMap(v => [
        svg('line', { class: 'level', x1: LEFT, x2: end, y1: round(y(v)), y2: round(y(v)) }),
        svg('text', { class: 'tick end', x: LEFT - 8, y: round(y(v)) + 4 }, score(v, places(levels)))]),
      svg('line', { class: 'axis', x1: LEFT, x2: end, y1: floor, y2: floor }),
      ...marks.flatMap(v => [svg('line', { class: 'axis', x1: round(x(v)), x2: round(x(v)), y1: floor, y2: floor + 4 }), svg('text', { class: 'tick mid', x: round(x(v)), y: floor + 15 }, String(v))]),
    );
  }
}

/** Decimals that tell round levels apart. */
export const places = (levels: readonly number[]): number => Math.max(0, -Math.floor(Math.log10(Math.abs((levels[1] ?? 1) - (levels[0] ?? 0)) || 1) + 1e-9));

/** So that the slider ends where the rows of the histories do. */
export const heightBeside = (rows: number): number => clamp(rows + 8, 220, 460);
