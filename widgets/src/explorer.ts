// The explorer: what the engine says becomes a target; one clock carries what is drawn there; a
// new edit continues from what is drawn.
import { deskOf, type Screen } from './desk';
import { attributes, el, hide, place, toggle } from './dom';
import { idle } from './hand';
import { roving, trackKeys } from './input/keyboard';
import { LensKeeper } from './lens_keeper';
import { type Layout, layoutOf, samePlaces, shapeOf } from './layout';
import { type Change, changeBetween } from './model/change';
import { decimals } from './model/format';
import { rekey } from './model/keys';
import { type LensView, ownShares } from './model/lens';
import { type Marks, marksOf } from './model/marks';
import { clamp, ribbonScale, scoreDomain } from './model/scale';
import { between, DURATION, type Motion } from './motion/between';
import { Clock } from './motion/clock';
import { narrate } from './narrate';
import type { Picture } from './picture';
import { Player } from './player';
import { isDark, onTheme } from './theme';
import { type Answer, type Engine, type Lens, sameIds, type Traits } from './types';
import { Foot } from './views/foot';
import { Header } from './views/header';
import { Search } from './views/search';
import { Stage } from './views/stage';
import { Table } from './views/table';
import { WeighingPanel } from './views/weighing';

const LAG = 150; // ms an answer may take before the picture shows that it waits
const FADE = 600; // ms in which the etched old state fades
const STILL = 1000; // ms it stands where motion is reduced

/** A state of the engine, as shown. */
interface Shown { traits: Traits; keys: string[]; answer: Answer | null; fresh: boolean; lens: Lens | null }

let made = 0;

export class Explorer {
  readonly root = el('div', { class: 'attnrec', 'data-role': 'explorer', 'data-lm-suppress-shortcuts': 'true' });
  #uid = `attnrec-${made++}`;
  #hand = idle();
  #clock = new Clock();
  #lenses = new LensKeeper(() => this.#hand.gesture !== null || this.#hand.searching, () => this.#refresh());
  #player: Player;
  #desk: ReturnType<typeof deskOf>;
  #header: Header;
  #foot: Foot;
  #table = new Table();
  #stage: Stage | null = null;
  #standing: Layout | null = null; // what the stage was built for
  #weighing: WeighingPanel | null = null;
  #settleRoving: () => void;
  #stop: (() => void)[] = [];
  #lagTimer = 0;
  #fadeTimer = 0;
  #width = 0;

  #shown: Shown | null = null;
  #picture: Picture | null = null;
  #drawn: Marks | null = null;
  #t = 1; // how far the clock has carried what is drawn
  #lagging = false;
  #settled: Marks | null = null; // the last state at rest that an answer described
  #etched: Marks | null = null;
  #answered: Answer | null = null; // the last answer shown
  #held: Answer | null = null; // the answer before a gesture
  #change: Change | null = null;
  #domains: [number, number][] = [];

