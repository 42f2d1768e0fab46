// The explorer: one state, one clock, and the views that draw them. What the engine says becomes a
// target; the clock carries what is drawn there; a new edit continues from what is drawn.
import { attributes, el } from './dom';
import { type Desk, roving, trackKeys } from './input/keyboard';
import { layoutOf, shapeOf, WINDOW, type Layout } from './layout';
import { type Change, changeBetween } from './model/change';
import * as edits from './model/edits';
import { decimals } from './model/format';
import { rekey } from './model/keys';
import { type Marks, marksOf } from './model/marks';
import { clamp, ribbonScale, scoreDomain } from './model/scale';
import * as sentences from './model/sentence';
import { between, DURATION, type Motion } from './motion/between';
import { Clock } from './motion/clock';
import type { Picture } from './picture';
import { isDark, onTheme } from './theme';
import type { Answer, Engine, Id, Traits } from './types';
import { Foot } from './views/foot';
import { Header } from './views/header';
import { Search } from './views/search';
import { Stage } from './views/stage';
import { Table } from './views/table';

const LAG = 150; // ms an answer may take before the picture shows that it waits
const FADE = 600; // ms in which the etched old state fades
const STILL = 1000; // ms it stands where motion is reduced

interface Shown { traits: Traits; keys: string[]; answer: Answer | null; fresh: boolean }
type Gesture = { kind: 'drag'; before: Id[]; key: string; position: number } | { kind: 'scrub' };

let made = 0;
const sameIds = (a: readonly Id[], b: readonly Id[]): boolean => a.length === b.length && a.every((id, i) => id === b[i]);

export class Explorer {
  readonly root = el('div', { class: 'attnrec', 'data-role': 'explorer', 'data-lm-suppress-shortcuts': 'true' });
  #uid = `attnrec-${made++}`;
  #header: Header;
  #foot: Foot;
  #table = new Table();
  #stage: Stage | null = null;
  #stageShape = '';
  #clock = new Clock();
  #stop: (() => void)[] = [];

  #shown: Shown | null = null;
  #picture: Picture | null = null;
  #drawn: Marks | null = null;
  #settled: Marks | null = null; // the last state at rest that an answer described
  #lastAnswer: Answer | null = null;
  #baseline: Answer | null = null; // the answer before a gesture, which the sentence compares with
  #change: Change | null = null;
  #etched: Marks | null = null;
  #domains: [number, number][] = [];
  #t = 1;

  #width = 0;
  #window = Infinity;
  #lagging = false;
  #lagTimer = 0;
  #fadeTimer = 0;
  #playTimer = 0;
  #playing = false;
  #gesture: Gesture | null = null;
  #dragY = 0;
  #active: number | null = null;
  #activeRank: { panel: number; id: Id } | null = null;
  #activeCell: { panel: number; query: number; key: number } | null = null;
  #focused: 'history' | 'ranking' | null = null;
  /** After an edit the sentence tells the edit, until something else is pointed at. */
  #tellsEdit = false;
  #searching = false;
  #tableOpen = false;
  #settleRoving: () => void;

