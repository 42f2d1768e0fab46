// The smallest flip: found on request, told in one sentence, and played in the explorer as an edit.
import { attributes, el, hide } from '../dom';
import { tellFlip } from './flip_model';
import { say } from './say';
import type { Flip, Report } from './types';

type Wish = 'flip' | 'play_flip' | 'undo_flip';
const KEEPS = 'A masked item keeps its place, and a history has no empty places: only a flip by dropping can be played.';

export class FlipLine {
  readonly node = el('div', { class: 'flip' });
  #says = el('p', { 'data-role': 'flip-sentence', role: 'status' });
  #find: HTMLButtonElement;
  #play: HTMLButtonElement;
  #undo: HTMLButtonElement;

  constructor(private ask: (wish: Wish) => void) {
    const button = (wish: Wish, role: string, text: string): HTMLButtonElement => {
      const node = el('button', { type: 'button', class: 'link', 'data-role': role }, text);
      node.addEventListener('click', () => { if (node.getAttribute('aria-disabled') !== 'true') { attributes(this.node, { 'data-asked': wish === 'flip' }); this.ask(wish); } });
      return node;
    };
    this.#find = button('flip', 'flip', 'Find the smallest flip');
    this.#play = button('play_flip', 'flip-play', 'Play it');
    this.#undo = button('undo_flip', 'flip-undo', 'Undo');
    this.node.append(this.#find, this.#says, this.#play, this.#undo);
  }

  update(report: Report, flip: Flip | null): void {
    const { items, removal } = report, ready = report.state === 'ready';
    hide(this.node, !items.length || report.state === 'empty');
    hide(this.#find, flip !== null);
    attributes(this.#find, { 'aria-disabled': ready ? null : 'true' });
    hide(this.#play, !flip?.found || flip.played);
    hide(this.#undo, !flip?.played);
    attributes(this.#play, { 'aria-disabled': removal === 'mask' ? 'true' : null, title: removal === 'mask' ? KEEPS : null });
    say(this.#says, flip ? [...tellFlip(flip, report, items.length + (flip.played ? flip.removed.length : 0)), ...(flip.found && removal === 'mask' ? [` ${KEEPS}`] : [])]
      : [`What is the least that would have to be missing for something else to come first?`]);
  }
}
