// Numbers of a metric as dots on its column: a row's own, and what stands behind all rows.
import { attributes, hide, round, svg } from '../dom';
import type { Places } from './scale';

const MIDDLE = 14, REACH = 6; // px: of a row, and of the tick of uniform up and down
const percent = (x: number): string => `${round(100 * x)}%`;

/** The dot of a method, the whisker of random, or the tick of uniform. */
export class Dot {
  readonly node: SVGSVGElement;
  #whisker: SVGElement | null = null;
  #mark: SVGElement;

  constructor(private row: string, private metric: string) {
    if (row === 'uniform') this.#mark = svg('line', { class: 'tick-mark', y1: MIDDLE - REACH, y2: MIDDLE + REACH });
    else this.#mark = svg('circle', { class: row === 'random' ? 'hollow' : 'dot', cy: MIDDLE, r: row === 'random' ? 3.3 : 4 });
    if (row === 'random') this.#whisker = svg('line', { class: 'whisker', y1: MIDDLE, y2: MIDDLE });
    this.node = svg('svg', { class: 'row-plot', 'aria-hidden': 'true' }, this.#whisker, this.#mark);
  }

  /** Draws it where it stands now, which is handed back; null: nowhere. */
  draw(places: Places): number | null {
    const column = places.get(this.metric), x = column?.get(this.row) ?? null, low = column?.get('band low'), high = column?.get('band high');
    attributes(this.#mark, { display: x === null ? 'none' : null, ...(x === null ? {} : this.row === 'uniform' ? { x1: percent(x), x2: percent(x) } : { cx: percent(x) }) });
    if (this.#whisker && low !== undefined && high !== undefined) attributes(this.#whisker, { x1: percent(low), x2: percent(high) });
    return x;
  }
}

/** Behind every row of a metric: 95% of random orders as a field, their mean and uniform as lines. */
export class Backdrop {
  readonly node: SVGSVGElement;
  #band: SVGElement;
  #uniform = svg('line', { class: 'uniform-line', y1: 0, y2: '100%' });
  #mean = svg('line', { class: 'mean-line', y1: 0, y2: '100%' });

  constructor(private metric: string) {
    this.#band = svg('rect', { class: 'band', y: 0, height: '100%', 'data-role': 'band', 'data-metric': metric });
    this.node = svg('svg', { class: 'backdrop', 'aria-hidden': 'true' }, this.#band, this.#uniform, this.#mean);
  }

  tell(low: number | null, high: number | null): void { attributes(this.#band, { 'data-low': low, 'data-high': high }); }

  draw(places: Places): void {
    const column = places.get(this.metric), low = column?.get('band low'), high = column?.get('band high');
    hide(this.node, low === undefined || high === undefined);
    if (low === undefined || high === undefined) return;
    attributes(this.#band, { x: percent(low), width: percent(high - low) });
    for (const [line, name] of [[this.#uniform, 'uniform'], [this.#mean, 'random']] as const) {
      const x = column!.get(name);
      attributes(line, { display: x === undefined ? 'none' : null, ...(x === undefined ? {} : { x1: percent(x), x2: percent(x) }) });
    }
  }
}