  constructor(private engine: Engine, private host: HTMLElement) {
    this.#player = new Player(engine, () => this.#clock.running, () => this.#refresh());
    this.#desk = deskOf(this.#screen, engine, this.#hand, this.#player);
    this.#header = new Header(this.#desk);
    this.#foot = new Foot(this.#desk);
    this.root.append(this.#header.node, this.#header.progress, this.#foot.node, this.#table.node);
    host.classList.add('attnrec-host');
    host.append(this.root);
    this.#settleRoving = roving([this.#header.tools, this.#foot.node]);
    trackKeys(this.root, this.#desk);
    // Notebook looks for its shortcuts from the focused element outward: there the root's own attribute comes too late.
    this.root.addEventListener('focusin', event => (event.target as Element).setAttribute('data-lm-suppress-shortcuts', 'true'));
    this.root.addEventListener('pointerdown', event => { // a touch elsewhere lets go of the row that was tapped
      if (event.pointerType === 'touch' && !(event.target as Element).closest('[data-role=history], .grip, .cross, [data-role=ribbons]')) for (const list of this.#stage?.lists ?? []) list.hover(null);
    });
    const resize = new ResizeObserver(() => this.#resized());
    resize.observe(host);
    this.#stop.push(() => resize.disconnect(), onTheme(() => this.#refresh()), engine.onChange(() => this.#changed()));
    this.#resized();
  }

  dispose(): void {
    for (const stop of this.#stop) stop();
    for (const timer of [this.#lagTimer, this.#fadeTimer]) clearTimeout(timer);
    this.#player.halt();
    this.#clock.stop();
    this.#lenses.dispose();
    this.#header.dispose();
    this.#stage?.dispose();
    this.#weighing?.dispose();
    this.engine.dispose();
    this.root.remove();
  }

  #resized(): void {
    const width = Math.floor(this.host.clientWidth || this.#width || 1080);
    if (width === this.#width) return;
    this.#width = width;
    this.#refresh();
  }

  // ---- from the engine to the picture ------------------------------------------------------

  #refresh(): void {
    if (!this.#width) return;
    const next = this.#next(), before = this.#shown, { traits, answer, fresh } = next;
    const arrived = fresh && answer !== this.#answered ? answer : null;
    if (arrived) this.#compare(arrived);
    const edited = !before || !sameIds(before.traits.history, traits.history) || before.traits.now !== traits.now;
    const had = this.#picture?.lens ?? null, lens = this.#lensOf(next);
    if (lens && lens !== had && !edited && !had?.stale) this.#retell();
    const layout = layoutOf(this.#width, shapeOf(traits, answer, matchMedia('(pointer: coarse)').matches, lens));
    const motion: Motion | null = !before ? null : this.#hand.gesture ? 'track' : edited || (fresh && !before.fresh) ? 'edit' : arrived || lens !== had ? 'lens' : null;
    const { previewOf } = this.#hand; // wanted of an earlier state, or of what is shown only now
    const wantedSince = previewOf !== null && sameIds(previewOf.history, traits.history) && previewOf.now === traits.now;
    if (edited && !this.#hand.gesture && !wantedSince) this.#hand.preview = null;
    if (edited) this.#hand.weighing = null;
    this.#shown = next;
    this.#keepInSight(layout, traits, edited);
    const scales = answer?.panels.map((p, k) => ribbonScale(ownShares(lens, k) ?? Array.from(p.row ?? []), layout.windowed ? 12 : 22)) ?? [];
    const target = marksOf(traits, answer, next.keys, fresh, scales, this.#hand.window, lens);
    const rebuilt = this.#build(layout);
    this.#prepare(next, lens, layout, target, arrived !== null, motion);
    this.#show(motion, rebuilt);
  }

  /** Where what is shown stays while an answer is under way, drawing it again would only delay that. */
  #changed(): void {
    const before = this.#shown, next = before && this.#next();
    if (next && next === before) return;
    if (next && this.#onlyPreviews(before, next)) this.#morePreviews();
    else this.#refresh();
  }

  /** More previews are known than before, and nothing else has changed. */
  #onlyPreviews(before: Shown, next: Shown): boolean {
    const picture = this.#picture, { engine } = this;
    if (!picture || next.answer !== before.answer || next.lens !== before.lens || next.fresh !== before.fresh || picture.previews === engine.previews()) return false;
    const same = (Object.keys(next.traits) as (keyof Traits)[]).every(name => name === 'history' || next.traits[name] === before.traits[name]) && sameIds(next.traits.history, before.traits.history);
    return same && picture.notice === engine.notice() && !this.#hand.searching && !this.#hand.weighing && !this.#hand.table;
  }

  /** The foot counts them; the one that was waited for is drawn. */
  #morePreviews(): void {
    const picture = this.#picture!, { preview } = picture;
    Object.assign(picture, this.#pointedAt());
    attributes(this.root, { 'data-previews': picture.previews || null });
    this.#foot.hint(picture);
    if (picture.preview === preview) return;
    this.#say();
    this.#repaint();
  }

  /** What to show now: while an answer may still come at once, what was shown before. */
  #next(): Shown {
    const traits = this.engine.traits(), answer = this.engine.answer(), lens = this.engine.lens(), before = this.#shown;
    const fresh = answer !== null && !this.engine.waiting() && sameIds(answer.shown.history, traits.history);
    if (fresh) {
      clearTimeout(this.#lagTimer);
      this.#lagTimer = 0;
      this.#lagging = false;
    } else if (answer && !answer.error && !this.#lagging && before) {
      this.#lagTimer ||= window.setTimeout(() => { this.#lagging = true; this.#refresh(); }, LAG);
      return before;
    }
    return { traits, answer, fresh, lens, keys: rekey(before?.traits.history ?? [], before?.keys ?? [], traits.history) };
  }

  /** What a trust panel shows of the first model, in the ribbons' view. */
  #lensOf({ traits, answer, fresh, lens }: Shown): LensView | null {
    const seen = lens ? traits.history.slice(0, traits.now ?? undefined) : [];
    return this.#lenses.view(answer && traits.view === 'ribbons' ? lens : null, seen, (fresh && answer?.panels[0]?.row) || null);
  }

  /** A lens that somebody chose is what the sentence tells, and no longer the edit before. */
  #retell(): void { if (this.#change) this.#change = { ...this.#change, kind: 'lens' }; }

  #compare(arrived: Answer): void {
    const change = changeBetween(this.#held ?? this.#answered, arrived);
    if (change.kind !== 'none') this.#change = change;
    this.#answered = arrived;
    if (!this.#hand.gesture) this.#held = null;
  }

  #keepInSight(layout: Layout, traits: Traits, edited: boolean): void {
    const hand = this.#hand, n = traits.history.length, end = Math.max(0, n - layout.rows), { now } = traits;
    if (!layout.windowed) { hand.window = 0; return; }
    if (!this.#picture?.layout.windowed) hand.window = end;
    if (edited && !hand.gesture && now !== null && (now <= hand.window || now > hand.window + layout.rows)) hand.window = now - layout.rows;
    hand.window = clamp(Math.round(hand.window), 0, end);
  }

  /** The views stand until their places change. */
  #build(layout: Layout): boolean {
    if (this.#standing && samePlaces(this.#standing, layout)) return false;
    const stage = new Stage(this.#uid, layout, this.engine, this.#desk), focused = this.#hand.focused === 'history' || (this.#stage?.lists ?? []).some(({ list }) => list === document.activeElement);
    this.#stage?.dispose();
    if (this.#stage) this.#stage.node.replaceWith(stage.node); else this.#header.progress.after(stage.node);
    this.#stage = stage;
    this.#standing = layout;
    if (focused) queueMicrotask(() => this.#screen.focus('history'));
    return true;
  }

  #prepare({ traits, answer, fresh }: Shown, lens: LensView | null, layout: Layout, target: Marks, arrived: boolean, motion: Motion | null): void {
    const { engine } = this, hand = this.#hand, before = motion === 'edit' ? this.#settled : null;
    const scores = (marks: Marks | null, k: number) => marks?.panels[k]?.ranks.map(r => r.score) ?? [];
    if (arrived) this.#domains = target.panels.map((_, k) => scoreDomain([...scores(target, k), ...scores(before, k)], this.#domains[k] ?? null));
    if (arrived) this.#etched = before?.panels.length === target.panels.length ? before : null;
    if (fresh) this.#settled = target;
    const { history } = engine.traits(), words = engine.words(), label: Picture['label'] = id => engine.label(id);
    if (hand.active !== null && hand.active > history.length) hand.active = history.length || null;
    this.#picture = {
      traits, answer, fresh, words, layout, target, label, previewAt: position => engine.preview(position),
      told: answer && this.#change ? { answer, change: this.#change, words, label, lens: lens?.stale ? null : lens } : null, lens,
      change: fresh ? this.#change : null,
      etched: this.#etched, domains: this.#domains, digits: answer?.panels.map(p => decimals(p.recommendations.map(r => r.score))) ?? [],
      dark: isDark(), moving: motion !== null, window: hand.window, ...this.#pointedAt(),
      canUndo: engine.past().length > 0, canRedo: engine.future().length > 0,
      filtersSeen: engine.filtersSeen(),
      canReset: !sameIds(history, engine.start()) || traits.now !== null || traits.query !== null,
      playing: this.#player.playing, searching: hand.searching, table: hand.table, notice: engine.notice(), hints: !hand.edited && !engine.past().length,
    };
  }

  #pointedAt(): Pick<Picture, 'active' | 'activeRank' | 'focused' | 'dragged' | 'preview' | 'previews'> {
    const { active, activeRank, focused, gesture, preview: wanted } = this.#hand, still = this.engine.waiting();
    const preview = wanted === null || still ? null : this.engine.preview(wanted);
    if (wanted !== null && !preview && !still) this.engine.wish(wanted);
    this.engine.at(gesture ? null : active);
    return { active, activeRank, focused, preview, previews: this.engine.previews(), dragged: gesture?.kind === 'drag' ? { key: gesture.key, y: gesture.y } : null };
  }

  // ---- from the picture to the screen ------------------------------------------------------

  #show(motion: Motion | null, rebuilt: boolean): void {
    const picture = this.#picture!, stage = this.#stage!, { root } = this, { layout, target } = picture, from = this.#drawn;
    const still = motion === null || !from || Clock.still;
    picture.moving = !still;
    this.#frame(picture);
    for (const view of [this.#header, this.#foot, this.#table, stage]) view.update(picture);
    const list = layout.blocks[0]!, searched = picture.searching || !picture.traits.history.length;
    stage.resize(layout.width, Math.max(layout.height, searched ? list.top + layout.rows * list.history.row + Search.height(stage.search.found) : 0));
    this.#weigh(false);
    this.#settleRoving();
    this.#say();
    if (motion === null && this.#clock.running && !rebuilt) { this.#repaint(); return; } // a word changed, not the state
    clearTimeout(this.#fadeTimer);
    root.classList.remove('fading');
    if (still) {
      this.#clock.stop();
      this.#draw(target, 1);
      if (this.#etched) this.#fadeTimer = window.setTimeout(() => this.#forgetEtched(), STILL);
      return;
    }
    const { rows } = list.panels[0]!, step = (t: number) => this.#draw(between(from, target, t, motion, rows), t);
    this.#clock.start(DURATION[motion], step, () => {
      picture.moving = false;
      root.classList.add('fading');
      this.#fadeTimer = window.setTimeout(() => this.#forgetEtched(), FADE);
      this.#repaint();
    });
    step(0);
  }

  /** The root element says what it shows. */
  #frame({ layout, traits, answer, fresh, dark }: Picture): void {
    const state = !traits.history.length ? 'empty' : !answer ? 'loading' : answer.error ? 'error' : fresh ? 'ready' : 'pending';
    place(this.root, { w: layout.width });
    toggle(this.root, 'narrow', !layout.wide);
    toggle(this.root, 'two', (answer?.panels.length ?? 1) > 1);
    toggle(this.host, 'attnrec-tight', layout.width > this.#width);
    attributes(this.root, { 'data-theme': dark ? 'dark' : 'light', 'data-state': state, 'data-view': traits.view, 'data-lens': this.#picture?.lens?.name ?? null, 'data-engine': this.engine.kind(), 'data-seq': answer?.seq ?? null, 'data-previews': this.#picture?.previews || null });
    hide(this.#header.progress, state !== 'loading' && state !== 'pending');
  }

  #draw(marks: Marks, t: number): void {
    this.#drawn = marks;
    this.#t = t;
    attributes(this.root, { 'data-moving': String(t < 1), 'data-preview': this.#picture!.preview?.position ?? null });
    this.#stage!.paint(marks, this.#picture!, t);
  }

  #repaint(): void { if (this.#drawn && this.#stage) this.#draw(this.#drawn, this.#t); }

  #say(): void {
    const { sentence, aloud } = narrate(this.#picture!, this.#hand);
    this.#header.say(sentence, aloud);
  }

  /** The panel that tells how a weight arose is there while one is asked for. */
  #weigh(moved: boolean): void {
    const picture = this.#picture, hand = this.#hand, at = hand.weighing, known = picture?.answer?.shown;
    const stands = at && known && picture.fresh && at.query <= known.now && at.key <= known.now && at.head <= (picture.answer!.panels[at.panel]?.heads ?? 0);
    if (at && !stands && (picture?.fresh || !picture?.traits.history.length)) hand.weighing = null;
    if (!hand.weighing || !stands) {
      if (!hand.weighing && this.#weighing) {
        const focused = this.#weighing.node.contains(document.activeElement);
        this.#weighing.dispose();
        this.#weighing.node.remove();
        this.#weighing = null;
        if (focused) this.#screen.focus('history');
      }
      return;
    }
    const opened = !this.#weighing, told = this.#weighing?.node.dataset.weight !== undefined;
    this.#weighing ??= new WeighingPanel(this.engine, this.#desk);
    this.#weighing.update(picture, hand.weighing, picture.layout.width);
    if (opened) this.#stage!.node.after(this.#weighing.node);
    if (opened && moved) this.#weighing.focus();
    const { node } = this.#weighing;
    if (!told && node.dataset.weight !== undefined) requestAnimationFrame(() => node.scrollIntoView({ block: 'nearest' })); // all of it is there
  }

  #forgetEtched(): void {
    this.#etched = null;
    this.root.classList.remove('fading');
    if (this.#picture) this.#picture.etched = null;
    this.#repaint();
  }

  #screen: Screen = {
    picture: () => this.#picture,
    keyAt: position => this.#shown!.keys[position - 1]!,
    refresh: () => this.#refresh(),
    pointed: () => {
      if (!this.#picture) return;
      Object.assign(this.#picture, this.#pointedAt());
      this.#foot.hint(this.#picture);
      this.#table.pointed(this.#picture);
      this.#say();
      this.#repaint();
    },
    scrolled: () => {
      const p = this.#picture!;
      p.window = p.target.first = this.#hand.window;
      if (this.#drawn) this.#drawn = { ...this.#drawn, first: this.#hand.window };
      this.#stage!.update(p);
      this.#repaint();
    },
    weighed: () => this.#weigh(true),
    hold: () => { this.#held = this.#answered; },
    release: () => { if (!this.engine.waiting()) this.#held = null; },
    dropped: (key, order) => {
      if (this.#drawn) this.#drawn = { ...this.#drawn, history: this.#drawn.history.map(m => (m.key === key ? { ...m, order } : m)) };
      Object.assign(this.#picture!, this.#pointedAt());
      this.#show('track', false);
    },
    forgetChange: () => {
      if (this.#change) this.#change = { ...this.#change, kind: 'none', moves: this.#change.moves.map(() => new Map()) };
      this.#refresh();
    },
    focus: where => {
      if (where === 'search') this.#stage?.search.input.focus();
      else if (this.root.contains(document.activeElement) || document.activeElement === document.body) this.#stage?.lists[0]?.list.focus({ preventScroll: true });
    },
    showAllKeys: show => {
      this.#foot.allKeys = show === 'other' ? !this.#foot.allKeys : show;
      if (this.#picture) this.#foot.hint(this.#picture);
    },
  };
}
