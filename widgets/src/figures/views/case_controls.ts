// What can be set of a case: user and item by name, what each field says, and the pin.
import { attributes, el, setText } from '../../dom';
import type { AnyModel } from '../../engine/store';
import type { Id } from '../../types';
import type { CaseFrame, CaseSetup, Said } from './case_types';

const AS_IS = 'as it is', NOTHING = 'nothing';
let made = 0;

export const setupOf = (model: AnyModel): CaseSetup => model.get('_setup') as CaseSetup;
export const changesOf = (model: AnyModel): Record<string, Said> => (model.get('changes') ?? {}) as Record<string, Said>;

export function set(model: AnyModel, values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}

/** What a field says, to be chosen: what the data say of it, every value that it had, or nothing. */
export class ValuePicker {
  readonly node: HTMLSelectElement;
  #values: (Said | undefined)[] = []; // undefined: as it is in the data
  #key = '';

  constructor(private model: AnyModel, private field: CaseSetup['fields'][number]) {
    this.node = el('select', { 'aria-label': `What ${field.name} says`, 'data-role': 'case-value', 'data-field': field.name });
    this.node.addEventListener('change', () => {
      const value = this.#values[this.node.selectedIndex], { [field.name]: _, ...others } = changesOf(this.model);
      set(this.model, { changes: value === undefined ? others : { ...others, [field.name]: value } });
    });
  }

  update(word: string): void {
    const changes = changesOf(this.model), { name, side, values } = this.field, changed = name in changes;
    const own: (Said | undefined)[] = side === 'context' ? [] : [undefined];
    const key = `${changed}${own.length && !changed ? word : ''}`;
    if (key !== this.#key || !this.#values.length) {
      this.#key = key;
      this.#values = [...own, ...values, null];
      this.node.replaceChildren(...this.#values.map(value => el('option', {}, value === undefined ? (changed || !word ? AS_IS : word) : value === null ? NOTHING : String(value))));
    }
    const said = changed ? changes[name]! : side === 'context' ? null : undefined;
    let at = this.#values.findIndex(value => value === said);
    if (at < 0) { // a value that is not offered: from Python
      this.#values.push(said);
      this.node.append(el('option', {}, word || String(said)));
      at = this.#values.length - 1;
    }
    this.node.selectedIndex = at;
  }
}

/** Whoever or whatever it is about, by name or id, among those that are offered. */
export class WhoPicker {
  readonly node: HTMLElement;
  #input: HTMLInputElement;
  #known = new Map<string, Id>();

  constructor(private model: AnyModel, trait: 'user' | 'item', label: string, offered: readonly [Id, string][]) {
    const id = `attnrec-case-${made++}`, list = el('datalist', { id });
    for (const [one, title] of offered) {
      const told = this.#known.has(title) ? `${title} (${one})` : title;
      this.#known.set(told, one);
      list.append(el('option', { value: told }));
    }
    for (const [one] of offered) if (!this.#known.has(String(one))) this.#known.set(String(one), one);
    this.#input = el('input', { type: 'text', list: id, 'data-role': `case-${trait}`, autocomplete: 'off', spellcheck: 'false' });
    this.node = el('label', { class: 'who' }, el('span', {}, label), this.#input, list);
    this.#input.addEventListener('focus', () => this.#input.select());
    this.#input.addEventListener('change', () => {
      const text = this.#input.value.trim(), found = this.#known.get(text);
      if (found !== undefined) set(this.model, { [trait]: found });
      else this.#input.value = this.#shown;
    });
  }

  #shown = '';

  update(text: string): void {
    if (text === this.#shown && document.activeElement === this.#input) return;
    this.#shown = text;
    this.#input.value = text;
  }
}

/** Pins the present case, and lets it go. */
export class Pin {
  readonly node = el('button', { type: 'button', class: 'link', 'data-role': 'case-pin' });

  constructor(model: AnyModel) {
    this.node.addEventListener('click', () => set(model, {
      pinned: model.get('pinned') ? null : { user: model.get('user'), item: model.get('item'), changes: changesOf(model) },
    }));
  }

  update(frame: CaseFrame): void {
    setText(this.node, frame.pinned ? 'Unpin' : 'Pin');
    attributes(this.node, { 'aria-pressed': String(Boolean(frame.pinned)), title: frame.pinned ? 'Let the pinned case go' : 'Keep this case beside those that follow' });
  }
}
