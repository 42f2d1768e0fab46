// The ranked list of one panel: numerals and axes that hold still, films that move between them,
// and the score-and-rank plane, in which an edit is a vector from hollow (was) to filled (is).
import { attributes, el, hide, Keyed, place, setClass, setText, styles, svg, toggle } from '../dom';
import type { Block, PanelLayout } from '../layout';
import { capital, minus, score, thousands } from '../model/format';
import { type Ghost, type Ghosts, ghostsOf, rises, stays } from '../model/ghosts';
import type { Marks, RankMark } from '../model/marks';
import { clamp, lerp, ticks } from '../model/scale';
import type { Actions, Picture, ViewPart } from '../picture';
import type { Preview } from '../types';
import { icon, setTitle, titleCell } from './titles';

const SKELETON = [.52, .6, .48, .3, .4, .36, .5, .44, .58, .42];
const EXPLAINED = 24; // px that the word takes of the title's
const keyOf = (id: string | number): string => `${typeof id}:${id}`;

export class Ranking implements ViewPart {
  readonly node = el('section', { class: 'ranking' });
  readonly under = svg('g');
  readonly over = svg('g');
  readonly list = el('div', { class: 'list abs', role: 'listbox', 'data-role': 'ranking' });
  #head = el('div', { class: 'head abs' }, el('b', { dir: 'auto' }), el('span'));
  #scoreHead = el('div', { class: 'small r abs' });
  #numerals = el('div', { 'aria-hidden': 'true' });
  #axis = el('div', { 'aria-hidden': 'true' });
  #quiet = el('div', { class: 'abs quiet' });
  #plus = el('button', { class: 'plus abs', type: 'button', tabindex: -1, hidden: true, 'data-role': 'take' }, icon('M7 3v8M3 7h8'));
  #held = el('div', { class: 'held', 'data-role': 'held-out' }, el('div', { class: 'small abs' }), el('div', { class: 'no abs r' }), titleCell(), el('div', { class: 'sc abs' }), el('div', { class: 'mv abs' }));
  /** The film that would enter first, in the row that is kept free; `data-` says the whole ranking that would be. */
  #ghost = el('div', { class: 'row ghost', 'data-role': 'ghost-enters', hidden: true }, titleCell(), el('div', { class: 'mv up' }), el('div', { class: 'sc' }));
  #vectors = svg('g', { class: 'vectors', 'data-role': 'preview' });
  #ticks = svg('g');
  #heldMark = svg('g');
  #axisDrawn = '';
  #numbered: boolean | null = null;
  #explained = false; // a row said so in the last frame, and may have to give the room back
  #ghosted: Preview | null = null;
  #rows: Keyed<HTMLElement, RankMark>;
  #dots: Keyed<SVGGElement, RankMark>;
  #picture: Picture | null = null;

