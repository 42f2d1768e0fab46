// The threshold: fields of less attention are left out, and what that costs stands beside.
//
//   [data-role=case-threshold]  the slider, in steps; [data-role=case-cost] the sentence
import { attributes, el, setText } from '../../dom';
import type { AnyModel } from '../../engine/store';
import { percent } from '../../model/format';
import { set, setupOf } from './case_controls';
import { value } from './case_outcome';
import type { CaseFrame } from './case_types';

export class Threshold {
  readonly node: HTMLElement;
  #range: HTMLInputElement;
  #at = el('output', { class: 'at' });
  #cost = el('p', { class: 'cost', 'data-role': 'case-cost' });

  constructor(private model: AnyModel) {
    const [, steps] = setupOf(model).threshold;
    this.#range = el('input', { type: 'range', min: 0, max: steps, step: 1, 'data-role': 'case-threshold', 'aria-label': 'Leave out fields with less attention than' });
    this.node = el('div', { class: 'threshold' }, el('label', {}, el('span', {}, 'Leave out fields with less than'), this.#range, this.#at), this.#cost);
    this.#range.addEventListener('input', () => set(model, { threshold: this.#level() }));
  }

  #level(): number {
    const [most, steps] = setupOf(this.model).threshold;
    return Number(this.#range.value) / steps * most;
  }

  update(frame: CaseFrame): void {
    const [most, steps] = setupOf(this.model).threshold, level = this.model.get('threshold') as number, step = Math.round(level / most * steps);
    if (Number(this.#range.value) !== step) this.#range.value = String(step);
    setText(this.#at, level ? `${percent(level)} of the attention` : 'nothing');
    attributes(this.#range, { 'aria-valuetext': this.#at.textContent });
    setText(this.#cost, told(frame, level));
  }
}

function told(frame: CaseFrame, level: number): string {
  if (!level) return 'Drag to see what the fields that attention passes over are worth.';
  const { dropped, prediction, score, predictionWithout, scoreWithout, unit, cost } = frame, out = dropped.filter(Boolean).length;
  const here = out ? `${out} of ${dropped.length} fields left out: here ${value(prediction, score, unit)} becomes ${value(predictionWithout, scoreWithout, unit)}.` : 'No field of this case gets less.';
  if (!cost) return here;
  const moved = unit === 'rating' || prediction === null ? cost.change.toFixed(2) : `${(100 * cost.change).toFixed(1)} points`, figure = (v: number) => v.toFixed(3);
  return `${here} Over ${cost.rows} test rows ${cost.fields.toFixed(1)} are left out, predictions move by ${moved}, and ${cost.figure} goes from ${figure(cost.before)} to ${figure(cost.after)}; leaving out as many at random, to ${figure(cost.random)}.`;
}
