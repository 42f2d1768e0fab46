// Where everything stands, in pixels of the stage, for a width and a number of rows. A block is a
// history with what flows from it: one model has one; two models share one, mirrored around the
// history, where there is room, and otherwise have one each, one below the other.
import { type LensView, ownShares } from './model/lens';
import { clamp } from './model/scale';
import type { Answer, Traits } from './types';

export const RANK = 34;
export const WINDOW = 18; // rows of the magnifier
const UNWINDOWED = 20; // longest history that is simply listed
export const RAIL = 8; // width of the rail
const EFFECT = 40; // width of a wide column of effects
const LEGEND = 62; // height of a lens's legend, stacked
const WIDE = 800, DATED = 960, MIRRORED = 1000, NARROWEST = 560;

export interface Box { x: number; w: number }
export interface PickerLayout { x: number; y: number; tile: number; gap: number; labels: 'left' | 'right' }
export interface HistoryLayout {
  date: Box | null;
  pos: Box;
  title: Box;
  /** One column of attention a panel. */
  shares: Box[];
  /** What a lens tells of each row; null: there is none. */
  effect: Box | null;
  left: number;
  right: number;
  /** Height of one row. */
  row: number;
  nowX: number;
}
export interface PanelLayout {
  index: number;
  dir: 1 | -1;
  attends: boolean;
  /** Left edge of the rail that stands for the whole history while the list shows a window of it. */
  rail: number | null;
  /** Ribbons run from x0, at the history or its rail, to x1, where the spine begins. */
  x0: number;
  x1: number;
  spine: number;
  no: Box;
  film: Box;
  move: Box;
  plane: Box | null;
  score: Box;
  top: number;
  pitch: number;
  rows: number;
  heldY: number;
  picker: PickerLayout | null;
}
export interface MatrixLayout { x: number; y: number; side: number; cell: number }
export interface Block {
  top: number;
  bottom: number;
  history: HistoryLayout;
  panels: PanelLayout[];
  matrix: MatrixLayout | null;
}
export interface Layout {
  width: number;
  wide: boolean;
  windowed: boolean;
  /** Rows in sight: all, or the window's. */
  rows: number;
  blocks: Block[];
  height: number;
}

interface PanelShape { layers: number; heads: number; heldOut: boolean; attends: boolean }
interface Shape { n: number; topn: number; view: 'ribbons' | 'matrix'; dates: boolean; coarse: boolean; lens: boolean; panels: PanelShape[] }

export function shapeOf(traits: Traits, answer: Answer | null, coarse: boolean, lens: LensView | null): Shape {
  const panels = answer?.panels.map((p, k) => ({ layers: p.layers, heads: p.heads, heldOut: p.heldOut !== null, attends: p.heads > 0 || ownShares(lens, k) !== null })) ?? [];
  return {
    n: traits.history.length, topn: traits.topn, view: traits.view, coarse, lens: lens !== null,
    dates: answer?.dates.some(d => d) ?? false,
    panels: panels.length ? panels : [{ layers: 0, heads: 0, heldOut: false, attends: true }],
  };
}

export function layoutOf(cellWidth: number, shape: Shape): Layout {
  const width = Math.max(NARROWEST, Math.floor(cellWidth)), wide = width >= WIDE;
  const windowed = shape.n > UNWINDOWED, rows = windowed ? WINDOW : shape.n;
  const base = { width, wide, windowed, rows };
  const blocks: Block[] = [];
  if (shape.view === 'ribbons' && shape.panels.length === 2 && width >= MIRRORED) blocks.push(mirrored(base, shape));
  else for (const [index, panel] of shape.panels.entries()) {
    const y = blocks.at(-1)?.bottom ?? -28;
    blocks.push((shape.view === 'matrix' && panel.attends ? matrix : single)(base, shape, panel, index, y + 28));
  }
  return { ...base, blocks, height: blocks.at(-1)!.bottom };
}

/** Whether everything stands in the same places; how far down it goes is another matter. */
export function samePlaces(a: Layout, b: Layout): boolean {
  return a.width === b.width && a.windowed === b.windowed && alike(a.blocks, b.blocks);
}

function alike(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every(name => name === 'bottom' || alike(a[name as keyof typeof a], b[name as keyof typeof b]));
}

type Base = Omit<Layout, 'blocks' | 'height'>;

const rankPitch = (topn: number): number => (topn <= 10 ? RANK : Math.max(22, Math.floor(RANK * 10 / topn)));

