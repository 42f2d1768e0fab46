// Every explanation by every measure, beside random orders: a table, in which each number has its
// place on the column's common scale. The explanations are radio buttons: the one chosen is what
// the explorer draws.
import { attributes, el, hide, setText, svg, toggle } from '../dom';
import { score } from '../model/format';
import { along, type Scale, scaleOf } from './scale';
import type { Item } from './race_model';
import type { Method, Metric, Report } from './types';

const BASELINES = { random: 'Random', uniform: 'Uniform' } as const;
const percent = (x: number): string => `${(100 * x).toFixed(3)}%`;

interface Cell { node: HTMLElement; plot: HTMLElement; dot: HTMLElement; band: HTMLElement; mean: HTMLElement; uniform: HTMLElement; text: HTMLElement }
interface Row { node: HTMLElement; name: string; radio: HTMLInputElement | null; label: HTMLElement; spark: SVGSVGElement | null; drawn: string; cells: Cell[]; reason: HTMLElement | null }

export class Measures {
  readonly node = el('div', { class: 'measures' });
  #head = el('tr');
  #body = el('tbody');
  #caption = el('p', { class: 'small' });
  #rows: Row[] = [];
  #made = '';

  constructor(private uid: string, private choose: (lens: string) => void) {
    this.node.append(el('table', { 'aria-label': 'Explanations by measures' }, el('thead', {}, this.#head), this.#body), this.#caption);
  }

  update(report: Report, lens: string): void {
    const { methods, metrics, words } = report;
    const made = JSON.stringify([methods.map(m => [m.name, m.label, m.reason]), metrics, words.items]);
    if (made !== this.#made) { this.#made = made; this.#build(report); }
    const scales = metrics.map((_, i) => scaleOf(report, i));
    for (const row of this.#rows) this.#paint(row, report, lens, scales);
    hide(this.#caption, !metrics.length);
    setText(this.#caption, `Grey: 95% of ${report.orders} random orders, dotted their mean. A dot inside it says no more than chance. Line: uniform, ties by position. No measure alone decides, and there is no total.`);
  }

  #build({ methods, metrics, words }: Report): void {
    this.#head.replaceChildren(
      el('th', { scope: 'col', class: 'name' }, el('span', { class: 'unseen' }, 'Explanation')),
      el('th', { scope: 'col', class: 'spark' }, el('span', { class: 'small' }, `${words.items}, oldest first`)),
      ...metrics.map(heading));
    const rows = [...methods.map(method => this.#row(method.name, method, metrics)), ...(metrics.length ? (['random', 'uniform'] as const).map(name => this.#row(name, null, metrics)) : [])];
    this.#rows = rows;
    this.#body.replaceChildren(...rows.map(row => row.node));
  }

  #row(name: string, method: Method | null, metrics: Metric[]): Row {
    const label = el('span', { class: 'label' }), reason = method?.reason ?? null;
    const radio = method && el('input', { type: 'radio', name: `${this.uid}-lens`, value: name, 'data-role': 'lens', disabled: reason !== null });
    radio?.addEventListener('change', () => { if (radio.checked) this.choose(name); });
    const spark = method && !reason ? svg('svg', { preserveAspectRatio: 'none', 'aria-hidden': 'true' }) : null;
    const cells = reason ? [] : metrics.map(metric => cell(name, metric));
    const why = reason ? el('td', { class: 'reason', colspan: metrics.length + 1 }, reason) : null;
    const node = el('tr', { 'data-role': 'measure-row', 'data-method': name, class: method ? null : 'baseline' },
      el('th', { scope: 'row', class: 'name' }, radio ? el('label', {}, radio, label) : label),
      ...(why ? [why] : [el('td', { class: 'spark' }, spark), ...cells.map(c => c.node)]));
    return { node, name, radio, label, spark, drawn: '', cells, reason: why };
  }

  #paint(row: Row, report: Report, lens: string, scales: Scale[]): void {
    const { name } = row, method = report.methods.find(m => m.name === name), chosen = name === lens;
    setText(row.label, method?.label ?? BASELINES[name as keyof typeof BASELINES]);
    row.label.title = method?.note ?? '';
    toggle(row.node, 'chosen', chosen);
    if (row.radio && row.radio.checked !== chosen) row.radio.checked = chosen;
    if (row.spark && method?.values) {
      const drawn = JSON.stringify([method.values, report.items.map(item => item.title)]);
      if (drawn !== row.drawn) { row.drawn = drawn; spark(row.spark, method, report.items); }
    }
    const values = report.values[report.rows.indexOf(name)];
    row.cells.forEach((cell, i) => paintCell(cell, name, report, values?.[i] ?? null, i, scales[i]!));
  }
}

function heading({ label, says, better }: Metric): HTMLElement {
  return el('th', { scope: 'col', class: 'metric' }, el('b', {}, label), el('span', { class: 'says-what' }, says),
    el('span', {}, better === 'more' ? 'more is better →' : '← less is better'));
}

function cell(method: string, metric: Metric): Cell {
  const band = el('i', { class: 'band', ...(method === 'random' ? { 'data-role': 'band' } : {}) }), mean = el('i', { class: 'mean' }), uniform = el('i', { class: 'uniform' }), dot = el('i', { class: 'dot' });
  const text = el('span', { class: 'value' }), plot = el('span', { class: 'plot', 'aria-hidden': 'true' }, el('span', { class: 'field' }, band, el('i', { class: 'level' }), uniform, mean, dot));
  return { node: el('td', { 'data-role': 'measure', 'data-method': method, 'data-metric': metric.name }, plot, text), plot, dot, band, mean, uniform, text };
}

function paintCell(cell: Cell, method: string, report: Report, value: number | null, i: number, scale: Scale): void {
  const of = (name: string): number | null => report.values[report.rows.indexOf(name)]?.[i] ?? null;
  const low = report.band[0][i] ?? null, high = report.band[1][i] ?? null, mean = of('random'), uniform = of('uniform'), metric = report.metrics[i]!.name;
  hide(cell.band, low === null || high === null);
  if (low !== null && high !== null) {
    cell.band.style.left = percent(along(scale, low));
    cell.band.style.width = percent(along(scale, high) - along(scale, low));
    if (method === 'random') attributes(cell.band, { 'data-metric': metric, 'data-low': low, 'data-high': high });
  }
  for (const [node, at] of [[cell.mean, mean], [cell.uniform, uniform], [cell.dot, value]] as const) {
    hide(node, at === null);
    if (at !== null) node.style.left = percent(along(scale, at));
  }
  attributes(cell.node, { 'data-value': value, 'data-x': value === null ? null : along(scale, value) });
  const said = report.cells[method]?.[metric];
  setText(cell.text, said ?? (value === null ? 'none' : score(value)));
  toggle(cell.text, 'said', said !== undefined || value === null);
}

/** Values as bars on one zero line, as tall as the largest of them. */
function spark(node: SVGSVGElement, { name, values, signed }: Method, items: Item[]): void {
  const n = Math.max(items.length, 1), most = Math.max(1e-12, ...values!.map(Math.abs)), depth = signed && values!.some(v => v < 0) ? .6 : 0;
  attributes(node, { viewBox: `0 0 ${n} ${1 + depth}` });
  const lowest = depth && Math.max(1e-12, ...values!.map(v => -v));
  const unit = Math.min(1 / most, depth ? depth / lowest : Infinity);
  node.replaceChildren(svg('rect', { x: 0, y: 1, width: n, height: .012, class: 'zero' }), ...values!.map((value, i) => {
    const height = Math.abs(value) * unit;
    return svg('rect', { x: i + .1, y: value < 0 ? 1 : 1 - height, width: .8, height, class: value < 0 ? 'against' : null, 'data-role': 'value-bar', 'data-method': name, 'data-position': items[i]?.position, 'data-value': value },
      svg('title', {}, `${items[i]?.position}. ${items[i]?.title}: ${score(value, 3)}`));
  }));
}
