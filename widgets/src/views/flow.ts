// The geometry of attention for one panel: what flows from each position to its share of the spine.
import type { Block, PanelLayout } from '../layout';
import { denseTone, diverging, farTone, nearTone, sequential } from '../model/colour';
import { ownShares } from '../model/lens';
import type { HistoryMark, Marks } from '../model/marks';
import { BEND, clamp, lerp, ribbon, stack } from '../model/scale';
import type { Picture } from '../picture';

const FAR = .45; // of its hue a ribbon keeps where it widens
const DENSE = 60; // among more ribbons than these only the heavy ones stand out

export interface Flow {
  mark: HistoryMark;
  weight: number;
  /** Its end at the row. */
  y0: number;
  h0: number;
  /** Its share of the spine. */
  y1: number;
  h1: number;
  near: string;
  far: string;
}

/** The panel's attention is that of the history shown, not of one whose answer is awaited. */
export const isKnown = (picture: Picture, panel: PanelLayout): boolean => picture.fresh && (!!picture.answer?.panels[panel.index]?.row || ownShares(picture.lens, panel.index) !== null);
/** Hue tells what a lens tells; elsewhere tone repeats the width. */
export const isHued = (picture: Picture, panel: PanelLayout): boolean => picture.lens !== null && panel.index === 0;
export const isDense = (marks: Marks): boolean => marks.history.length > DENSE;

/** The height of one row in the list, or on the rail that stands for it. */
export function pitchOf(marks: Marks, { layout }: Picture, { history }: Block, panel: PanelLayout): number {
  if (panel.rail === null) return history.row;
  return layout.rows * history.row / Math.max(1, marks.history.reduce((sum, m) => sum + m.height, 0));
}

/** The ribbons of a state. Unknown attention flows evenly and grey. */
export function flows(marks: Marks, picture: Picture, block: Block, panel: PanelLayout, known: boolean): Flow[] {
  const k = panel.index, dense = panel.rail !== null && isDense(marks);
  const seen = marks.history.filter(m => (known ? m.weights[k] !== null && m.weights[k] !== undefined : m.position > 0 && m.position <= marks.seen));
  const weights = seen.map(m => (known ? m.weights[k]! : 1 / Math.max(1, seen.length)));
  const pitch = pitchOf(marks, picture, block, panel), { dark } = picture, hued = isHued(picture, panel);
  const scale = known ? marks.panels[k]?.scale ?? 100 : Math.min(108, 22 * seen.length);
  const widest = panel.rail === null ? 22 : 12, least = dense ? .5 : .7;
  const spine = stack(weights, panel.top, panel.pitch * panel.rows, dense ? .25 : 1);
  return seen.map((mark, i) => {
    const w = weights[i]!, h0 = Math.max(least, Math.abs(w) * scale), u = clamp(Math.abs(w) * scale / (widest * .92));
    const y0 = block.top + (mark.order + mark.height / 2) * pitch - h0 / 2, [y1, h] = spine[i]!, h1 = Math.max(least - .1, h);
    return {
      mark, weight: w, y0, h0, y1, h1,
      near: !known ? 'var(--rule)' : hued ? diverging(mark.hue ?? 0, dark) : sequential(dense ? denseTone(u) : nearTone(u), dark),
      far: !known ? 'var(--wash)' : hued ? diverging((dense ? 1 : FAR) * (mark.hue ?? 0), dark) : sequential(dense ? denseTone(u) : farTone(u), dark),
    };
  });
}

export const outline = ({ y0, h0, y1, h1 }: Flow, { x0, x1 }: PanelLayout): string => ribbon(x0, y0, h0, x1, y1, h1);

export const spineX = (panel: PanelLayout): number => (panel.dir === 1 ? panel.x1 : panel.x1 - panel.spine);

/** The ribbon at a point of the stage; of several the one in front, and near a hair's breadth the nearest. */
export function flowAt(data: readonly Flow[], { x0, x1, dir, spine, rail }: PanelLayout, x: number, y: number): Flow | null {
  const along = (x - x0) * dir, length = Math.abs(x1 - x0);
  if (along < (rail === null ? 0 : -8) || along > length + spine) return null;
  const u = parameterAt(clamp(along / length)), s = u * u * (3 - 2 * u);
  let best: Flow | null = null, least = 2; // px beside it that still count
  for (const f of data) {
    const top = lerp(f.y0, f.y1, s), away = Math.max(0, top - y, y - top - lerp(f.h0, f.h1, s));
    if (away <= least) { best = f; least = away; }
  }
  return best;
}

/** Where on the curve of a ribbon's edge its share of the way is `v`. */
function parameterAt(v: number): number {
  let low = 0, high = 1;
  for (let i = 0; i < 20; i++) {
    const u = (low + high) / 2, way = 3 * u * (1 - u) ** 2 * BEND[0] + 3 * u * u * (1 - u) * BEND[1] + u ** 3;
    if (way < v) low = u; else high = u;
  }
  return low;
}
