// The foot: provenance, or the keys while the keyboard is used; the table and the figure.
import { attributes, el, setText } from '../dom';
import type { Actions, Picture, ViewPart } from '../picture';

const KEYS: [string, string][] = [
  ['↑ ↓', ''], ['Alt ↑ ↓', 'reorder'], ['Del', 'remove'], ['Enter', 'read from here'], ['Shift ← →', 'scrub'], ['/', 'add'], ['Ctrl Z', 'undo'],
];
const MORE: [string, string][] = [
  ['Home End', 'first, last'], ['L', 'next layer'], ['H', 'next head'], ['M', 'ribbons or matrix'], ['P', 'play or pause'], ['T', 'table'], ['Ctrl Shift Z', 'redo'], ['Enter on a recommendation', 'add it'], ['Esc', 'clear'],
];

export class Foot implements ViewPart {
  readonly node: HTMLElement;
  #left = el('div', { class: 'left', 'data-role': 'foot' });
  #table: HTMLButtonElement;
  #save: HTMLButtonElement;
  #menu = el('span', { class: 'menu', role: 'group', 'aria-label': 'Save the figure as', hidden: true });
  #keys = '';
  /** `?` shows every key. */
  allKeys = false;

  constructor(act: Actions) {
    const button = (role: string, text: string, on: () => void) => {
      const node = el('button', { type: 'button', 'data-role': role, tabindex: -1 }, text);
      node.addEventListener('click', () => { if (node.getAttribute('aria-disabled') !== 'true') on(); });
      return node;
    };
    this.#table = button('tool-table', 'Table', act.toggleTable);
    this.#save = button('tool-save', 'Save', () => this.#open(this.#menu.hidden));
    this.#menu.append(...(['svg', 'pdf'] as const).map(format => button(`tool-save-${format}`, format.toUpperCase(), () => { act.save(format); this.#open(false); this.#save.focus(); })));
    this.node = el('footer', { class: 'foot' }, this.#left, el('div', { class: 'do' }, this.#table, this.#save, this.#menu));
    this.#menu.addEventListener('keydown', event => { if (event.key === 'Escape') { event.stopPropagation(); this.#open(false); this.#save.focus(); } });
    attributes(this.#save, { 'aria-expanded': 'false' });
  }

  #open(open: boolean): void {
    this.#menu.hidden = !open;
    attributes(this.#save, { 'aria-expanded': String(open) });
    if (open) (this.#menu.firstElementChild as HTMLElement).focus();
  }

  update(picture: Picture): void {
    attributes(this.#table, { 'aria-pressed': String(picture.table), 'aria-disabled': picture.answer && picture.traits.history.length ? null : 'true' });
    attributes(this.#save, { 'aria-disabled': picture.answer && picture.traits.history.length ? null : 'true' });
    this.hint(picture);
  }

  hint(picture: Picture): void {
    const keys = picture.focused === 'history' || this.allKeys;
    const state = keys ? `${this.allKeys}${picture.layout.wide}${picture.words.items}` : `foot ${picture.answer?.foot ?? ''}`;
    if (state === this.#keys) return;
    this.#keys = state;
    if (!keys) { setText(this.#left, picture.answer?.foot ?? ''); return; }
    const list = this.allKeys ? [...KEYS, ...MORE] : [...(picture.layout.wide ? KEYS : KEYS.slice(0, 5)), ['?', 'all keys'] as [string, string]];
    this.#left.replaceChildren(...list.flatMap(([key, what]) => [el('span', { class: 'hint' }, el('kbd', {}, key), ` ${what || picture.words.items}`), ' ']));
  }
}
