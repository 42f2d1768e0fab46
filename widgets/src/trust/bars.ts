// The values of a method as bars, oldest item first; what a bar is shows while the pointer is on it.
import { attributes, el, hide, round, setText, svg } from '../dom';
import { decimals, minus } from '../model/format';
import { clamp } from '../model/scale';
import type { Method, Report } from './types';

const HEIGHT = 24, THIN = .6; // px; what is small is still seen

export class Bars {
  readonly node = el('div', { class: 'bars-cell', 'aria-hidden': 'true' });
  #svg = svg('svg', { preserveAspectRatio: 'none' });
  #tip = el('span', { class: 'tip', 'data-role': 'value-tip', hidden: true });
  #drawn: readonly number[] | null = null;
  #report: Report | null = null;

  constructor() {
    this.node.append(this.#svg, this.#tip);
    this.node.addEventListener('pointermove', event => this.#point(event));
    this.node.addEventListener('pointerleave', () => this.#rest());
  }

  update({ name, values }: Method, report: Report): void {
    this.#report = report;
    if (!values || values === this.#drawn) return;
    this.#drawn = values;
    this.#rest();
    const { items } = report, up = Math.max(0, ...values), down = Math.max(0, ...values.map(v => -v));
    const unit = up + down > 0 ? (HEIGHT - 2 * THIN) / (up + down) : 0, zero = HEIGHT - THIN - down * unit, gap = Math.min(.24, .012 * items.length);
    attributes(this.#svg, { viewBox: `0 0 ${Math.max(1, items.length)} ${HEIGHT}` });
    this.#svg.replaceChildren(...values.map((value, i) => {
      const height = Math.max(THIN, Math.abs(value) * unit);
      return svg('rect', {
        class: value < 0 ? 'against' : 'for', x: i + gap / 2, width: 1 - gap, y: round(value < 0 ? zero : zero - height), height: round(height),
        'data-role': 'value-bar', 'data-method': name, 'data-position': items[i]?.position, 'data-value': value,
      });
    }));
  }

  #point({ clientX }: PointerEvent): void {
    const values = this.#drawn, box = this.#svg.getBoundingClientRect();
    if (!values?.length || !this.#report || !box.width) return;
    const i = clamp(Math.floor((clientX - box.left) / box.width * values.length), 0, values.length - 1), item = this.#report.items[i];
    this.#svg.querySelector('.pointed')?.classList.remove('pointed');
    this.#svg.children[i]!.classList.add('pointed');
    setText(this.#tip, item ? `${item.position} ${item.title} ${valued(values[i]!, values)}` : '');
    hide(this.#tip, !item);
  }

  #rest(): void {
    hide(this.#tip, true);
    this.#svg.querySelector('.pointed')?.classList.remove('pointed');
  }
}

/** A value with the decimals that tell it from others of its method, and its sign where they have signs. */
export function valued(value: number, values: readonly number[]): string {
  const text = minus(value.toFixed(decimals([...values, 0])));
  return value > 0 && values.some(v => v < 0) ? `+${text}` : text;
}
