// What colours and circles say. Pressing a group draws the others faintly.
import { attributes, el, hide, svg } from '../../dom';
import { percent, thousands } from '../../model/format';
import { snapDown } from '../../model/scale';
import { colourOf } from './map_dots';
import type { MapFrame } from './map_places';

const COLOURS = 8;

export class Legend {
  readonly node = el('div', { class: 'legend', 'data-role': 'legend' });
  #drawn = '';

  constructor(private choose: (group: number | null) => void) {}

  /** `largest`: the radius of all attention on one item. */
  draw(frame: MapFrame, dark: boolean, chosen: number | null, largest: number): void {
    const { by, names, groups, shares } = frame, most = shares.data.reduce((a, v) => Math.max(a, v), 0);
    const counts = new Map<number, number>();
    for (const group of groups.data) counts.set(group, (counts.get(group) ?? 0) + 1);
    const drawn = JSON.stringify([by, names.slice(0, COLOURS), [...counts], most > 0 && snapDown(most), dark, largest]);
    hide(this.node, !hasLegend(frame));
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      this.node.replaceChildren(...names.length ? [el('div', { class: 'groups' }, ...this.#groups(frame, counts, dark))] : [], ...most > 0 ? [sizes(most, largest)] : []);
    }
    this.#press(chosen);
  }

  #press(chosen: number | null): void {
    for (const node of this.node.querySelectorAll('button')) attributes(node, { 'aria-pressed': String(node.dataset.group === String(chosen)) });
  }

  #groups({ by, names, groups }: MapFrame, counts: ReadonlyMap<number, number>, dark: boolean): HTMLElement[] {
    const shown = names.slice(0, COLOURS), many = (group: number) => counts.get(group) ?? 0, rest = groups.data.length - shown.reduce((sum, _, group) => sum + many(group), 0);
    const told = (group: number, name: string): HTMLElement[] => [el('span', { class: 'of', dir: 'auto' }, name), el('span', { class: 'many' }, thousands(group < 0 ? rest : many(group)))];
    const others = el('p', { class: 'other' }, swatch(colourOf(-1, dark)), ...told(-1, names.length > COLOURS ? 'others' : 'not known'));
    return [el('p', { class: 'head', dir: 'auto' }, by), ...shown.map((name, group) => this.#button(group, name, [swatch(colourOf(group, dark)), ...told(group, name)])), ...rest ? [others] : []];
  }

  #button(group: number, name: string, parts: Element[]): HTMLElement {
    const node = el('button', { type: 'button', 'data-role': 'group', 'data-group': group, title: name }, ...parts);
    node.addEventListener('click', () => {
      const chosen = node.getAttribute('aria-pressed') === 'true' ? null : group;
      this.#press(chosen);
      this.choose(chosen);
    });
    return node;
  }
}

/** Whether there is anything to tell. */
export const hasLegend = ({ names, shares }: MapFrame): boolean => names.length > 0 || shares.data.some(share => share > 0);

const swatch = (colour: string): SVGElement => svg('svg', { width: 10, height: 10, 'aria-hidden': 'true' }, svg('circle', { cx: 5, cy: 5, r: 4.5, fill: colour }));

/** Two circles as large as round shares. */
function sizes(most: number, largest: number): HTMLElement {
  const large = snapDown(most), small = snapDown(large / 4), radii = [small, large].map(share => largest * Math.sqrt(share)) as [number, number];
  const height = Math.max(16, 2 * radii[1] + 2), y = height / 2;
  let x = 1;
  const parts = [small, large].flatMap((share, k) => {
    const r = radii[k]!, circle = svg('circle', { class: 'attended', cx: x + r, cy: y, r }), text = svg('text', { class: 'tick', x: x + 2 * r + 5, y, 'dominant-baseline': 'central' }, percent(share));
    x += 2 * r + 50;
    return [circle, text];
  });
  return el('div', { class: 'sizes' }, el('p', { class: 'head' }, 'share of the attention'), svg('svg', { width: Math.ceil(x), height, 'aria-hidden': 'true', 'data-role': 'key' }, ...parts));
}