  constructor(private engine: Engine, private host: HTMLElement) {
    const desk = this.#desk;
    this.#header = new Header(desk);
    this.#foot = new Foot(desk);
    this.root.append(this.#header.node, this.#header.progress, this.#foot.node, this.#table.node);
    host.classList.add('attnrec-host');
    host.append(this.root);
    this.#settleRoving = roving([this.#header.tools, this.#foot.node]);
    trackKeys(this.root, desk);
    const resize = new ResizeObserver(() => this.#resized());
    resize.observe(host);
    this.#stop.push(() => resize.disconnect(), onTheme(() => this.#refresh()), engine.onChange(() => this.#refresh()));
    this.#resized();
  }

  dispose(): void {
    for (const stop of this.#stop) stop();
    for (const timer of [this.#lagTimer, this.#fadeTimer, this.#playTimer]) clearTimeout(timer);
    this.#clock.stop();
    this.#header.dispose();
    this.#stage?.dispose();
    this.engine.dispose();
    this.root.remove();
  }

  #resized(): void {
    const width = this.host.clientWidth || this.root.clientWidth || this.#width || 1080;
    if (Math.floor(width) === this.#width) return;
    this.#width = Math.floor(width);
    this.#refresh();
  }

  // ---- from the engine to the picture ------------------------------------------------------

  #refresh(): void {
    if (!this.#width) return;
    const next = this.#next(), before = this.#shown;
    const { traits, answer, fresh } = next;
    const arrived = fresh && answer !== this.#lastAnswer ? answer : null;
    if (arrived) {
      const change = changeBetween(this.#gesture ? this.#baseline : this.#baseline ?? this.#lastAnswer, arrived);
      if (change.kind !== 'none') this.#change = change;
      this.#lastAnswer = arrived;
      if (!this.#gesture) this.#baseline = null;
    }
    const layout = layoutOf(this.#width, shapeOf(traits, answer, matchMedia('(pointer: coarse)').matches));
    const edited = !before || !sameIds(before.traits.history, traits.history) || before.traits.now !== traits.now;
    const motion: Motion | null = !before ? null : this.#gesture ? 'track' : edited || (fresh && !before.fresh) ? 'edit' : arrived ? 'lens' : null;
    this.#shown = next;
    this.#keepInSight(layout, traits, edited);
    const target = this.#target(next, layout);
    const rebuilt = this.#build(layout);
    this.#prepare(next, layout, target, arrived !== null, motion);
    this.#show(motion, target, rebuilt);
  }

  /** What to show now: while an answer may still come at once, what was shown before. */
  #next(): Shown {
    const traits = this.engine.traits(), answer = this.engine.answer(), fresh = answer !== null && !this.engine.waiting() && sameIds(answer.shown.history, traits.history);
    if (fresh) {
      clearTimeout(this.#lagTimer);
      this.#lagTimer = 0;
      this.#lagging = false;
    } else if (answer && !answer.error && !this.#lagging && this.#shown) {
      this.#lagTimer ||= window.setTimeout(() => { this.#lagging = true; this.#refresh(); }, LAG);
      return this.#shown;
    }
    const keys = this.#shown ? rekey(this.#shown.traits.history, this.#shown.keys, traits.history) : rekey([], [], traits.history);
    return { traits, keys, answer, fresh };
  }

  #target({ traits, keys, answer, fresh }: Shown, layout: Layout): Marks {
    const scales = answer?.panels.map(p => ribbonScale(Array.from(p.row ?? []), layout.windowed ? 12 : 22)) ?? [];
    return marksOf(traits, answer, keys, fresh, scales, this.#window);
  }

  #prepare({ traits, answer, fresh }: Shown, layout: Layout, target: Marks, arrived: boolean, motion: Motion | null): void {
    const scores = (marks: Marks | null, k: number) => marks?.panels[k]?.ranks.map(r => r.score) ?? [];
    if (arrived || !this.#domains.length) this.#domains = target.panels.map((_, k) =>
      scoreDomain([...scores(target, k), ...(motion === 'edit' ? scores(this.#settled, k) : [])], this.#domains[k] ?? null));
    if (arrived && motion === 'edit' && this.#settled && this.#settled.panels.length === target.panels.length) this.#etched = this.#settled;
    else if (motion === 'track' || (arrived && motion === 'lens')) this.#etched = null;
    if (fresh) this.#settled = target;
    const start = this.engine.start(), words = this.engine.words();
    const length = this.engine.traits().history.length;
    if (this.#active !== null && this.#active > length) this.#active = length || null;
    const label = (id: Id) => this.engine.label(id);
    const told = answer && this.#change ? { answer, change: this.#change, words, label } : null;
    this.#picture = {
      traits, answer, fresh, words, told, change: fresh ? this.#change : null, layout, window: this.#window, dark: isDark(), target, etched: this.#etched,
      domains: this.#domains, digits: answer?.panels.map(p => decimals(p.recommendations.map(r => r.score))) ?? [],
      active: this.#active, focused: this.#focused, activeRank: this.#activeRank, dragged: this.#dragged(),
      moving: motion !== null, canUndo: this.engine.past().length > 0, canRedo: this.engine.future().length > 0,
      canReset: !sameIds(this.engine.traits().history, start) || traits.now !== null || traits.query !== null, playing: this.#playing, searching: this.#searching, table: this.#tableOpen, label,
    };
  }

  #build(layout: Layout): boolean {
    const shape = JSON.stringify([layout.width, layout.windowed, layout.blocks], (key, value: unknown) => (key === 'bottom' ? undefined : value));
    if (shape === this.#stageShape && this.#stage) return false;
    const focused = this.#focused, act = this.#desk;
    this.#stage?.dispose();
    const stage = new Stage(this.#uid, layout, this.engine, act);
    if (this.#stage) this.#stage.node.replaceWith(stage.node); else this.#header.progress.after(stage.node);
    this.#stage = stage;
    this.#stageShape = shape;
    if (focused === 'history') queueMicrotask(() => stage.lists[0]!.list.focus({ preventScroll: true }));
    return true;
  }

  #show(motion: Motion | null, target: Marks, rebuilt: boolean): void {
    const picture = this.#picture!, stage = this.#stage!, { root } = this, { layout, answer, traits } = picture;
    root.style.width = `${layout.width}px`;
    this.host.classList.toggle('attnrec-tight', layout.width > this.#width);
    root.classList.toggle('narrow', !layout.wide);
    const state = !traits.history.length ? 'empty' : !answer ? 'loading' : answer.error ? 'error' : picture.fresh ? 'ready' : 'pending';
    attributes(root, { 'data-theme': picture.dark ? 'dark' : 'light', 'data-state': state, 'data-view': traits.view, 'data-seq': answer?.seq ?? null });
    this.#header.progress.hidden = state !== 'loading' && state !== 'pending';
    const from = this.#drawn, still = motion === null || !from || Clock.still;
    picture.moving = !still;
    this.#header.update(picture);
    this.#foot.update(picture);
    this.#table.update(picture);
    stage.update(picture);
    const searchBottom = picture.searching || !traits.history.length ? layout.blocks[0]!.top + layout.rows * layout.blocks[0]!.history.row + Search.height(stage.search.found) : 0;
    stage.resize(layout.width, Math.max(layout.height, searchBottom));
    this.#settleRoving();
    this.#say();
    clearTimeout(this.#fadeTimer);
    root.classList.remove('fading');
    if (still) {
      if (this.#clock.running && motion === null && !rebuilt) { this.#repaint(); return; } // a word changed, not the state
      this.#clock.stop();
      this.#draw(target, 1);
      if (this.#etched) this.#fadeTimer = window.setTimeout(() => this.#forget(), STILL);
      return;
    }
    const rows = layout.blocks[0]!.panels[0]!.rows;
    this.#clock.start(DURATION[motion], t => this.#draw(between(from, target, t, motion, rows), t), () => {
      picture.moving = false;
      root.classList.add('fading');
      this.#fadeTimer = window.setTimeout(() => this.#forget(), FADE);
      this.#repaint();
    });
    this.#draw(between(from, target, 0, motion, rows), 0);
  }

  #draw(marks: Marks, t: number): void {
    this.#drawn = marks;
    this.#t = t;
    attributes(this.root, { 'data-moving': String(t < 1) });
    this.#stage!.paint(marks, this.#picture!, t);
  }

  #repaint(): void { if (this.#drawn && this.#stage) this.#draw(this.#drawn, this.#t); }

  #forget(): void {
    this.#etched = null;
    this.root.classList.remove('fading');
    if (this.#picture) this.#picture.etched = null;
    this.#repaint();
  }

  // ---- what is pointed at, and what is said ------------------------------------------------

  #dragged(): Picture['dragged'] { return this.#gesture?.kind === 'drag' ? { key: this.#gesture.key, y: this.#dragY } : null; }

  /** After a change of what is pointed at: nothing moves, so nothing but the paint is redone. */
  #pointed(): void {
    const p = this.#picture;
    if (!p) return;
    Object.assign(p, { active: this.#active, activeRank: this.#activeRank, focused: this.#focused, dragged: this.#dragged() });
    this.#foot.hint(p);
    this.#say();
    this.#repaint();
  }

  #say(): void {
    const p = this.#picture!, { told, words } = p;
    let sentence: sentences.Sentence, aloud = true;
    if (p.answer?.error) sentence = [p.answer.error];
    else if (!p.traits.history.length) sentence = sentences.empty(words);
    else if (!p.answer) sentence = sentences.asking(true);
    else if (!p.fresh || !told) sentence = sentences.asking(false);
    else {
      const pointed = this.#gesture || this.#tellsEdit ? [] : this.#activeCell ? sentences.tellCell(told, this.#activeCell.panel, this.#activeCell.query, this.#activeCell.key) : p.activeRank ? sentences.tellRanked(told, p.activeRank.panel, p.activeRank.id) : p.active !== null ? sentences.tellRow(told, p.active) : [];
      sentence = pointed.length ? pointed : sentences.tell(told, WINDOW);
      aloud = !pointed.length || p.focused !== null;
    }
    this.#header.say(sentence, aloud);
  }

  #keepInSight(layout: Layout, traits: Traits, edited: boolean): void {
    const n = traits.history.length, end = Math.max(0, n - layout.rows);
    if (!layout.windowed) { this.#window = 0; return; }
    const now = Math.min(traits.now ?? n, n), first = this.#shown === null || !Number.isFinite(this.#window) || this.#picture?.layout.windowed === false;
    if (first) this.#window = end;
    if (edited && !this.#gesture && (now <= this.#window || now > this.#window + layout.rows) && traits.now !== null) this.#window = now - layout.rows;
    this.#window = clamp(Math.round(this.#window), 0, end);
  }

  // ---- what may be done --------------------------------------------------------------------

  #edit(change: edits.Change): void {
    this.#halt();
    this.#tellsEdit = true;
    const { history } = this.engine.traits();
    if (change.history && !sameIds(change.history, history)) this.engine.set({ ...change, past: [...this.engine.past(), history], future: [] });
    else if (Object.keys(change).length) this.engine.set(change);
  }

  #halt(): void {
    if (!this.#playing) return;
    this.#playing = false;
    clearTimeout(this.#playTimer);
  }

  #travel(from: 'past' | 'future'): void {
    const past = this.engine.past(), future = this.engine.future(), { history } = this.engine.traits();
    const stack = from === 'past' ? past : future, to = stack.at(-1);
    if (!to) return;
    this.#halt();
    this.#tellsEdit = true;
    const [left, other] = [stack.slice(0, -1), [...(from === 'past' ? future : past), history]];
    this.engine.set({ ...edits.replace(to), ...(from === 'past' ? { past: left, future: other } : { past: other, future: left }) });
  }

  #playOn = (): void => {
    const traits = this.engine.traits(), n = traits.history.length, now = traits.now ?? n;
    if (!this.#playing || now >= n) { this.#halt(); this.#refresh(); return; }
    const waiting = this.engine.waiting() || this.#clock.running;
    if (!waiting) this.engine.set(edits.scrub(traits, now + 1));
    this.#playTimer = window.setTimeout(this.#playOn, waiting ? 60 : clamp(16_000 / n, 200, 1000));
  };

  #choose(layer: number, head: number | null): void { this.engine.set({ layer, head }); }

  #desk: Desk = {
    remove: position => {
      this.#edit(edits.remove(this.engine.traits(), position));
      if (this.#focused === 'history') this.#active = Math.max(1, Math.min(position, this.engine.traits().history.length));
    },
    add: id => {
      this.#searching = false;
      this.#edit(edits.add(this.engine.traits(), id));
      this.#active = this.#activeRank = null;
      queueMicrotask(() => {
        this.#stage?.lists[0]?.list.focus({ preventScroll: true });
        const { now, history } = this.engine.traits();
        if (this.#focused === 'history') this.#active = now ?? history.length;
        this.#pointed();
      });
    },
    read: position => { this.#halt(); this.engine.set(edits.read(this.engine.traits(), position)); },
    move: (from, to) => this.#edit(edits.move(this.engine.traits(), from, to)),
    dragStart: position => {
      const shown = this.#shown!;
      this.#halt();
      this.#active = null;
      this.#baseline = this.#lastAnswer;
      this.#gesture = { kind: 'drag', before: this.engine.traits().history, key: shown.keys[position - 1]!, position };
    },
    dragTo: (position, y) => {
      const g = this.#gesture;
      if (g?.kind !== 'drag') return;
      this.#dragY = y;
      if (position !== g.position) {
        this.engine.set(edits.move(this.engine.traits(), g.position, position));
        g.position = position;
      }
      this.#pointed();
    },
    dragEnd: keep => {
      const g = this.#gesture;
      if (g?.kind !== 'drag') return;
      const { row } = this.#picture!.layout.blocks[0]!.history, order = this.#dragY / row - .5 + this.#window;
      if (this.#drawn) this.#drawn = { ...this.#drawn, history: this.#drawn.history.map(m => (m.key === g.key ? { ...m, order } : m)) };
      const { history } = this.engine.traits();
      this.#gesture = null;
      if (!keep) this.engine.set({ history: g.before });
      else if (!sameIds(g.before, history)) this.engine.set({ past: [...this.engine.past(), g.before], future: [] });
      if (this.#picture) this.#picture.dragged = null;
      this.#show('track', this.#picture!.target, false);
    },
    scrub: now => { this.#halt(); this.engine.set(edits.scrub(this.engine.traits(), now)); },
    scrubBy: by => {
      const traits = this.engine.traits();
      this.#halt();
      this.engine.set(edits.scrub(traits, (traits.now ?? traits.history.length) + by));
    },
    scrubTo: now => {
      const traits = this.engine.traits();
      if (!this.#gesture) { this.#halt(); this.#gesture = { kind: 'scrub' }; this.#baseline = this.#lastAnswer; }
      if (now !== (traits.now ?? traits.history.length)) this.engine.set(edits.scrub(traits, now));
    },
    scrubEnd: () => { this.#gesture = null; },
    choose: (layer, head) => this.#choose(layer, head),
    nextLayer: () => {
      const a = this.engine.answer(), layers = a?.panels[0]?.layers ?? 0;
      if (a && layers) this.#choose(a.shown.layer % layers + 1, a.shown.head);
    },
    nextHead: () => {
      const a = this.engine.answer(), heads = a?.panels[0]?.heads ?? 0;
      if (a && heads > 1) this.#choose(a.shown.layer, a.shown.head === null ? 1 : a.shown.head < heads ? a.shown.head + 1 : null);
    },
    view: view => { if (this.engine.traits().history.length) this.engine.set({ view }); },
    otherView: () => this.#desk.view(this.engine.traits().view === 'matrix' ? 'ribbons' : 'matrix'),
    undo: () => this.#travel('past'),
    redo: () => this.#travel('future'),
    reset: () => this.#edit(edits.replace(this.engine.start())),
    play: () => {
      const traits = this.engine.traits(), n = traits.history.length;
      if (this.#playing) this.#halt();
      else if (n > 1) {
        this.#playing = true;
        if (traits.now === null || traits.now >= n) this.engine.set(edits.scrub(traits, 1));
        this.#playTimer = window.setTimeout(this.#playOn, 700);
      }
      this.#refresh();
    },
    search: open => {
      const had = this.#searching;
      this.#searching = open;
      if (open || had) this.#refresh();
      if (open) this.#stage?.search.input.focus();
      else if (had && this.root.contains(document.activeElement)) this.#stage?.lists[0]?.list.focus({ preventScroll: true });
    },
    scroll: first => {
      const p = this.#picture;
      if (!p?.layout.windowed) return;
      this.#window = clamp(Math.round(first), 0, p.traits.history.length - p.layout.rows);
      p.window = p.target.first = this.#window;
      if (this.#drawn) this.#drawn = { ...this.#drawn, first: this.#window };
      this.#stage!.update(p);
      this.#repaint();
    },
    point: position => {
      if (this.#gesture || position === this.#active || (position === null && this.#focused === 'history')) return;
      this.#active = position;
      this.#activeRank = null;
      this.#tellsEdit = false;
      this.#pointed();
    },
    pointCell: (panel, cell) => {
      this.#activeCell = cell && { panel, ...cell };
      this.#tellsEdit = false;
      this.#active = cell?.query ?? null;
      this.#activeRank = null;
      this.#pointed();
    },
    pointRank: (panel, id) => {
      if (this.#gesture || (id === null && this.#focused === 'ranking') || (id !== null && this.#activeRank?.id === id && this.#activeRank.panel === panel)) return;
      this.#activeRank = id === null ? null : { panel, id };
      if (id !== null) { this.#active = null; this.#tellsEdit = false; }
      this.#pointed();
    },
    focus: area => {
      if (area === this.#focused) return;
      const byKey = area !== null && this.root.querySelector(':focus-visible') !== null;
      this.#focused = byKey ? area : null;
      const p = this.#picture;
      if (byKey && area === 'history' && this.#active === null && p) this.#active = p.answer?.shown.query ?? p.target.now;
      if (byKey && area === 'ranking' && p) this.#desk.step('ranking', 0);
      if (area === null) { this.#active = null; this.#activeRank = null; }
      this.#pointed();
    },
    step: (area, by) => {
      const p = this.#picture;
      if (!p) return;
      this.#focused = area;
      this.#tellsEdit = false;
      if (area === 'history') {
        const n = p.traits.history.length, from = this.#active ?? p.target.now;
        this.#active = by === 'first' ? 1 : by === 'last' ? n : clamp(from + by, 1, Math.max(1, n));
        if (p.layout.windowed && (this.#active <= this.#window || this.#active > this.#window + p.layout.rows)) this.#desk.scroll(this.#active <= this.#window ? this.#active - 1 : this.#active - p.layout.rows);
      } else {
        const panel = Number((document.activeElement as HTMLElement | null)?.dataset.panel ?? 1) - 1, list = p.answer?.panels[panel]?.recommendations ?? [];
        const at = Math.max(0, list.findIndex(r => r.id === this.#activeRank?.id && this.#activeRank.panel === panel));
        const chosen = list[by === 'first' ? 0 : by === 'last' ? list.length - 1 : clamp(at + by, 0, list.length - 1)];
        this.#active = null;
        this.#activeRank = chosen ? { panel, id: chosen.id } : null;
      }
      this.#pointed();
    },
    moveActive: (from, to) => {
      this.#edit(edits.move(this.engine.traits(), from, to));
      this.#active = to;
      const p = this.#picture;
      if (p?.layout.windowed && (to <= this.#window || to > this.#window + p.layout.rows)) this.#desk.scroll(to <= this.#window ? to - 1 : to - p.layout.rows);
      this.#pointed();
    },
    position: () => this.#active,
    size: () => this.engine.traits().history.length,
    takeActive: () => { if (this.#activeRank) this.#desk.add(this.#activeRank.id); },
    allKeys: () => { this.#foot.allKeys = !this.#foot.allKeys; if (this.#picture) this.#foot.hint(this.#picture); },
    clear: () => {
      this.#active = this.#activeRank = null;
      this.#foot.allKeys = false;
      if (this.#change) this.#change = { ...this.#change, kind: 'none', moves: this.#change.moves.map(() => new Map()) };
      this.#refresh();
    },
    toggleTable: () => { this.#tableOpen = !this.#tableOpen; this.#refresh(); },
    save: format => this.engine.saveFigure(format),
  };
}
