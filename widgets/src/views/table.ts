// Every number of the picture as tables, for reading, copying and screen readers.
import { el, hide } from '../dom';
import { effect, minus } from '../model/format';
import { lensInFull } from '../model/sentence';
import type { Picture, ViewPart } from '../picture';
import type { Preview } from '../types';

type Cell = string | number;

function table(caption: string, role: string, head: Cell[], rows: Cell[][]): HTMLTableElement {
  const numeric = head.map((_, i) => rows.every(r => r[i] === '' || /^[−+\d.,%]+$/.test(String(r[i]))));
  const cell = (value: Cell, i: number) => el('td', { class: numeric[i] ? 'r' : null, dir: numeric[i] ? null : 'auto' }, String(value));
  return el('table', { 'data-role': role }, el('caption', {}, caption),
    el('thead', {}, el('tr', {}, ...head.map((h, i) => el('th', { scope: 'col', class: numeric[i] ? 'r' : null }, String(h))))),
    el('tbody', {}, ...rows.map(r => el('tr', {}, ...r.map(cell)))));
}

export class Table implements ViewPart {
  readonly node = el('section', { class: 'tables', hidden: true, tabindex: 0, 'aria-label': 'Every number of the picture', 'data-role': 'table' });

  #preview: Preview | null = null;

  /** Previews come and go more often than answers. */
  pointed(picture: Picture): void { if (!this.node.hidden && picture.preview !== this.#preview) this.update(picture); }

  update(picture: Picture): void {
    this.#preview = picture.preview;
    const { answer, traits } = picture, lens = picture.lens?.stale ? null : picture.lens;
    hide(this.node, !picture.table || !answer || !traits.history.length);
    if (this.node.hidden || !answer) { this.node.replaceChildren(); return; }
    const two = answer.panels.length > 1, panels = answer.panels, shown = answer.shown;
    const number = (w: number | undefined) => (w === undefined ? '' : minus(w.toFixed(6)));
    const detail = shown.history.some(id => picture.label(id).detail), dated = answer.dates.some(d => d);
    const attending = panels.filter(p => p.row);
    const history = table('History, oldest first', 'table-history',
      ['position', 'title', ...(detail ? ['detail'] : []), ...(dated ? ['date'] : []), ...attending.map(p => `attention${two ? `, ${p.name}` : ''}, ${lensInFull(answer, p)}`),
        ...(lens?.values ? [lens.label] : []), ...(lens ? [`effect on ${lens.target.title}`] : [])],
      shown.history.map((id, i) => {
        const label = picture.label(id), sees = i < Math.min(shown.query, shown.now);
        return [i + 1, label.title, ...(detail ? [label.detail] : []), ...(dated ? [answer.dates[i] ?? ''] : []), ...attending.map(p => (sees ? number(p.row![i]) : '')),
          ...(lens?.values ? [i < shown.now ? number(lens.values[i] ?? undefined) : ''] : []), ...(lens ? [i < shown.now ? effect(lens.effects[i] ?? 0, 6, lens.negligible) : ''] : [])];
      }));
    const ranked = panels.map(p => table(two ? `Recommendations of ${p.name}` : 'Recommendations', 'table-ranking', ['rank', 'title', 'score'],
      [...p.recommendations, ...(p.heldOut && !p.recommendations.some(r => r.id === p.heldOut!.id) ? [p.heldOut] : [])].map(r => [r.rank, picture.label(r.id).title, number(r.score)])));
    const maps = panels.filter(p => p.matrix).map(p => {
      const n = Math.round(Math.sqrt(p.matrix!.length));
      return table(`Attention of each position (rows) to each (columns)${two ? `, ${p.name}` : ''}, ${lensInFull(answer, p)}`, 'table-matrix', ['', ...Array.from({ length: n }, (_, j) => j + 1)],
        Array.from({ length: n }, (_, i) => [i + 1, ...Array.from({ length: n }, (__, j) => (p.matrix![i * n + j] ? number(p.matrix![i * n + j]) : ''))]));
    });
    const known = shown.history.map((_, i) => picture.previewAt(i + 1)).filter(p => p !== null);
    const without = panels.filter(() => known.length).map((panel, k) => table(`Recommendations without each ${picture.words.item}, as far as known${two ? `, ${panel.name}` : ''}`, 'table-previews',
      ['without', 'title', ...panel.recommendations.map((_, i) => i + 1)],
      known.map(({ position, panels: then }) => [position, picture.label(shown.history[position - 1]!).title, ...panel.recommendations.map((_, i) => {
        const r = then[k]?.recommendations[i];
        return r ? `${picture.label(r.id).title}, ${number(r.score)}` : '';
      })])));
    this.node.replaceChildren(el('div', { class: 'pair' }, history, ...ranked), ...maps, ...without);
  }
}