function single(base: Base, shape: Shape, panel: PanelShape, index: number, y: number): Block {
  const { width: W, wide, windowed } = base, row = shape.coarse ? 36 : 24, compact = windowed && wide;
  // Beyond the reference widths ribbons and titles share what there is; a wide cell lets the plane grow too.
  const extra = W - (wide ? 1080 : 640);
  const ribbons = panel.attends ? clamp((wide ? 260 : 114) + .4 * extra, 114, 360) : 48;
  const rest = extra - (ribbons - (wide ? 260 : 114)), plane = wide ? clamp(118 + .25 * rest, 72, 320) : 50;
  const each = (rest - (plane - (wide ? 118 : 50))) / 2;
  const dated = W >= DATED && shape.dates && !windowed, lead = wide && !compact ? (dated ? 40 : 10) : 0;
  const pos = { x: lead, w: wide ? (compact ? 26 : 22) : windowed ? 22 : 16 };
  const titleX = pos.x + pos.w + (wide ? 10 : 8);
  const end = wide ? 324 + each : 226 + each, lens = shape.lens && index === 0;
  const right = end + (lens && wide ? 8 : 0) - (windowed && panel.attends ? (wide ? 60 : 19) : 0); // edge of the list
  const effectW = wide ? EFFECT : 36, effect = lens ? { x: right - effectW, w: effectW } : null;
  const shareW = panel.attends ? (wide ? 34 : 32) : 0, shares = { x: (effect ? effect.x - (wide ? 6 : 4) : right) - shareW, w: shareW };
  const title = { x: titleX, w: shares.x - titleX - 2 };
  const rail = windowed && panel.attends ? right + (wide ? 52 : 13) : null;
  const x1 = end + (wide ? 10 : 8) + ribbons, x0 = rail === null ? right + (wide ? 10 : 8) : rail + RAIL, spine = wide ? 6 : 5;
  const noX = x1 + spine + (wide ? 12 : 7), no = { x: noX, w: wide ? 20 : 18 }, filmX = no.x + no.w + (wide ? 14 : 10);
  const score = { x: W - (wide ? 38 : 34), w: wide ? 38 : 34 }, planeX = score.x - (wide ? 8 : 4) - plane;
  const move = { x: planeX - (wide ? 52 : 36), w: wide ? 34 : 28 };
  const { picker, top } = placePicker(panel, wide, y, right, x1, spine);
  const pitch = rankPitch(shape.topn), heldY = top + pitch * shape.topn + (shape.topn > 10 ? 50 : 66);
  const rowsEnd = top + base.rows * row, ranksEnd = top + pitch * shape.topn, stacked = lens && !legendInLine(rowsEnd, heldY);
  const bottom = Math.max(rowsEnd + 34, panel.heldOut ? heldY + 24 : ranksEnd + 34, stacked ? Math.max(rowsEnd, ranksEnd) + LEGEND : 0);
  return {
    top, bottom, matrix: null,
    history: { date: dated ? { x: 0, w: 40 } : null, pos, title, shares: [shares], effect, row, left: dated ? 34 : pos.x - 4, right: right + 4, nowX: dated ? 36 : pos.x + 3 },
    panels: [{ index, dir: 1, attends: panel.attends, rail, x0, x1, spine, no, film: { x: filmX, w: move.x - filmX - 4 }, move, plane: { x: planeX, w: plane }, score, top, pitch, rows: shape.topn, heldY, picker }],
  };
}

/** The legend of a lens is one line below the rows where that is below all of the ranking too. */
export const legendInLine = (rowsEnd: number, heldY: number): boolean => rowsEnd > heldY + 15;

/** The picker above the ribbons, its right edge on the spine; higher up where it would cover the history's heading. */
function placePicker(panel: PanelShape, wide: boolean, y: number, right: number, x1: number, spine: number): { picker: PickerLayout | null; top: number } {
  if (!panel.attends || !panel.layers) return { picker: null, top: y + (wide ? 46 : 40) };
  let tile = wide ? 27 : 18;
  const gap = wide ? 4 : 3, edge = x1 + (wide ? 0 : spine);
  while (tile > 10 && pickerWidth(panel.heads, tile, gap) > edge - 60) tile--;
  const fits = wide && edge - pickerWidth(panel.heads, tile, gap) - 56 > right;
  const height = panel.layers * (tile + gap) - gap;
  const top = y + Math.max(46, 16 + height + (fits ? 6 : 33));
  return { picker: { x: edge - pickerWidth(panel.heads, tile, gap), y: fits ? top - 6 - height : y + 16, tile, gap, labels: 'left' }, top };
}

/** Columns of a picker: the heads and, where there are several, their mean, a little apart. */
export const pickerWidth = (heads: number, tile: number, gap: number): number => (heads > 1 ? (heads + 1) * (tile + gap) + 2 : tile);

