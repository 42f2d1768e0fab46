// The history as a listbox: titled rows in time order, with what the hand can do to them. Rows are
// options; grip and x are one pair of buttons beside the list that follow the pointer.
import { attributes, el, hide, Keyed, place, setClass, setText, styles, toggle } from '../dom';
import { trackNow } from '../input/scrub';
import { trackRows } from '../input/rows';
import type { Block, Box } from '../layout';
import { count, effect, minus, weight } from '../model/format';
import { lowers, ownShares } from '../model/lens';
import type { HistoryMark, Marks } from '../model/marks';
import type { Actions, Picture, ViewPart } from '../picture';
import { icon, setTitle, titleCell } from './titles';

const GRIP = 'M4.8 2.5h.01M4.8 7h.01M4.8 11.5h.01M9.2 2.5h.01M9.2 7h.01M9.2 11.5h.01';
const CROSS = 'M3.5 3.5l7 7M10.500 3.5l-7 7';

const ATTENTION = 'attention';
const LETTER = 6.4; // px, about, of the heading

/** A date stands where it changes, save where `now` stands over it. */
const dateAt = (dates: (string | null)[], position: number, now: number): string =>
  (position && position !== now + 1 && dates[position - 1] !== dates[position - 2] ? dates[position - 1] ?? '' : '');

export class HistoryList implements ViewPart {
  readonly node = el('section', { class: 'history' });
  #head = el('div', { class: 'head abs' }, el('b'), el('span'));
  #shareHeads: HTMLElement[];
  #effectHead = el('div', { class: 'small r abs' }, 'effect');
  readonly list = el('div', { class: 'list abs', role: 'listbox', 'data-role': 'history' });
  readonly grip = el('button', { class: 'grip abs', type: 'button', tabindex: -1, 'data-role': 'grip', hidden: true }, icon(GRIP));
  readonly cross = el('button', { class: 'cross abs', type: 'button', tabindex: -1, 'data-role': 'remove', hidden: true }, icon(CROSS));
  readonly now = el('div', { class: 'now abs', role: 'slider', tabindex: -1, 'data-role': 'now', 'aria-label': 'Now: how much of the history the model sees' }, el('span', {}, 'now'), el('i'));
  readonly adder = el('button', { class: 'add abs', type: 'button', tabindex: -1, 'data-role': 'add' }, icon('M7 3v8M3 7h8'), el('span'));
  #rows: Keyed<HTMLElement, HistoryMark>;
  #picture: Picture | null = null;
  /** The position whose row shows grip and x. */
  hovered: number | null = null;

  constructor(private uid: string, private block: Block, private first: boolean, private act: Actions) {
    this.#shareHeads = block.history.shares.map(() => el('div', { class: 'small r abs clips' }));
    this.node.append(this.#head, ...this.#shareHeads, ...(block.history.effect ? [this.#effectHead] : []), this.list, this.now, this.adder, this.grip, this.cross);
    this.#rows = new Keyed(this.list, () => this.#make());
    this.adder.addEventListener('click', () => act.search(true));
    this.cross.addEventListener('click', () => {
      if (this.hovered === null) return;
      const position = this.hovered;
      this.hover(null);
      act.remove(position);
      this.list.focus({ preventScroll: true });
    });
    trackRows(this, act, () => this.#picture, y => this.positionAt(y));
    trackNow(this.now, act, y => this.boundaryAt(y));
    this.list.addEventListener('focus', () => act.focus('history', this.list.matches(':focus-visible')));
    this.list.addEventListener('blur', () => act.focus(null, false));
    this.list.addEventListener('pointerover', event => this.#tellExactly(event.target as Element));
  }

  /** The exact weight, where the pointer comes upon a share. */
  #tellExactly(target: Element): void {
    const share = target.closest<HTMLElement>('.share'), answer = this.#picture?.answer, position = Number(share?.closest<HTMLElement>('.row')?.dataset.position);
    if (!share || !answer || !position) return;
    const index = Number(share.dataset.panel) - 1, panel = answer.panels[index], w = panel?.row?.[position - 1], lens = this.#picture!.lens, own = ownShares(lens, index);
    if (own) { share.title = `${((own[position - 1] ?? 0) * 100).toFixed(3)}% by ${lens!.label}`; return; }
    share.title = !panel || w === undefined || !share.textContent ? '' : panel.normalisation === 'softmax' ? `${(w * 100).toFixed(3)}% of attention. Click to see how it arose.` : `weight ${minus(w.toFixed(6))}`;
  }

  #make(): HTMLElement {
    const { history } = this.block;
    const row = el('div', { class: 'row', role: 'option', 'data-role': 'history-row' },
      el('div', { class: 'mark' }), el('div', { class: 'date small' }), el('div', { class: 'pos' }, el('span')), titleCell(), ...history.shares.map((_, k) => el('div', { class: 'share', 'data-panel': (this.block.panels[k]?.index ?? k) + 1 })), history.effect ? el('div', { class: 'effect' }) : null);
    const { mark, date, pos, film, shares, effect } = this.#cells(row);
    place(mark, { x: history.left, w: history.right - history.left });
    place(date, { x: history.date?.x ?? 0, w: history.date?.w ?? 0 });
    place(pos, { x: history.pos.x, w: history.pos.w });
    place(film, history.title);
    shares.forEach((s, k) => place(s, history.shares[k]!));
    if (effect) place(effect, history.effect!);
    return row;
  }

  #cells(row: HTMLElement) {
    const [mark, date, pos, film, ...others] = row.children as unknown as [HTMLElement, HTMLElement, HTMLElement, HTMLElement, ...HTMLElement[]];
    const effect = this.block.history.effect ? others.pop()! : null;
    return { mark, date, pos, film, shares: others, effect };
  }

