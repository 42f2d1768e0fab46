// What comes of a case: the prediction, and where items rank; beside them those of the pinned case.
//
//   [data-role=case-prediction]  data-value (drawn now), data-was (of the pinned case)
//   [data-role=case-ranked]      data-item, data-rank, data-score, data-was (rank in the pinned case)
import { attributes, el, hide, Keyed, place, setText } from '../../dom';
import { minus, percent, thousands } from '../../model/format';
import type { CaseFrame, CaseTold, Ranked } from './case_types';

export const ROW = 26;

/** A prediction, or a score where there is none, in words. */
export function value(prediction: number | null, score: number, unit: string): string {
  if (prediction === null) return minus(score.toFixed(2));
  return unit === 'rating' ? prediction.toFixed(2) : percent(prediction);
}

export const main = ({ prediction, score }: CaseTold): number => prediction ?? score;

export class Outcome {
  readonly node = el('div', { class: 'outcome' });
  #number = el('b', { class: 'big', 'data-role': 'case-prediction' });
  #unit = el('span', { class: 'unit' });
  #was = el('span', { class: 'was' });
  #place = el('p', { class: 'place', 'data-role': 'case-place' });
  #head = el('div', { class: 'head' }, 'Ranking ', el('span', {}, 'of all items in this case'));
  #list = el('div', { class: 'list' });
  #rows = new Keyed<HTMLElement, Ranked>(this.#list, () => el('div', { class: 'ranked', 'data-role': 'case-ranked' },
    el('span', { class: 'rank' }), el('span', { class: 'title', dir: 'auto' }), el('span', { class: 'track' }, el('i', {})), el('span', { class: 'score' }), el('span', { class: 'move' })));

  constructor() { this.node.append(el('div', { class: 'prediction' }, this.#number, el('div', {}, this.#unit, this.#was)), this.#place, this.#head, this.#list); }

  update(frame: CaseFrame, item: unknown): void {
    const { ranking, pinned, unit, total, rank } = frame;
    setText(this.#unit, frame.prediction === null ? 'score (it only ranks)' : unit);
    setText(this.#was, pinned ? `pinned: ${value(pinned.prediction, pinned.score, unit)}` : '');
    attributes(this.#number, { 'data-was': pinned ? main(pinned) : null });
    setText(this.#place, `It ranks ${thousands(rank)} of ${thousands(total)}${pinned ? `; pinned: ${thousands(pinned.rank)}` : ''}.`);
    hide(this.#head, !ranking.length);
    place(this.#list, { h: ranking.length * ROW });
    const scores = ranking.map(one => one.score), low = Math.min(...scores, frame.score), high = Math.max(...scores), before = new Map(pinned?.ranks ?? []);
    this.#rows.update(ranking, one => JSON.stringify(one.id), (node, one, i) => {
      const [rankNode, title, track, score, move] = node.children as unknown as [HTMLElement, HTMLElement, HTMLElement, HTMLElement, HTMLElement];
      const was = before.get(one.id), moved = was === undefined ? (pinned ? 'new' : '') : was > one.rank ? `↑${was - one.rank}` : was < one.rank ? `↓${one.rank - was}` : '';
      attributes(node, { 'data-item': String(one.id), 'data-rank': one.rank, 'data-score': one.score, 'data-was': was, class: one.id === item ? 'ranked own' : 'ranked', title: one.title });
      place(node, { y: i * ROW });
      setText(rankNode, String(one.rank));
      setText(title, one.title);
      (track.firstElementChild as HTMLElement).style.width = `${high > low ? 4 + 96 * (one.score - low) / (high - low) : 100}%`;
      setText(score, minus(one.score.toFixed(2)));
      setText(move, moved);
    });
  }

  /** The number on its way. */
  paint(now: number, frame: CaseFrame): void {
    attributes(this.#number, { 'data-value': now });
    setText(this.#number, value(frame.prediction === null ? null : now, now, frame.unit));
  }

  rowAt(y: number): HTMLElement | null {
    for (const row of this.#list.children) {
      const box = row.getBoundingClientRect();
      if (y >= box.top && y < box.bottom) return row as HTMLElement;
    }
    return null;
  }

  get list(): HTMLElement { return this.#list; }
}
