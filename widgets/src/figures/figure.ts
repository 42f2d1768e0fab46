// The frame of every figure: title and what was averaged, layer and head, the stage with pointer,
// keyboard and tooltip, the player of frames, the table behind it, and where it comes from.
import { attributes, el, hide, place, setText } from '../dom';
import { download } from '../download';
import type { AnyModel } from '../engine/store';
import { clamp } from '../model/scale';
import { asText } from '../model/sentence';
import { isDark, onTheme } from '../theme';
import { playsOnSpace, Transport } from '../trust/transport';
import { numbers } from '../trust/numbers';
import { snapshot } from '../views/snapshot';
import { pieces } from '../views/titles';
import { CHOICES, type Choice, type Frame, type Mark, type Picture, type State, type View } from './types';
import { asChoice, asPicture } from './wire';

const LEAST = 320, USUAL = 1080, PACE = 900, PAUSE = 400; // px; ms a frame; ms until a mark is announced
const WATCHED = ['_picture', ...CHOICES].map(name => `change:${name}`);
const KEYS = /^(Arrow(Left|Right|Up|Down)|Home|End|Page(Up|Down))$/;

interface Layered { layers?: string[]; heads?: number }

export class Figure {
  readonly root = el('section', { class: 'attnrec figure', 'data-role': 'figure', 'data-lm-suppress-shortcuts': 'true' });
  #title = el('h3', { 'data-role': 'figure-title' });
  #told = el('p', { class: 'told', 'data-role': 'figure-told' });
  #tools = el('div', { class: 'tools', role: 'group', 'aria-label': 'Layer and head', hidden: true });
  #stage = el('div', { class: 'stage', tabindex: 0, role: 'application', 'data-role': 'figure-stage' });
  #tip = el('div', { class: 'tip', 'data-role': 'figure-tip', hidden: true });
  #ring = el('div', { class: 'ring', hidden: true });
  #live = el('div', { class: 'unseen', role: 'status' });
  #frame = el('span', { class: 'frame', 'data-role': 'figure-frame' });
  #player = el('div', { class: 'player', hidden: true });
  #foot = el('span', { 'data-role': 'figure-foot' });
  #notice = el('p', { 'data-role': 'notice', role: 'status', hidden: true });
  #table = numbers('figure');
  #transport: Transport;
  #view: View | null = null;
  #kind = '';
  #picture: Picture | null = null;
  #raw: unknown = null;
  #says = '';
  #mark: Mark | null = null;
  #byKeyboard = false;
  #width = USUAL;
  #queued = false;
  #timer = 0;
  #watch = 0;
  #resize: ResizeObserver;
  #unwatch: () => void;

