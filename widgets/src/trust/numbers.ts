// Every number of a view as tables, made when they are asked for.
import { attributes, el, hide } from '../dom';

interface Tabular { caption: string; head: (string | number)[]; rows: (string | number)[][] }

/** A button and the tables that it shows and hides. */
export function numbers(role: string): { button: HTMLButtonElement; node: HTMLElement; set(tables: () => Tabular[]): void } {
  const button = el('button', { type: 'button', class: 'link', 'aria-expanded': 'false', 'data-role': `${role}-table` }, 'Table');
  const node = el('section', { class: 'tables', hidden: true, tabindex: 0, 'aria-label': 'Every number of the picture', 'data-role': `${role}-numbers` });
  let make: () => Tabular[] = () => [], open = false;
  const show = (): void => {
    attributes(button, { 'aria-expanded': String(open), 'aria-pressed': String(open) });
    hide(node, !open);
    node.replaceChildren(...(open ? make().map(tabulated) : []));
  };
  button.addEventListener('click', () => { open = !open; show(); });
  return { button, node, set(tables) { make = tables; show(); } };
}

function tabulated({ caption, head, rows }: Tabular): HTMLTableElement {
  const right = head.map((_, i) => (rows.every(row => row[i] === '' || /^[−\d.,%]+$/.test(String(row[i]))) ? 'r' : null));
  return el('table', {}, el('caption', {}, caption),
    el('thead', {}, el('tr', {}, ...head.map((h, i) => el('th', { scope: 'col', class: right[i]! }, String(h))))),
    el('tbody', {}, ...rows.map(row => el('tr', {}, ...row.map((cell, i) => el('td', { class: right[i]!, dir: right[i] ? null : 'auto' }, String(cell)))))));
}