function mirrored(base: Base, shape: Shape): Block {
  const { width: W, windowed } = base, row = shape.coarse ? 36 : 24, extra = W - 1080;
  const titleW = clamp(186 + .18 * extra, 150, 320), half = (34 + 8 + 24 + 8 + titleW + 6 + 34) / 2, c = W / 2;
  const aside = shape.lens ? EFFECT + 6 : 0; // the first model's ribbons make room for the effects
  const ribbons = clamp(112 + .14 * extra, 96, 240), plane = W >= 1300 ? clamp(.1 * (W - 700), 60, 140) : 0;
  const pos = { x: c - half + 42, w: 24 }, title = { x: pos.x + 32, w: titleW };
  const picks = shape.panels.map(p => Math.max(1, p.layers) * 24);
  const top = 16 + Math.max(30, ...picks) + 6 + 22;
  const pitch = rankPitch(shape.topn), heldY = top + pitch * shape.topn + (shape.topn > 10 ? 50 : 66);
  const panels = shape.panels.map((panel, index): PanelLayout => {
    // Laid out to the right of the history, then mirrored for the first model.
    const dir = index === 0 ? -1 : 1, flip = (b: Box): Box => (dir === 1 ? b : { x: W - b.x - b.w, w: b.w });
    const edge = c + half, side = edge + (index === 0 ? aside : 0), rail = windowed && panel.attends ? { x: side + 24, w: RAIL } : null;
    const x0 = rail ? rail.x + RAIL : side + 8, x1 = edge + 8 + ribbons + (windowed ? 24 : 0), spine = 6, no = { x: x1 + spine + 8, w: 20 };
    const score = { x: W - 38, w: 38 }, planeBox = plane ? { x: score.x - 8 - plane, w: plane } : null;
    const move = { x: (planeBox?.x ?? score.x) - 36, w: 30 }, filmX = no.x + no.w + 10;
    let tile = 21;
    while (tile > 9 && pickerWidth(panel.heads, tile, 3) > ribbons + 60) tile--;
    const w = pickerWidth(panel.heads, tile, 3), height = panel.layers * (tile + 3) - 3;
    const picker = panel.attends && panel.layers
      ? { ...flip({ x: x1 - w, w }), y: top - 28 - height, tile, gap: 3, labels: dir === 1 ? 'left' as const : 'right' as const } : null;
    const mirror = (x: number) => (dir === 1 ? x : W - x);
    return { index, dir, attends: panel.attends, rail: rail && flip(rail).x, x0: mirror(x0), x1: mirror(x1), spine, no: flip(no), film: flip({ x: filmX, w: move.x - filmX - 4 }),
      move: flip(move), plane: planeBox && flip(planeBox), score: flip(score), top, pitch, rows: shape.topn, heldY, picker };
  });
  const rowsEnd = top + base.rows * row, bottom = Math.max(rowsEnd + 34, shape.panels.some(p => p.heldOut) ? heldY + 24 : top + pitch * (shape.topn + .8), shape.lens ? Math.max(rowsEnd, top + pitch * shape.topn) + LEGEND : 0);
  const shares = [{ x: c - half, w: 34 }, { x: c + half - 34, w: 34 }];
  return {
    top, bottom, matrix: null, panels,
    history: { date: null, pos, title, shares, effect: shape.lens ? { x: c - half - aside, w: EFFECT } : null, row, left: c - half - aside - 4, right: c + half + 4, nowX: pos.x },
  };
}

/** The matrix: the list's rows are its query axis. Picker and ranking stand beside it, or below. */
function matrix(base: Base, shape: Shape, panel: PanelShape, index: number, y: number): Block {
  const { width: W, windowed } = base, top = y + 40, n = Math.max(1, base.rows);
  const beside = W >= 960, titleW = beside ? clamp(182 + .3 * (W - 1080), 120, 320) : 174 + .3 * Math.min(0, W - 640);
  const posW = windowed || beside ? 24 : 16, x = posW + 10 + titleW + (windowed ? 26 : beside ? 8 : 10);
  const room = beside ? W - x - 36 - 330 : W - x;
  const row = Math.min(24, room / n), side = row * n, cell = side / Math.max(1, shape.n);
  const history: HistoryLayout = { date: null, pos: { x: 0, w: posW }, title: { x: posW + 10, w: titleW - 2 }, shares: [], effect: null, row, left: -4, right: x - (windowed ? 24 : 4), nowX: 0 };
  const cols = panel.heads > 1 ? panel.heads + 1 : 1, gap = beside ? 8 : 4;
  const column = beside ? x + side + 36 : 0, columnW = beside ? W - column : W * .5;
  const tile = clamp(Math.floor((columnW - 60) / cols) - gap, 10, beside ? 54 : 45);
  const w = pickerWidth(panel.heads, tile, gap), pickerY = beside ? top : top + side + 44;
  const pickerBottom = pickerY + panel.layers * (tile + gap) - gap;
  const picker = { x: beside ? W - w : 58, y: pickerY, tile, gap, labels: 'left' as const };
  const rx = beside ? column : Math.max(.52 * W, 58 + w + 28), ry = beside ? pickerBottom + 66 : pickerY + 4, pitch = 24;
  const count = beside ? shape.topn : Math.min(shape.topn, Math.max(5, Math.floor((pickerBottom - ry) / pitch)));
  const score = { x: W - 44, w: 44 }, move = { x: score.x - 36, w: 30 }, filmX = rx + 30;
  const heldY = ry + (count + 1) * pitch + 26; // a row is kept free for who would enter
  return {
    top, history, matrix: { x, y: top, side, cell },
    bottom: Math.max(top + side + 8, ry + count * pitch + 8, panel.heldOut ? heldY + 24 : 0, pickerBottom + 8),
    panels: [{ index, dir: 1, attends: panel.attends, rail: null, x0: x, x1: x + side, spine: 0, no: { x: rx, w: 18 }, film: { x: filmX, w: move.x - filmX - 4 }, move, plane: null, score, top: ry, pitch, rows: count, heldY, picker }],
  };
}
