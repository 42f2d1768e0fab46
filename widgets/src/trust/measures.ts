// Every explanation by every measure, beside random orders: a table, in which each number has its
// place on its column's common scale. The explanations are radio buttons: the one chosen is the
// lens, which the explorer draws.
import { attributes, el, setText, toggle } from '../dom';
import { capital, score } from '../model/format';
import { Clock, cubicInOut } from '../motion/clock';
import { Bars } from './bars';
import { Backdrop, Dot } from './dots';
import { type Places, digitsOf, placesBetween, placesOf, samePlaces, scaleOf } from './scale';
import type { Method, Metric, Report } from './types';

const PITCH = 28, DURATION = 320;
const BASELINES = { random: 'Random', uniform: 'Uniform' } as const;
const UNKNOWN: Metric[] = Array.from({ length: 5 }, (_, i) => ({ name: String(i), label: '', says: '', better: 'more' })); // keeps their room

interface Cell { metric: string; node: HTMLElement; dot: Dot; text: HTMLElement }
interface Row { name: string; node: HTMLElement; label: HTMLElement; radio: HTMLInputElement | null; bars: Bars | null; cells: Cell[] }

export class Measures {
  readonly node = el('div', { class: 'measures', 'data-role': 'measures', 'data-moving': 'false' });
  #heads = el('thead');
  #body = el('tbody');
  #caption = el('p', { class: 'small' });
  #rows: Row[] = [];
  #backdrops: Backdrop[] = [];
  #made = '';
  #drawn: Places = new Map();
  #goal: Places = new Map();
  #clock = new Clock();

  constructor(private uid: string, private choose: (lens: string) => void) {
    this.node.append(el('div', { class: 'wide-table' }, el('table', { 'aria-label': 'Explanations by measures' }, this.#heads, this.#body)), this.#caption);
  }

  update(report: Report, lens: string): void {
    const { methods, metrics, orders, words } = report;
    const made = JSON.stringify([methods.map(m => [m.name, m.label, m.note, m.reason]), metrics, words.items]);
    if (made !== this.#made) { this.#made = made; this.#build(report); }
    const digits = new Map(metrics.map(({ name }, i) => [name, digitsOf(scaleOf(report, i))]));
    for (const row of this.#rows) paint(row, report, lens, digits);
    this.#backdrops.forEach((backdrop, i) => backdrop.tell(report.band[0][i] ?? null, report.band[1][i] ?? null));
    setText(this.#caption, metrics.length ? `Grey: 95% of ${orders} random orders. A dot inside it says no more than chance. Line: uniform, ties by position.` : ' ');
    this.#go(placesOf(report));
  }

  dispose(): void { this.#clock.stop(); }

  /** From what is drawn to where all belongs. */
  #go(goal: Places): void {
    const from = this.#drawn, same = samePlaces(goal, this.#goal);
    if (same && this.#clock.running) return;
    this.#goal = goal;
    if (same || !from.size || Clock.still) { this.#clock.stop(); this.#draw(goal); return; }
    this.#clock.start(DURATION, t => this.#draw(placesBetween(from, goal, cubicInOut(t))), () => this.#draw(goal));
  }

  #draw(places: Places): void {
    this.#drawn = places;
    for (const backdrop of this.#backdrops) backdrop.draw(places);
    for (const { cells } of this.#rows) for (const { node, dot } of cells) attributes(node, { 'data-x': dot.draw(places) });
    attributes(this.node, { 'data-moving': String(places !== this.#goal) });
  }

  #build({ methods, metrics, words }: Report): void {
    const columns = metrics.length ? metrics : UNKNOWN;
    this.#heads.replaceChildren(
      el('tr', {}, el('th', { scope: 'col', class: 'name', rowspan: 2 }, el('span', { class: 'unseen' }, 'Explanation')), el('td', { class: 'bars', rowspan: 2 }, `${words.items}, oldest first`),
        ...columns.map(({ label, says }) => el('th', { scope: 'col' }, el('b', {}, label), el('span', { class: 'what' }, says)))),
      el('tr', { class: 'better' }, ...columns.map(({ label, better }) => el('td', {}, label && (better === 'more' ? 'more is better →' : '← less is better')))));
    this.#rows = [...methods.map(method => this.#row(method.name, method, columns)), this.#row('random', null, columns), this.#row('uniform', null, columns)];
    this.#body.replaceChildren(...this.#rows.map(row => row.node));
    const top = this.#rows.findIndex(row => row.cells.length), height = (this.#rows.length - top) * PITCH;
    this.#backdrops = this.#rows[top]!.cells.map(({ metric, dot }) => {
      const backdrop = new Backdrop(metric);
      attributes(backdrop.node, { height });
      dot.node.before(backdrop.node);
      return backdrop;
    });
  }

  #row(name: string, method: Method | null, columns: Metric[]): Row {
    const label = el('span', { class: 'label', title: method?.note && capital(method.note) }, method?.label ?? BASELINES[name as keyof typeof BASELINES]);
    const reason = method?.reason ?? null, cells = reason === null ? columns.map(({ name: metric }) => cellOf(name, metric)) : [];
    const radio = method && el('input', { type: 'radio', name: `${this.uid}-lens`, value: name, 'data-role': 'lens', disabled: reason !== null });
    radio?.addEventListener('change', () => { if (radio.checked) this.choose(name); });
    const bars = method && reason === null ? new Bars() : null;
    const node = el('tr', { 'data-role': 'measure-row', 'data-method': name, class: method ? (reason === null ? null : 'lacks') : 'baseline' },
      el('th', { scope: 'row', class: 'name' }, radio ? el('label', {}, radio, label) : label),
      ...(reason === null ? [el('td', { class: 'bars' }, bars?.node), ...cells.map(cell => cell.node)]
        : [el('td', { class: 'reason', colspan: columns.length + 1, title: reason }, el('span', {}, capital(reason)))]));
    return { name, node, label, radio, bars, cells };
  }
}

function cellOf(method: string, metric: string): Cell {
  const dot = new Dot(method, metric), text = el('span', { class: 'value' });
  return { metric, dot, text, node: el('td', { 'data-role': 'measure', 'data-method': method, 'data-metric': metric }, el('span', { class: 'plot' }, dot.node), text) };
}

function paint({ name, node, radio, bars, cells }: Row, report: Report, lens: string, digits: Map<string, number>): void {
  const method = report.methods.find(m => m.name === name), values = report.values[report.rows.indexOf(name)], chosen = name === lens;
  toggle(node, 'chosen', chosen);
  if (radio && radio.checked !== chosen) radio.checked = chosen;
  if (bars && method) bars.update(method, report);
  cells.forEach((cell, i) => {
    const value = values?.[i] ?? null, said = report.cells[name]?.[cell.metric];
    attributes(cell.node, { 'data-value': value });
    setText(cell.text, said ?? (value !== null ? score(value, digits.get(cell.metric)) : values ? 'none' : ''));
    toggle(cell.text, 'said', value === null);
  });
}