  constructor(private uid: string, private block: Block, private panel: PanelLayout, private act: Actions) {
    this.node.append(this.#head, this.#scoreHead, this.#axis, this.#numerals, this.list, this.#ghost, this.#quiet, this.#held, this.#plus);
    toggle(this.node, 'mirror', panel.dir < 0);
    this.#rows = new Keyed(this.list, () => this.#make());
    this.#dots = new Keyed(this.over, () => svg('g', { 'data-role': 'dot' }, svg('line'), svg('circle', { r: 3.5, class: 'hollow' }), svg('circle', { r: 4, class: 'dot' })));
    this.under.append(this.#ticks, this.#heldMark);
    this.over.append(this.#vectors);
    const at = (event: Event): string | null => (event.target as Element).closest('[data-key]')?.getAttribute('data-key') ?? null;
    this.list.addEventListener('pointerover', event => tellExactly(event.target as HTMLElement));
    this.list.addEventListener('pointermove', event => this.#point(at(event)));
    this.node.addEventListener('pointerleave', () => this.#point(null));
    this.list.addEventListener('focus', () => act.focus('ranking', this.list.matches(':focus-visible')));
    this.list.addEventListener('blur', () => act.focus(null, false));
    this.#plus.addEventListener('click', () => {
      const active = this.#picture?.activeRank;
      if (!active) return;
      this.#point(null);
      act.add(active.id);
    });
  }

  #point(key: string | null): void {
    const mark = key === null ? undefined : this.#picture?.target.panels[this.panel.index]?.ranks.find(r => keyOf(r.id) === key);
    if (mark || this.#picture?.activeRank?.panel === this.panel.index) this.act.pointRank(this.panel.index, mark?.id ?? null);
  }

  #make(): HTMLElement {
    const { film, move, score: sc } = this.panel;
    const row = el('div', { class: 'row', role: 'option', 'data-role': 'ranking-row', 'aria-selected': 'false' },
      el('div', { class: 'mark' }), titleCell(), el('div', { class: 'mv' }), el('div', { class: 'sc', 'data-role': 'score' }));
    const [mark, title, mv, value] = row.children as unknown as HTMLElement[];
    const left = this.#left(), x = (v: number) => v - left;
    place(mark!, { x: x(Math.min(film.x, sc.x)) - 6, w: Math.abs(sc.x + sc.w - film.x) + 10 });
    if (this.panel.dir < 0) place(mark!, { x: 0, w: film.x + film.w + 6 - left });
    place(title!, { x: x(film.x), w: film.w });
    place(mv!, { x: x(move.x), w: move.w });
    place(value!, { x: x(sc.x), w: sc.w });
    return row;
  }

  #left(): number { const { no, film, score: sc } = this.panel; return Math.min(no.x, film.x, sc.x); }
  #right(): number { const { no, score: sc } = this.panel; return Math.max(no.x + no.w, sc.x + sc.w); }

  update(picture: Picture): void {
    this.#picture = picture;
    const { panel, block } = this, answer = picture.answer?.panels[panel.index], n = picture.traits.history.length;
    const two = (picture.answer?.panels.length ?? 1) > 1, roomy = picture.layout.wide && panel.film.w > 140;
    const size = answer ? `top ${Math.min(panel.rows, answer.recommendations.length || panel.rows)}${answer.catalogueSize ? ` of ${thousands(answer.catalogueSize)}` : ''}` : '';
    setText(this.#head.children[0]!, two && answer ? answer.name : roomy ? 'Recommendations' : 'Recommended');
    setText(this.#head.children[1]!, roomy ? ` ${size}` : '');
    const headY = block.matrix ? panel.top - 22 : panel.top - 25;
    place(this.#head, { x: panel.film.x, y: headY, w: panel.film.w });
    place(this.#scoreHead, { x: panel.score.x - 20, y: headY, w: panel.score.w + 20 });
    toggle(this.#scoreHead, 'l', panel.dir < 0);
    if (panel.dir < 0) place(this.#scoreHead, { x: panel.score.x });
    setText(this.#scoreHead, n && answer ? 'score' : '');
    if (this.#numbered !== (n > 0 && !!answer)) this.#numerals.replaceChildren(...Array.from({ length: panel.rows }, (_, i) => {
      const node = el('div', { class: `no abs r${n && answer ? '' : ' faint'}` }, String(i + 1));
      place(node, { x: panel.no.x, y: panel.top + i * panel.pitch, w: panel.no.w, h: panel.pitch });
      node.style.lineHeight = `${panel.pitch}px`;
      return node;
    }));
    this.#numbered = n > 0 && !!answer;
    this.#drawAxis(picture);
    this.#drawQuiet(picture);
    this.#drawHeld(picture);
    place(this.list, { x: this.#left(), y: panel.top, w: this.#right() - this.#left(), h: panel.rows * panel.pitch });
    attributes(this.list, { tabindex: n && answer ? 0 : -1, 'aria-label': `Recommendations${two && answer ? ` of ${answer.name}` : ''}, best first`, 'data-panel': panel.index + 1 });
  }

  #drawAxis(picture: Picture): void {
    const { panel } = this, domain = picture.domains[panel.index], plane = panel.plane;
    const state = JSON.stringify([domain, picture.traits.history.length > 0]);
    if (state === this.#axisDrawn) return;
    this.#axisDrawn = state;
    this.#axis.replaceChildren();
    this.#ticks.replaceChildren();
    if (!plane || !domain || !picture.traits.history.length) return;
    const at = ticks(domain, plane.w < 90 ? 2 : 3), step = at.length > 1 ? Math.abs(at[1]! - at[0]!) : 1, digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    for (const v of at) {
      const x = this.#x(v, domain);
      this.#ticks.append(svg('line', { x1: x, x2: x, y1: panel.top + 2, y2: panel.top + panel.rows * panel.pitch - 2, stroke: 'var(--rule)' }));
      const node = el('div', { class: 'small c abs' }, minus(v.toFixed(digits)));
      place(node, { x: x - 24, y: panel.top - 25, w: 48 });
      this.#axis.append(node);
    }
  }

  #drawQuiet(picture: Picture): void {
    const { panel } = this, { film, top, pitch } = panel, n = picture.traits.history.length;
    this.#quiet.replaceChildren();
    if (!n) {
      const node = el('div', { class: 'abs faint-text' }, 'Nothing to rank from yet');
      place(node, { x: film.x, y: top, w: film.w + 60 });
      node.style.lineHeight = `${pitch}px`;
      this.#quiet.append(node);
    } else if (!picture.answer) for (let i = 0; i < panel.rows; i++) {
      const node = el('div', { class: 'skeleton abs' });
      place(node, { x: film.x, y: top + i * pitch + pitch / 2 - 4, w: film.w * SKELETON[i % SKELETON.length]! });
      this.#quiet.append(node);
    }
  }

  #drawHeld(picture: Picture): void {
    const { panel } = this, held = picture.answer?.panels[panel.index]?.heldOut;
    hide(this.#held, !held || !picture.traits.history.length);
    this.#heldMark.replaceChildren();
    if (!held) return;
    const [what, no, film, value] = this.#held.children as unknown as HTMLElement[], y = panel.heldY;
    place(what!, { x: panel.film.x, y: y - 18, w: panel.film.w });
    setText(what!, `${capital(picture.words.acted)} next, held out`);
    const wide = 8 + 7 * Math.max(0, String(held.rank).length - 2);
    place(no!, { x: panel.dir > 0 ? panel.no.x - wide : panel.no.x, y, w: panel.no.w + wide });
    setText(no!, thousands(held.rank));
    place(film!, { x: panel.film.x, y, w: panel.film.w });
    setTitle(film!, picture.label(held.id));
    place(value!, { x: panel.score.x, y, w: panel.score.w });
    setText(value!, score(held.score, picture.digits[panel.index]));
    attributes(this.#held, { 'data-item': String(held.id), 'data-rank': held.rank, 'data-panel': panel.index + 1 });
    const domain = picture.domains[panel.index], plane = panel.plane;
    if (!plane || !domain) return;
    const off = held.score < domain[0] ? -1 : held.score > domain[1] ? 1 : 0, x = off ? (off < 0 ? plane.x + 3 : plane.x + plane.w - 3) : this.#x(held.score, domain);
    this.#heldMark.append(off ? svg('path', { d: `M${x},${y + 8.5}l${6 * off},3.5 ${-6 * off},3.5Z`, fill: 'var(--ink-3)' }) : svg('circle', { cx: x, cy: y + 12, r: 3.5, class: 'hollow still' }));
  }

  #x(value: number, [low, high]: [number, number]): number {
    const { plane, dir } = this.panel, u = clamp((value - low) / (high - low), -.04, 1.04);
    return plane!.x + (dir > 0 ? u : 1 - u) * plane!.w;
  }

  paint(marks: Marks, picture: Picture): void {
    this.#picture = picture;
    const { panel } = this, drawn = marks.panels[panel.index]?.ranks.filter(r => r.rank < panel.rows + .69 && (r.rank < panel.rows || r.opacity < 1)) ?? [];
    const digits = picture.digits[panel.index], moves = picture.change?.moves[panel.index];
    const target = new Map(picture.target.panels[panel.index]?.ranks.map(r => [r.id, r.rank + 1]));
    const ghosts = this.#ghosts(picture), explains = panel.index === 0 ? picture.lens?.target.id ?? null : null;
    toggle(this.list, 'moving', picture.moving);
    this.#rows.update(drawn, r => keyOf(r.id), (row, r) => {
      const rank = target.get(r.id), moved = moves?.get(r.id), up = !!moved && moved.to > 0 && (moved.from === 0 || moved.to < moved.from);
      const explained = explains !== null && r.id === explains, hot = picture.activeRank?.id === r.id; // in both lists, where there are two
      place(row, { y: r.rank * panel.pitch, h: panel.pitch });
      styles(row, { lineHeight: `${panel.pitch}px`, opacity: r.opacity < 1 ? String(r.opacity) : '', zIndex: String(r.z) });
      setClass(row, `row${rank === 1 ? ' first' : ''}${r.id === picture.traits.item ? ' chosen' : ''}${hot ? ' hot' : ''}${hot && picture.focused === 'ranking' ? ' focus' : ''}`);
      attributes(row, {
        id: `${this.uid}-r${panel.index}-${keyOf(r.id)}`, 'data-key': keyOf(r.id), 'data-item': String(r.id), 'data-rank': rank ?? null, 'data-panel': panel.index + 1,
        'data-score': r.score.toFixed(6), 'data-explained': explained ? 'true' : null, 'aria-hidden': rank ? null : 'true', 'aria-posinset': rank ?? null, 'aria-setsize': rank ? target.size : null,
      });
      const [, film, mv, value] = row.children as unknown as HTMLElement[], ghost = rank ? ghosts?.listed.get(r.id) : undefined;
      setTitle(film!, picture.label(r.id));
      const move = ghosts ? arrow(ghost) : !moved || !rank ? '' : !moved.from ? 'new' : `${up ? '▲' : '▼'} ${Math.abs(moved.from - moved.to)}`, says = explained && !move && picture.layout.wide;
      setText(mv!, says ? 'explained' : move);
      // A title takes the room of the mark that is not there, where room is scarce.
      if (!picture.layout.wide && panel.plane) place(film!, { w: mv!.textContent ? panel.film.w : panel.plane.x - panel.film.x - 8 });
      else if (says || this.#explained) this.#makeRoom(film!, says ? EXPLAINED : 0);
      toggle(mv!, 'up', says || (ghosts ? !!ghost && rises(ghost) : up));
      setText(value!, score(r.score, digits));
      attributes(row, { 'data-ghost-rank': ghosts ? ghost?.to ?? null : null, 'data-ghost-score': ghosts ? ghost?.score?.toFixed(6) ?? null : null });
    });
    this.#explained = explains !== null;
    this.#rows.order([...drawn].sort((a, b) => (target.get(a.id) ?? 1e9) - (target.get(b.id) ?? 1e9)).map(r => keyOf(r.id)));
    const active = picture.activeRank?.panel === panel.index ? picture.activeRank : null;
    attributes(this.list, { 'aria-activedescendant': active && picture.focused === 'ranking' ? `${this.uid}-r${panel.index}-${keyOf(active.id)}` : null });
    this.#paintPlus(picture);
    this.#paintPlane(drawn, picture);
    this.#paintGhosts(ghosts, picture);
  }

  /** Less of a title, for the word that stands between it and the score. */
  #makeRoom(title: HTMLElement, room: number): void {
    const { film, dir } = this.panel;
    place(title, { x: film.x - this.#left() + (dir < 0 ? room : 0), w: film.w - room });
  }

  #paintPlus(picture: Picture): void {
    const { panel } = this, active = picture.activeRank, rank = active?.panel === panel.index ? picture.target.panels[panel.index]?.ranks.find(r => r.id === active.id)?.rank : undefined;
    hide(this.#plus, rank === undefined || picture.moving);
    if (rank === undefined) return;
    const title = `Add ${picture.label(active!.id).title} to the history`;
    place(this.#plus, { x: panel.dir > 0 ? panel.no.x + panel.no.w - 19 : panel.no.x - 3, y: panel.top + rank * panel.pitch + panel.pitch / 2 - 11, w: 22, h: 22 });
    attributes(this.#plus, { 'aria-label': title, title: 'Add to the history' });
  }

  #paintPlane(drawn: RankMark[], picture: Picture): void {
    const { panel } = this, domain = picture.domains[panel.index];
    if (!panel.plane || !domain) return;
    const before = new Map(picture.etched?.panels[panel.index]?.ranks.map(r => [r.id, r]));
    const y = (rank: number) => panel.top + (rank + .5) * panel.pitch;
    this.#dots.update(drawn, r => keyOf(r.id), (node, r) => {
      const [line, hollow, dot] = node.children as unknown as [Element, Element, Element], was = before.get(r.id);
      const x = this.#x(r.score, domain), from = was && { x: this.#x(was.score, domain), y: y(was.rank) };
      const still = !from || Math.hypot(from.x - x, from.y - y(r.rank)) < 3, up = !!was && r.rank < was.rank;
      attributes(dot, { cx: x.toFixed(2), cy: y(r.rank).toFixed(2), opacity: lerp(0, 1, r.dot) });
      attributes(node, { class: up ? 'up' : null, 'data-item': String(r.id) });
      attributes(hollow, still ? { opacity: 0 } : { cx: from.x.toFixed(2), cy: from.y.toFixed(2), opacity: null });
      attributes(line, still ? { opacity: 0 } : { x1: from.x.toFixed(2), y1: from.y.toFixed(2), x2: x.toFixed(2), y2: y(r.rank).toFixed(2), opacity: null });
    });
  }

  // ---- the ranking without the item that is pointed at ---------------------------------------

  #ghosts(picture: Picture): Ghosts | null {
    const { index } = this.panel, panel = picture.answer?.panels[index], preview = picture.preview?.panels[index];
    return panel && preview ? ghostsOf(panel, preview) : null;
  }

  #paintGhosts(ghosts: Ghosts | null, picture: Picture): void {
    const { panel } = this, { preview } = picture, then = preview?.panels[panel.index];
    if (preview === this.#ghosted && !preview) return;
    this.#ghosted = preview;
    const entering = ghosts?.entering[0];
    this.#vectors.replaceChildren();
    hide(this.#ghost, !entering);
    attributes(this.#vectors, { 'data-panel': ghosts ? panel.index + 1 : null, 'data-position': ghosts ? preview!.position : null, 'data-items': ghosts ? JSON.stringify(then!.recommendations.map(r => r.id)) : null, 'data-scores': ghosts ? JSON.stringify(then!.recommendations.map(r => r.score)) : null });
    this.#drawHeldMove(picture);
    if (entering) this.#drawEntering(entering, ghosts!.entering.length - 1, picture);
    const domain = picture.domains[panel.index];
    if (!ghosts || !panel.plane || !domain) return;
    const y = (rank: number) => panel.top + (Math.min(rank, panel.rows + 1.6) - .5) * panel.pitch, now = new Map(picture.target.panels[panel.index]?.ranks.map(r => [r.id, r]));
    for (const ghost of [...ghosts.listed.values(), ...ghosts.entering]) {
      const is = now.get(ghost.id);
      if (ghost.score === null || ghost.to === null) continue;
      const x2 = this.#x(ghost.score, domain), y2 = y(ghost.to), x1 = is ? this.#x(is.score, domain) : x2, y1 = is ? y(is.rank + 1) : y2;
      const group = svg('g', { class: rises(ghost) ? 'up' : null, 'data-role': 'ghost', 'data-item': String(ghost.id), 'data-rank': ghost.to, 'data-score': ghost.score.toFixed(6) });
      if (Math.hypot(x2 - x1, y2 - y1) > 3) group.append(svg('line', { x1, y1, x2, y2 }));
      if (ghost.to <= panel.rows) group.append(svg('circle', { cx: x2, cy: y2, r: 3.5, class: 'hollow still' }));
      this.#vectors.append(group);
    }
  }

  #drawEntering(ghost: Ghost, more: number, picture: Picture): void {
    const { panel } = this, [film, mv, value] = this.#ghost.children as unknown as HTMLElement[], left = this.#left();
    place(this.#ghost, { y: panel.top + panel.rows * panel.pitch, x: left, w: this.#right() - left, h: panel.pitch });
    this.#ghost.style.lineHeight = `${panel.pitch}px`;
    place(film!, { x: panel.film.x - left, w: panel.film.w });
    place(mv!, { x: panel.move.x - left, w: panel.move.w });
    place(value!, { x: panel.score.x - left, w: panel.score.w });
    setTitle(film!, picture.label(ghost.id));
    setText(mv!, arrow(ghost));
    setText(value!, score(ghost.score!, picture.digits[panel.index]));
    attributes(this.#ghost, { 'data-item': String(ghost.id), 'data-rank': ghost.to, 'data-score': ghost.score!.toFixed(6), 'data-panel': panel.index + 1, 'data-more': more || null });
  }

  /** Where the held-out item would go. */
  #drawHeldMove(picture: Picture): void {
    const { panel } = this, mv = this.#held.lastElementChild as HTMLElement, held = picture.answer?.panels[panel.index]?.heldOut;
    const then = picture.preview?.panels[panel.index]?.heldOut, ghost = held && then ? { id: held.id, from: held.rank, to: then.rank, score: then.score } : undefined;
    setText(mv, arrow(ghost));
    toggle(mv, 'up', !!ghost && rises(ghost));
    attributes(this.#held, { 'data-ghost-rank': then?.rank ?? null });
    place(mv, { x: panel.move.x, y: panel.heldY, w: panel.move.w });
  }
}

const arrow = (ghost: Ghost | undefined): string => (!ghost || stays(ghost) ? '' : `→ ${ghost.to === null ? 'out' : thousands(ghost.to)}`);

/** The exact score, where the pointer comes upon one. */
function tellExactly(target: HTMLElement): void {
  const row = target.matches('.sc') && target.closest<HTMLElement>('.row');
  if (row) target.title = `score ${minus(row.dataset.score!)}${row.dataset.ghostScore ? `; without it ${minus(row.dataset.ghostScore)}` : ''}`;
}