  constructor(private model: AnyModel, private host: HTMLElement, private make: (kind: string, model: AnyModel) => View) {
    this.#transport = new Transport({
      role: 'figure', plays: 'the frames', slides: 'Frame', pace: PACE, told: value => Math.round(value), draw: () => this.#draw(true),
    });
    this.#player.append(this.#transport.button, this.#transport.range, this.#frame);
    const save = el('button', { type: 'button', 'data-role': 'figure-save', title: 'Save as SVG' }, 'Save');
    save.addEventListener('click', () => download(new Blob([snapshot(this.root)], { type: 'image/svg+xml' }), `${this.#picture?.name ?? 'figure'}.svg`));
    const head = el('header', { class: 'top' }, el('div', { class: 'heading' }, this.#title, this.#told), this.#tools);
    this.root.append(head, this.#stage, this.#player, this.#table.node, el('footer', { class: 'foot' }, el('div', { class: 'left' }, this.#foot, this.#notice), el('div', { class: 'do' }, this.#table.button, save)), this.#live);
    this.#stage.append(this.#ring, this.#tip);
    this.#listen();
    host.classList.add('attnrec-host');
    host.append(this.root);
    for (const event of WATCHED) model.on(event, this.#changed);
    this.#resize = new ResizeObserver(() => this.#draw(false));
    this.#resize.observe(host);
    this.#unwatch = onTheme(() => this.#draw(false));
    this.#update();
  }

  /** What the reader should know of where answers come from. */
  notice(text: string): void {
    setText(this.#notice, text);
    hide(this.#notice, !text);
  }

  dispose(): void {
    for (const event of WATCHED) this.model.off(event, this.#changed);
    for (const name of this.#view?.traits ?? []) this.model.off(`change:${name}`, this.#changed);
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#watch);
    this.#transport.halt();
    this.#resize.disconnect();
    this.#unwatch();
    this.#view?.dispose?.();
    this.root.remove();
  }

  #listen(): void {
    const stage = this.#stage;
    stage.addEventListener('pointermove', event => { if (event.pointerType !== 'touch') this.#point(this.#under(event), false); });
    stage.addEventListener('pointerleave', () => this.#point(null, false));
    stage.addEventListener('click', event => { const mark = this.#under(event); this.#point(mark, false); this.#choose(mark); });
    stage.addEventListener('blur', () => this.#point(null, false));
    stage.addEventListener('keydown', event => this.#pressed(event));
    playsOnSpace(this.root, this.#transport);
  }

  #under(event: PointerEvent | MouseEvent): Mark | null {
    const { left, top } = this.#stage.getBoundingClientRect();
    return this.#view?.at(event.clientX - left, event.clientY - top) ?? null;
  }

  #pressed(event: KeyboardEvent): void {
    if (event.target !== this.#stage || event.ctrlKey || event.metaKey || event.altKey) return;
    if (KEYS.test(event.key)) {
      const next = this.#view?.step(this.#mark, event.key);
      if (next) this.#point(next, true);
    } else if (event.key === 'Enter') this.#choose(this.#mark);
    else if (event.key === 'Escape') { this.#point(null, false); this.#set(Object.fromEntries(CHOICES.filter(name => name !== 'head' && !this.#view?.keeps?.includes(name)).map(name => [name, null]))); } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Chooses it; what is chosen already is chosen no more. */
  #choose(mark: Mark | null): void {
    if (!mark) return;
    const now = asChoice(name => this.model.get(name)), there = Object.entries(mark.choice) as [keyof Choice, unknown][];
    const chosen = there.length > 0 && there.every(([name, value]) => JSON.stringify(now[name]) === JSON.stringify(value));
    this.#set(chosen ? Object.fromEntries(there.filter(([name]) => !this.#view?.keeps?.includes(name)).map(([name]) => [name, null])) : mark.choice);
  }

  #set(choice: Partial<Choice>): void {
    for (const [name, value] of Object.entries(choice)) this.model.set(name, value);
    this.model.save_changes();
  }

  #changed = (): void => {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => { this.#queued = false; this.#update(); });
  };

  #update(): void {
    const raw = this.model.get('_picture');
    if (raw !== this.#raw) {
      this.#raw = raw;
      const picture = asPicture(raw), before = this.#picture;
      this.#picture = picture;
      if (!picture) return;
      if (picture.kind !== this.#kind) {
        this.#view?.dispose?.();
        this.#view?.node.remove();
        this.#kind = picture.kind;
        this.#view = this.make(picture.kind, this.model);
        this.#stage.prepend(this.#view.node);
        if (this.#view.tools) this.#tools.before(this.#view.tools);
        this.#view.listen?.(this.#stage, this.#moved);
        for (const name of this.#view.traits ?? []) this.model.on(`change:${name}`, this.#changed);
      }
      const last = picture.frames.length - 1;
      this.#transport.reset(last, before?.frames.length === picture.frames.length ? this.#transport.step : last);
    }
    this.#draw(true);
  }

  #draw(tween: boolean): void {
    const picture = this.#picture, view = this.#view;
    if (!picture || !view) return;
    const step = this.#transport.step, frame = picture.frames[clamp(step, 0, picture.frames.length - 1)]!;
    const choice = asChoice(name => this.model.get(name));
    this.#width = Math.floor(this.host.clientWidth) || this.#width; // a cell out of sight has none
    const state: State = { width: Math.max(LEAST, this.#width), dark: isDark(), choice, tween };
    attributes(this.root, {
      'data-kind': picture.kind, 'data-theme': state.dark ? 'dark' : 'light', 'data-frame': step + 1, 'data-frames': picture.frames.length,
      ...Object.fromEntries(CHOICES.map(name => [`data-${name}`, choice[name] === null ? null : typeof choice[name] === 'object' ? JSON.stringify(choice[name]) : String(choice[name])])),
    });
    setText(this.#title, frame.title);
    this.#says = view.told?.(frame, state) ?? frame.told;
    setText(this.#told, this.#says);
    attributes(this.#stage, { 'aria-label': `${frame.title}. ${this.#says}. Arrow keys move, Enter chooses, Escape clears.` });
    setText(this.#foot, picture.foot);
    hide(this.#player, picture.frames.length < 2);
    setText(this.#frame, picture.labels[step] ?? '');
    attributes(this.#transport.range, { 'aria-valuetext': picture.labels[step] ?? null });
    this.#offer(frame as Frame & Layered, choice);
    view.draw(frame, state);
    this.#table.set(() => view.tables());
    if (this.#mark) this.#point(view.find(this.#mark.key), this.#byKeyboard);
    this.#await();
  }

  /** Under a hand that moves what is seen, the tooltip goes with its mark. */
  #moved = (): void => {
    if (this.#mark) this.#point(this.#view!.find(this.#mark.key), this.#byKeyboard);
    this.#await();
  };

  /** Says when the numbers have arrived. */
  #await(): void {
    cancelAnimationFrame(this.#watch);
    const moving = this.#view!.moving || this.#transport.moving;
    attributes(this.root, { 'data-moving': String(moving) });
    if (moving) this.#watch = requestAnimationFrame(() => this.#await());
  }

  /** The heads to choose from: their mean first. */
  #offer({ heads = 0 }: Layered, choice: Choice): void {
    hide(this.#tools, heads < 2);
    if (heads < 2) return;
    if (this.#tools.childElementCount !== heads + 2) {
      const button = (head: number | null): HTMLElement => {
        const node = el('button', { type: 'button', 'data-role': `head-${head ?? 'mean'}`, 'aria-label': head === null ? 'Mean of heads' : `Head ${head}` }, head === null ? 'mean' : String(head));
        node.addEventListener('click', () => this.#set({ head }));
        return node;
      };
      this.#tools.replaceChildren(el('span', {}, 'Head'), button(null), ...Array.from({ length: heads }, (_, i) => button(i + 1)));
    }
    for (const node of this.#tools.querySelectorAll('button')) attributes(node, { 'aria-pressed': String(node.getAttribute('data-role') === `head-${choice.head ?? 'mean'}`) });
  }

  #point(mark: Mark | null, byKeyboard: boolean): void {
    this.#mark = mark;
    this.#byKeyboard = byKeyboard;
    hide(this.#tip, !mark);
    hide(this.#ring, !mark);
    attributes(this.root, { 'data-pointed': mark?.key ?? null });
    this.#view?.point?.(mark);
    clearTimeout(this.#timer);
    if (!mark) return;
    const { box } = mark, text = asText(mark.told);
    if (this.#tip.textContent !== text) this.#tip.replaceChildren(...pieces(mark.told));
    attributes(this.#ring, { class: byKeyboard ? 'ring strong' : 'ring' });
    place(this.#ring, { x: box.x - 1, y: box.y - 1, w: box.w + 2, h: box.h + 2 });
    const wide = this.#tip.offsetWidth, tall = this.#tip.offsetHeight, room = this.#stage.clientWidth;
    const above = box.y - tall - 8;
    place(this.#tip, { x: clamp(box.x + box.w / 2 - wide / 2, 0, Math.max(0, room - wide)), y: above >= 0 ? above : box.y + box.h + 8 });
    if (byKeyboard) this.#timer = window.setTimeout(() => setText(this.#live, text), PAUSE);
  }
}
