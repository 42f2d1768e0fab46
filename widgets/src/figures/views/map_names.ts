// Names beside dots where there is room: over no other name, no large circle, and not beyond the edge.
import { clamp } from '../../model/scale';

const LINE = 16, GAP = 4, EDGE = 3, CORNER = .8; // px; and of a circle's box, what its middle fills

export interface Wanted { i: number; text: string; x: number; y: number; /** From the middle. */ away: number; long: number; chosen: boolean }
/** `end`: of its text at x, for what stands to the left. */
export interface Named { i: number; text: string; x: number; y: number; end: boolean; chosen: boolean }
export interface Round { i: number; x: number; y: number; r: number }

interface Rect { a: number; b: number; top: number; low: number }

/** Those named first have the first choice: towards the middle, the other side, below, above. */
export function placed(wanted: Iterable<Wanted>, circles: readonly Round[], width: number, height: number): Named[] {
  const taken: Rect[] = [], named: Named[] = [];
  const rounds = circles.map(({ i, x, y, r }) => ({ i, a: x - CORNER * r, b: x + CORNER * r, top: y - CORNER * r, low: y + CORNER * r }));
  for (const { i, text, x, y, away, long, chosen } of wanted) {
    if (x < 0 || x > width || y < 0 || y > height) continue;
    const level = clamp(y, LINE / 2, height - LINE / 2), middle = clamp(x - long / 2, 1, Math.max(1, width - long - 1)), right: [number, number] = [x + away, level], left: [number, number] = [x - away - long, level];
    const sides = x < width / 2 ? [right, left] : [left, right];
    for (const [a, at] of [...sides, [middle, y + away + LINE / 2 - 2], [middle, y - away - LINE / 2 + 2]] as const) {
      const box = { a, b: a + long, top: at - LINE / 2, low: at + LINE / 2 };
      if (a < EDGE || box.b > width - EDGE || box.top < 0 || box.low > height || taken.some(t => meet(t, box, GAP)) || rounds.some(c => c.i !== i && meet(c, box, 0))) continue;
      taken.push(box);
      const end = a === left[0] && at === level;
      named.push({ i, text, x: end ? box.b : a, y: at, end, chosen });
      break;
    }
  }
  return named;
}

const meet = (one: Rect, other: Rect, gap: number): boolean => one.a < other.b + gap && other.a < one.b + gap && one.top < other.low && other.top < one.low;
