// The two lists of the lying slider: how much attention each item gets, and what is recommended.
import { attributes, el, Keyed, setText, svg, toggle } from '../dom';
import { decimals, percent, score } from '../model/format';
import { lerp, ticks } from '../model/scale';
import { places } from './race_chart';
import { heaviestOf, scoresOf, type Lie } from './lie_model';
import { rowsFor, type Item } from './race_model';

const share = (value: number): string => `${(100 * value).toFixed(3)}%`;

/** The history, a bar an item: the learned weight as an outline that stays, the weight now filled. */
export class Weights {
  readonly node = el('section', { class: 'weights', 'aria-label': 'Attention to each item of the history' });
  #head = el('div', { class: 'head' }, el('b', {}, 'History ', el('span', {}, 'outline: as learned')), el('span', { class: 'r' }, 'attention'));
  #list = el('ol', {});
  #rows = new Keyed<HTMLElement, Item>(this.#list, makeWeight);

  constructor() { this.node.append(this.#head, this.#list); }

  draw(lie: Lie, value: number, frame: number): void {
    const { height, titles, small } = rowsFor(lie.items.length), full = heaviestOf(lie), low = Math.floor(value), next = Math.min(low + 1, lie.frames - 1);
    this.node.style.setProperty('--row', `${height}px`);
    toggle(this.node, 'marks', !titles);
    toggle(this.node, 'small-rows', small);
    this.#rows.update(lie.items, item => String(item.position), (node, item, i) => {
      const now = lerp(lie.weights[low]![i]!, lie.weights[next]![i]!, value - low), own = lie.own[i]!, told = percent(lie.weights[frame]![i]!);
      const [position, title, drawing, text] = node.children as unknown as [HTMLElement, HTMLElement, SVGElement, HTMLElement];
      const [was, bar] = drawing.children as unknown as [SVGElement, SVGElement];
      setText(position, String(item.position));
      setText(title, item.title);
      setText(text, told);
      attributes(node, { title: `${item.position}. ${item.title}: learned ${percent(own)}, now ${told}` });
      attributes(was, { width: share(own / full) });
      attributes(bar, { width: share(now / full), 'data-position': item.position, 'data-weight': now, 'data-own': own });
    });
  }
}

function makeWeight(): HTMLElement {
  const bars = svg('svg', { class: 'bars', 'aria-hidden': 'true' }, svg('rect', { class: 'bar-own', y: '14%', height: '72%' }), svg('rect', { class: 'bar-now', y: '26%', height: '48%', 'data-role': 'lie-bar' }));
  return el('li', {}, el('span', { class: 'pos' }), el('span', { class: 't', dir: 'auto' }), bars, el('span', { class: 'share' }));
}

/** The recommendations, a dot a score: the learned attention's hollow, what it is now filled. */
export class Scores {
  readonly node = el('section', { class: 'scores', 'aria-label': 'Recommendations' });
  #told = el('b', {}, 'Recommendations');
  #axis = svg('svg', { class: 'plane', 'aria-hidden': 'true' });
  #head = el('div', { class: 'head' }, this.#told, this.#axis, el('span', { class: 'r' }, 'score'));
  #list = el('ol', {});
  #rows = new Keyed<HTMLElement, number>(this.#list, makeScore);

  constructor() { this.node.append(this.#head, this.#list); }

  draw(lie: Lie, value: number, frame: number): void {
    const domain = scoresOf(lie), marks = ticks(domain, 3), at = (v: number) => share((v - domain[0]) / (domain[1] - domain[0]));
    const digits = decimals(lie.ranking[0]!.map(one => one.score)), low = Math.floor(value), next = Math.min(low + 1, lie.frames - 1);
    const key = marks.join();
    if (this.#axis.getAttribute('data-key') !== key) {
      attributes(this.#axis, { 'data-key': key });
      this.#axis.replaceChildren(...marks.map(v => svg('text', { class: 'tick', x: at(v), y: 12 }, score(v, places(marks)))));
    }
    this.#rows.update(lie.ranking[frame]!.map((_, rank) => rank), String, (node, rank) => {
      const one = lie.ranking[frame]![rank]!, score_ = (f: number) => lie.ranking[f]!.find(r => r.id === one.id)?.score ?? one.score;
      const own = score_(0), now = lerp(score_(low), score_(next), value - low);
      const [no, title, plane, text] = node.children as unknown as [HTMLElement, HTMLElement, SVGElement, HTMLElement];
      setText(no, String(rank + 1));
      setText(title, one.title);
      setText(text, score(one.score, digits));
      attributes(node, { 'data-item': String(one.id), 'data-score': now, title: `${one.title}: learned ${score(own, 4)}, now ${score(one.score, 4)}` });
      const [lines, moved, hollow, dot] = plane.children as unknown as [SVGElement, SVGElement, SVGElement, SVGElement];
      if (lines.getAttribute('data-key') !== key) {
        attributes(lines, { 'data-key': key });
        lines.replaceChildren(...marks.map(v => svg('line', { class: 'level', x1: at(v), x2: at(v), y1: 0, y2: '100%' })));
      }
      attributes(moved, { x1: at(own), x2: at(now) });
      attributes(hollow, { cx: at(own) });
      attributes(dot, { cx: at(now) });
    });
  }
}

function makeScore(): HTMLElement {
  const plane = svg('svg', { class: 'plane', 'aria-hidden': 'true' }, svg('g'),
    svg('line', { class: 'moved', y1: '50%', y2: '50%' }), svg('circle', { class: 'hollow', cy: '50%', r: 4.5 }), svg('circle', { class: 'dot', cy: '50%', r: 4 }));
  return el('li', { 'data-role': 'lie-row' }, el('span', { class: 'no' }), el('span', { class: 't', dir: 'auto' }), plane, el('span', { class: 'sc' }));
}
