// The histories of the racers side by side: one layout, the same rows in each, struck out as they go.
import { attributes, el, Keyed, setText, svg, toggle } from '../dom';
import { leader, places, rowsFor, standing, type Item, type Race, type Racer } from './race_model';
import { lineOf, symbol } from './race_style';

interface Row { node: HTMLElement; position: number; place: number }

class Column {
  readonly node = el('section', { class: 'racer', 'data-role': 'racer' });
  #sample = svg('svg', { width: 24, height: 12, 'aria-hidden': 'true' });
  #name = el('b', {});
  #standing = el('p', { class: 'standing' });
  #first = el('p', { class: 'first-now' });
  #list = el('ol', {});
  #items = new Keyed<HTMLElement, Item>(this.#list, makeRow);
  #rows: Row[] = [];

  constructor() {
    this.node.append(el('h4', {}, this.#sample, this.#name), this.#standing, this.#first, this.#list);
  }

  /** Another race. */
  set(race: Race, racer: Racer, line: string): void {
    const place = places(racer), { titles } = rowsFor(race.items.length);
    attributes(this.node, { 'data-name': racer.name, class: `racer line-${line}`, 'aria-label': `${racer.label}: history, oldest first` });
    this.#sample.replaceChildren(svg('line', { class: 'stroke', x1: 1, x2: 23, y1: 6, y2: 6 }), svg('path', { class: 'symbol', d: symbol(line, 12, 6, 4) }));
    setText(this.#name, racer.label);
    attributes(this.#name, { title: racer.label });
    this.#rows = [];
    this.#items.update(race.items, item => String(item.position), (node, item) => {
      this.#rows.push({ node, position: item.position, place: place.get(item.position)! });
      const [title, nth] = node.children as unknown as [HTMLElement, HTMLElement];
      attributes(node, { 'data-name': racer.name, 'data-position': item.position, 'data-title': titles ? null : item.title, title: titles ? item.title : `${item.position}. ${item.title}` });
      setText(title.firstElementChild!, item.title);
      setText(nth, String(place.get(item.position)));
    });
  }

  show(race: Race, racer: Racer, step: number): void {
    const count = race.counts[step]!, first = racer.firsts[step] ?? null, before = race.counts[Math.max(0, step - 1)]!;
    for (const { node, place } of this.#rows) {
      const gone = place <= count;
      attributes(node, { 'data-gone': String(gone) });
      toggle(node, 'last', gone && place > before);
    }
    setText(this.#standing, standing(race, racer, step));
    toggle(this.node, 'lost', racer.ranks[step]! > 1);
    setText(this.#first, leader(racer, step));
    attributes(this.#first, { title: first?.title ?? null, 'data-item': first ? String(first.id) : null });
  }
}

function makeRow(): HTMLElement {
  return el('li', { 'data-role': 'race-item' }, el('span', { class: 't', dir: 'auto' }, el('span', { class: 'strike' })), el('span', { class: 'nth' }));
}

export class Columns {
  readonly node = el('div', { class: 'racers' });
  #columns = new Keyed<HTMLElement, Racer>(this.node, () => this.#make());
  #made = new Map<HTMLElement, Column>();
  #positions = el('ol', { class: 'positions', 'aria-hidden': 'true' });

  constructor() { this.node.append(this.#positions); }

  #make(): HTMLElement {
    const column = new Column();
    this.#made.set(column.node, column);
    return column.node;
  }

  set(race: Race): void {
    const { height, titles, small } = rowsFor(race.items.length);
    this.node.style.setProperty('--row', `${height}px`);
    toggle(this.node, 'marks', !titles);
    toggle(this.node, 'small-rows', small);
    this.#columns.update(race.racers, racer => racer.name, (node, racer, i) => this.#made.get(node)!.set(race, racer, lineOf(racer, i)));
    this.#columns.order(race.racers.map(racer => racer.name));
    this.#positions.replaceChildren(...race.items.map(item => el('li', {}, titles ? String(item.position) : '')));
  }

  show(race: Race, step: number): void {
    this.#columns.update(race.racers, racer => racer.name, (node, racer) => this.#made.get(node)!.show(race, racer, step));
  }
}
