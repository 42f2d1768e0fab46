// The smallest flip: found on request, told in one sentence, and played in the explorer as an edit.
import { attributes, el, hide } from '../dom';
import { tellFlip } from './flip_model';
import { say } from './say';
import type { Flip, Report } from './types';

export type Wish = 'flip' | 'play_flip' | 'undo_flip';
const KEEPS = 'A masked item keeps its place, which no history can show: only dropping can be played.';

export class FlipLine {
  readonly node = el('div', { class: 'flip', role: 'group', 'aria-label': 'Smallest flip' });
  #says = el('p', { 'data-role': 'flip-sentence', role: 'status' });
  #reason = el('p', { class: 'small', 'data-role': 'flip-reason' }, KEEPS);
  #find = el('button', { type: 'button', 'data-role': 'flip' }, 'Smallest flip');
  #play = el('button', { type: 'button', 'data-role': 'flip-play' }, 'Play');
  #undo = el('button', { type: 'button', 'data-role': 'flip-undo' }, 'Undo');
  #asked: number | null = null; // of which report

  constructor(private ask: (wish: Wish) => void) {
    this.node.append(this.#find, this.#says, this.#play, this.#undo, this.#reason);
    for (const [button, wish] of [[this.#find, 'flip'], [this.#play, 'play_flip'], [this.#undo, 'undo_flip']] as const)
      button.addEventListener('click', () => { if (button.getAttribute('aria-disabled') !== 'true') this.#wish(wish); });
  }

  #wish(wish: Wish): void {
    if (wish === 'flip') { this.#asked = Number(this.node.dataset.seq); this.#search(); }
    this.ask(wish);
  }

  update(report: Report, flip: Flip | null): void {
    const { removal, words, seq, state } = report, found = flip?.found === true, masked = removal === 'mask';
    if (flip || seq !== this.#asked || state === 'error') this.#asked = null;
    attributes(this.node, { 'data-seq': seq });
    attributes(this.#find, { 'aria-disabled': state === 'ready' && this.#asked === null ? null : 'true' });
    attributes(this.#play, { 'aria-disabled': masked || state !== 'ready' ? 'true' : null });
    const shown = !flip ? this.#find : !found ? null : flip.played ? this.#undo : this.#play, focused = document.activeElement;
    const buttons = [this.#find, this.#play, this.#undo];
    for (const button of buttons) hide(button, button !== shown);
    if (shown && shown !== focused && buttons.some(button => button === focused)) shown.focus(); // it takes the other's place
    hide(this.#reason, !found || !masked);
    if (flip) say(this.#says, tellFlip(flip, words));
    else if (this.#asked !== null) this.#search();
    else say(this.#says, [`The fewest ${words.items} without which another would come first.`]);
  }

  #search(): void {
    attributes(this.#find, { 'aria-disabled': 'true' });
    say(this.#says, ['Searching: one taken out, then two, then more.']);
  }
}
