// What may be done, by mouse and by key: each action changes the traits through the engine, or
// only the hand's own state and then the paint.
import type { Hand } from './hand';
import type { Desk } from './input/keyboard';
import * as edits from './model/edits';
import { byHead } from './model/ghosts';
import { clamp } from './model/scale';
import { heaviest } from './model/sentence';
import type { Picture } from './picture';
import type { Player } from './player';
import { type Engine, type Id, sameIds } from './types';

const REST = 80; // ms the pointer rests on a row before the ranking without it is shown

/** What the desk needs of the explorer. */
export interface Screen {
  picture(): Picture | null;
  keyAt(position: number): string;
  /** Everything anew, after a change of state. */
  refresh(): void;
  /** Only the paint and the sentence, after a change of what is pointed at. */
  pointed(): void;
  scrolled(): void;
  /** The weight whose making is shown is another, or none. */
  weighed(): void;
  /** The answer of now is what the sentence compares with until the gesture has been answered. */
  hold(): void;
  release(): void;
  /** The row of a key is let go at an order. */
  dropped(key: string, order: number): void;
  forgetChange(): void;
  focus(where: 'history' | 'search'): void;
  showAllKeys(show: boolean | 'other'): void;
}

export function deskOf(screen: Screen, engine: Engine, hand: Hand, player: Player): Desk {
  const remember = (history: Id[]) => ({ past: [...engine.past(), history].slice(-edits.STEPS), future: [] });

  function edit(change: edits.Change): void {
    player.halt();
    hand.tellsEdit = hand.edited = true;
    rest.clear();
    const { history } = engine.traits();
    if (change.history && !sameIds(change.history, history)) engine.set({ ...change, ...remember(history) });
    else if (Object.keys(change).length) engine.set(change);
  }

  function travel(from: 'past' | 'future'): void {
    const past = engine.past(), future = engine.future(), { history } = engine.traits(), to = (from === 'past' ? past : future).at(-1);
    if (!to) return;
    player.halt();
    hand.tellsEdit = hand.edited = true;
    rest.clear();
    const stacks = from === 'past' ? { past: past.slice(0, -1), future: [...future, history] } : { past: [...past, history], future: future.slice(0, -1) };
    engine.set({ ...edits.replace(to), ...stacks });
  }

  /** Scrolls the window so far that a position stands in it. */
  function show(position: number): void {
    const p = screen.picture();
    if (!p?.layout.windowed || (position > hand.window && position <= hand.window + p.layout.rows)) return;
    desk.scroll(position <= hand.window ? position - 1 : position - p.layout.rows);
  }

  const length = (): number => engine.traits().history.length;
  const seen = (): number => engine.traits().now ?? length();

  const may = (position: number): boolean => !hand.gesture && position <= seen() && seen() > 1;

  /** Which position the hand rests on. Once a preview is shown, the next row's follows at once. */
  const rest = {
    timer: 0,
    clear: (): void => {
      clearTimeout(rest.timer);
      if (hand.preview !== null) engine.wish(null);
      hand.preview = null;
    },
    on: (position: number | null): void => {
      const shown = hand.preview !== null;
      rest.clear();
      if (position === null) return;
      if (shown && may(position)) Object.assign(hand, { preview: position, previewOf: engine.traits() });
      else if (!shown) rest.timer = window.setTimeout(() => desk.preview(position), REST);
    },
  };

  const desk: Desk = {
    // ---- edits
    remove: position => {
      edit(edits.remove(engine.traits(), position));
      if (hand.focused === 'history') hand.active = Math.max(1, Math.min(position, length()));
    },
    add: id => {
      hand.searching = false;
      edit(edits.add(engine.traits(), id));
      hand.active = hand.activeRank = null;
      queueMicrotask(() => {
        screen.focus('history');
        if (hand.focused === 'history') hand.active = seen();
        screen.pointed();
      });
    },
    move: (from, to) => edit(edits.move(engine.traits(), from, to)),
    moveActive: (from, to) => {
      desk.move(from, to);
      hand.active = to;
      show(to);
      screen.pointed();
    },
    undo: () => travel('past'),
    redo: () => travel('future'),
    reset: () => edit(edits.replace(engine.start())),

    // ---- dragging a row: the model answers while it is carried; it counts as one edit when let go
    dragStart: position => {
      player.halt();
      hand.active = null;
      hand.edited = true;
      rest.clear();
      screen.hold();
      hand.gesture = { kind: 'drag', before: engine.traits().history, key: screen.keyAt(position), position, y: 0 };
    },
    dragTo: (position, y) => {
      const g = hand.gesture;
      if (g?.kind !== 'drag') return;
      g.y = y;
      if (position !== g.position) {
        engine.set(edits.move(engine.traits(), g.position, position));
        g.position = position;
      }
      screen.pointed();
    },
    dragEnd: keep => {
      const g = hand.gesture, { history } = engine.traits();
      if (g?.kind !== 'drag') return;
      hand.gesture = null;
      if (!keep) engine.set({ history: g.before });
      else if (!sameIds(g.before, history)) engine.set(remember(g.before));
      screen.release();
      screen.dropped(g.key, g.y / screen.picture()!.layout.blocks[0]!.history.row - .5 + hand.window);
    },

    // ---- time
    scrub: now => { player.halt(); rest.clear(); engine.set(edits.scrub(engine.traits(), now)); },
    scrubBy: by => desk.scrub(seen() + by),
    scrubTo: now => {
      if (!hand.gesture) { player.halt(); rest.clear(); screen.hold(); hand.gesture = { kind: 'scrub' }; }
      if (now !== seen()) engine.set(edits.scrub(engine.traits(), now));
    },
    scrubEnd: () => { hand.gesture = null; screen.release(); },
    play: () => player.toggle(),

    // ---- what is read, and how it is shown
    read: position => { player.halt(); engine.set({ ...edits.read(engine.traits(), position), item: engine.traits().history[position - 1] ?? null }); },
    choose: (layer, head) => engine.set({ layer, head }),
    nextLayer: () => {
      const a = engine.answer(), layers = a?.panels[0]?.layers ?? 0;
      if (a && layers) desk.choose(a.shown.layer % layers + 1, a.shown.head);
    },
    nextHead: () => {
      const a = engine.answer(), heads = a?.panels[0]?.heads ?? 0;
      if (a && heads > 1) desk.choose(a.shown.layer, a.shown.head === null ? 1 : a.shown.head < heads ? a.shown.head + 1 : null);
    },
    view: view => { if (length()) engine.set({ view }); },
    otherView: () => desk.view(engine.traits().view === 'matrix' ? 'ribbons' : 'matrix'),
    toggleRemoved: () => engine.set({ allowRemoved: !engine.traits().allowRemoved }),
    toggleTable: () => { hand.table = !hand.table; screen.refresh(); },
    save: format => engine.saveFigure(format),
    search: open => {
      const had = hand.searching;
      hand.searching = open;
      if (open || had) screen.refresh();
      if (open) screen.focus('search');
      else if (had) screen.focus('history');
    },
    scroll: first => {
      const p = screen.picture();
      if (!p?.layout.windowed) return;
      hand.window = clamp(Math.round(first), 0, p.traits.history.length - p.layout.rows);
      screen.scrolled();
    },

    // ---- pointing
    point: position => {
      if (hand.gesture || position === hand.active || (position === null && hand.focused === 'history')) return;
      Object.assign(hand, { active: position, activeRank: null, tellsEdit: false });
      rest.on(position);
      screen.pointed();
    },
    preview: position => {
      rest.clear();
      if (position !== null && may(position)) Object.assign(hand, { preview: position, previewOf: engine.traits(), active: position, activeRank: null, tellsEdit: false });
      screen.pointed();
    },
    previewed: () => hand.preview,

    // ---- how a weight arose
    weigh: (panel, query, key) => {
      const shown = engine.answer()?.shown, said = engine.answer()?.panels[panel];
      if (!shown || !said?.row || said.normalisation !== 'softmax' || key > query || query > shown.now) return;
      const layer = Math.min(shown.layer, said.layers), heads = byHead(said, layer, shown.now, query, key);
      const most = heads ? heads.indexOf(Math.max(...heads)) + 1 : 1;
      desk.weighAt({ panel, layer, head: shown.head === null ? most : Math.min(shown.head, said.heads), query, key });
    },
    weighAt: at => {
      hand.weighing = at;
      rest.clear();
      screen.weighed();
    },
    weighActive: () => {
      const p = screen.picture(), shown = p?.answer?.shown, at = hand.active;
      const panel = p?.answer?.panels.findIndex(one => one.row) ?? -1, said = p?.answer?.panels[panel];
      if (!shown || !said || at === null || !p.fresh) return;
      if (shown.view === 'ribbons' || !said.matrix) { desk.weigh(panel, shown.query, at); return; }
      const n = Math.round(Math.sqrt(said.matrix.length)), row = said.matrix.subarray((at - 1) * n, at * n);
      desk.weigh(panel, at, heaviest(row)[0] ?? at);
    },
    pointCell: (panel, cell) => {
      Object.assign(hand, { active: cell?.query ?? null, activeRank: null, activeCell: cell && { panel, ...cell }, tellsEdit: false });
      screen.pointed();
    },
    pointRank: (panel, id) => {
      const { activeRank } = hand;
      if (id !== null) rest.clear();
      if (hand.gesture || (id === null ? hand.focused === 'ranking' : activeRank?.id === id && activeRank.panel === panel)) return;
      hand.activeRank = id === null ? null : { panel, id };
      if (id !== null) Object.assign(hand, { active: null, tellsEdit: false });
      screen.pointed();
    },
    focus: (area, byKey) => {
      const left = hand.focused !== null; // by the keyboard; what the mouse points at stays
      hand.focused = byKey ? area : null;
      const p = screen.picture();
      if (area === null) { if (left) { hand.active = hand.activeRank = null; rest.clear(); } }
      else if (byKey && area === 'history') hand.active ??= p?.answer?.shown.query ?? p?.target.now ?? null;
      else if (byKey) desk.step('ranking', 0);
      screen.pointed();
    },
    step: (area, by, panel = 0) => {
      const p = screen.picture();
      if (!p) return;
      Object.assign(hand, { focused: area, tellsEdit: false });
      rest.clear();
      if (area === 'history') {
        hand.active = by === 'first' ? 1 : by === 'last' ? length() : clamp((hand.active ?? p.target.now) + by, 1, Math.max(1, length()));
        show(hand.active);
      } else {
        const list = p.answer?.panels[panel]?.recommendations ?? [], { activeRank } = hand;
        const at = Math.max(0, list.findIndex(r => activeRank?.panel === panel && r.id === activeRank.id));
        const chosen = list[by === 'first' ? 0 : by === 'last' ? list.length - 1 : clamp(at + by, 0, list.length - 1)];
        Object.assign(hand, { active: null, activeRank: chosen ? { panel, id: chosen.id } : null });
      }
      screen.pointed();
    },
    position: () => hand.active,
    size: length,
    takeActive: () => { if (hand.activeRank) desk.add(hand.activeRank.id); },
    allKeys: () => screen.showAllKeys('other'),
    clear: () => {
      hand.active = hand.activeRank = hand.activeCell = null;
      rest.clear();
      screen.showAllKeys(false);
      screen.forgetChange();
    },
  };
  return desk;
}