  /** The row at a height of the stage, as a position; null outside the list. */
  positionAt(y: number): number | null {
    const p = this.#picture;
    if (!p) return null;
    const position = Math.floor((y - this.block.top) / this.block.history.row) + p.window + 1;
    return position >= 1 && position <= p.traits.history.length && position <= p.window + p.layout.rows ? position : null;
  }

  /** How many rows lie above a height of the stage. */
  boundaryAt(y: number): number {
    const p = this.#picture!, { row } = this.block.history;
    return Math.max(0, Math.min(p.traits.history.length, Math.round((y - this.block.top) / row) + p.window));
  }

  hover(position: number | null): void {
    if (position === this.hovered) return;
    this.hovered = position;
    this.act.point(position);
    this.#placeActions();
  }

  #placeActions(): void {
    const p = this.#picture, at = this.hovered, { history, top } = this.block;
    const id = at === null ? undefined : p?.traits.history[at - 1], shown = id !== undefined && !!p && !p.dragged;
    hide(this.grip, !shown);
    hide(this.cross, !shown);
    if (!shown) return;
    const y = top + (at! - 1 - p.window) * history.row, { title } = p.label(id);
    place(this.grip, { x: history.pos.x + history.pos.w - 20, y, w: 24, h: history.row });
    place(this.cross, { x: history.title.x + history.title.w - 22, y: y + 1, w: 22, h: history.row - 2 });
    attributes(this.grip, { 'aria-label': `Move ${title}`, title: 'Drag to reorder' });
    attributes(this.cross, { 'aria-label': `Remove ${title}`, title: 'Remove' });
  }

  update(picture: Picture): void {
    this.#picture = picture;
    const { history, top } = this.block, { layout, traits, words, lens } = picture, n = traits.history.length;
    const matrix = this.block.matrix !== null;
    setText(this.#head.children[0]!, matrix ? 'Reads from' : 'History');
    const name = ownShares(lens, this.block.panels[0]?.index ?? 0) ? lens!.label : history.effect && !layout.wide ? 'att.' : ATTENTION, long = name.length > ATTENTION.length;
    const counted = n && !matrix && !(long && !layout.wide) ? ` ${count(n, words)}${layout.wide && history.title.w > 170 && !long ? ', oldest first' : ''}` : '';
    const share = history.shares[0], before = share ? share.x + share.w - LETTER * name.length - history.title.x : Infinity;
    setText(this.#head.children[1]!, counted && LETTER * ('History'.length + counted.length) > before ? ` ${n}` : counted);
    place(this.#head, { x: history.title.x, y: top - (matrix ? 34 : 25) });
    this.#shareHeads.forEach((node, k) => {
      const room = long ? history.title.w - LETTER * ('History'.length + counted.length) : 30;
      place(node, { x: history.shares[k]!.x - room, y: top - 25, w: history.shares[k]!.w + room });
      setText(node, n && picture.answer && this.block.panels.length === 1 && this.block.panels[0]!.attends ? name : '');
      attributes(node, { title: long ? name : null });
    });
    if (history.effect) this.#updateEffectHead(history.effect, picture);
    place(this.list, { x: 0, y: top, w: history.right + 2, h: layout.rows * history.row });
    toggle(this.list, 'clipped', layout.windowed);
    attributes(this.list, {
      tabindex: this.first && n ? 0 : -1,
      'aria-label': `History, ${count(n, words)}, oldest first${this.first ? '' : ', again'}`,
    });
    setText(this.adder.children[1]!, `Add ${/^[aeiou]/i.test(words.item) ? 'an' : 'a'} ${words.item}`);
    if (this.hovered !== null && this.hovered > n) this.hovered = null;
  }

  #updateEffectHead({ x, w }: Box, { lens, words, traits }: Picture): void {
    place(this.#effectHead, { x, y: this.block.top - 25, w });
    setText(this.#effectHead, traits.history.length ? 'effect' : '');
    if (lens) attributes(this.#effectHead, { title: `What the score of ${lens.target.title} loses without each ${words.item}, ${lens.removal === 'mask' ? 'masked in its place' : 'dropped from the sequence'}` });
  }

  paint(marks: Marks, picture: Picture): void {
    this.#picture = picture;
    const { history, panels } = this.block, { layout, answer, fresh } = picture, window = marks.first;
    const query = fresh && answer && answer.panels.some(p => p.row) ? answer.shown.query : picture.target.now;
    const drawn = marks.history.filter(m => !layout.windowed || (m.order + m.height > window && m.order < window + layout.rows));
    this.#rows.update(drawn, m => m.key, (row, m) => {
      const dragged = picture.dragged?.key === m.key, reads = m.position > 0 && m.position === query, hot = picture.active === m.position && m.position > 0;
      const y = dragged ? picture.dragged!.y - history.row / 2 : (m.order - window) * history.row;
      place(row, { y, h: m.height * history.row });
      styles(row, { lineHeight: `${history.row * m.height}px`, opacity: m.opacity < 1 ? String(m.opacity) : '' });
      setClass(row, `row${m.position ? '' : ' gone'}${reads ? ' reads' : ''}${m.position > marks.seen ? ' later' : ''}${m.id === picture.traits.item ? ' chosen' : ''}${hot ? ' hot' : ''}${hot && picture.focused === 'history' ? ' focus' : ''}${dragged ? ' dragged' : ''}${this.hovered === m.position && m.position ? ' grips' : ''}`);
      attributes(row, {
        id: `${this.uid}-h-${this.first ? '' : 'again-'}${m.key}`, 'data-item': String(m.id), 'data-position': m.position || null,
        'data-weight': m.weights.map(w => (w === null ? '' : w.toFixed(6))).join(' ').trim() || null,
        'aria-selected': m.position ? String(reads) : null, 'aria-hidden': m.position ? null : 'true',
        'aria-setsize': m.position ? picture.traits.history.length : null, 'aria-posinset': m.position || null,
      });
      const { date, pos, film, shares, effect } = this.#cells(row);
      setText(date, history.date ? dateAt(answer?.dates ?? [], m.position, picture.target.now) : '');
      setText(pos.firstElementChild!, m.position ? String(m.position) : '');
      setTitle(film, picture.label(m.id));
      shares.forEach((node, k) => {
        const panel = panels[k], w = panel ? m.weights[panel.index] : null;
        const norm = panel && (ownShares(picture.lens, panel.index) ? 'softmax' : answer?.panels[panel.index]?.normalisation), said = w === null || w === undefined || !norm ? '' : weight(w, norm);
        setText(node, said);
      });
      if (effect) this.#paintEffect(row, effect, m.position, picture);
    });
    this.#rows.order(drawn.map(m => m.key));
    const active = picture.focused === 'history' ? drawn.find(m => m.position === picture.active && m.position) : undefined;
    attributes(this.list, { 'aria-activedescendant': active ? `${this.uid}-h-${this.first ? '' : 'again-'}${active.key}` : null });
    this.#paintEnd(marks, picture);
    this.#placeActions();
  }

  #paintEffect(row: HTMLElement, cell: HTMLElement, position: number, { lens, layout }: Picture): void {
    const value = position ? lens?.effects[position - 1] ?? null : null;
    setText(cell, value === null ? '' : effect(value, Math.min(lens!.digits, layout.wide ? 4 : 3), lens!.negligible));
    toggle(cell, 'lowers', lowers(value, lens?.negligible ?? 0));
    attributes(row, { 'data-effect': value?.toFixed(6) ?? null });
  }

  #paintEnd(marks: Marks, picture: Picture): void {
    const { history, top } = this.block, { layout } = picture, window = marks.first, n = picture.traits.history.length;
    const heights = marks.history.reduce((s, m) => s + m.height, 0), bottom = top + (layout.windowed ? layout.rows : heights) * history.row;
    const nowY = (marks.now - window) * history.row, inSight = !layout.windowed || (nowY >= 0 && nowY <= layout.rows * history.row + .5);
    hide(this.now, !n || !inSight || this.block.matrix !== null);
    place(this.now, { x: history.nowX, y: top + nowY + 2.5, w: history.right - 4 - history.nowX });
    toggle(this.now, 'labelled', history.date !== null);
    attributes(this.now, { 'aria-valuemin': Math.min(1, n), 'aria-valuemax': n, 'aria-valuenow': picture.target.now, 'aria-valuetext': `${picture.target.now} of ${count(n, picture.words)}` });
    hide(this.adder, picture.searching || !n || this.block.matrix !== null || !this.first);
    const plus = history.pos.x + history.pos.w - 13;
    place(this.adder, { x: plus, y: bottom + 4 });
    this.adder.style.setProperty('--gap', `${history.title.x - plus - 14}px`);
  }
}
