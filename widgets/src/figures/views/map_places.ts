// What is where on a map, and what lies near or in which direction. A pass over 10,000 points takes
// less than a tenth of a millisecond, so that there is no index of them.
import type { Id } from '../../types';
import type { Frame, Numbers } from '../types';
import type { Reach } from './map_camera';

export interface MapFrame extends Frame {
  ids: Id[];
  titles: string[];
  /** [item, 2] */
  points: Numbers;
  /** The column that tells groups, and these, the largest first. */
  by: string | null;
  names: string[];
  /** [item]: which of these, −1: not known. */
  groups: Numbers;
  /** What there is attention to, as rows, and what share each gets. */
  places: Numbers;
  shares: Numbers;
}

export function reachOf(points: Float32Array): Reach {
  let [low, high, under, over] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    const x = points[i]!, y = points[i + 1]!;
    if (x < low) low = x;
    if (x > high) high = x;
    if (y < under) under = y;
    if (y > over) over = y;
  }
  const least = Math.max(high - low, over - under) / 200 || 1; // of one point, or points in a line
  return { x: (low + high) / 2, y: (under + over) / 2, across: Math.max((high - low) / 2, least), up: Math.max((over - under) / 2, least) };
}

/** The point nearest to (x, y), at most `within` from it. */
export function nearest(points: Float32Array, x: number, y: number, within: number): number | null {
  let best: number | null = null, least = within * within;
  for (let i = 0; i < points.length; i += 2) {
    const dx = points[i]! - x, dy = points[i + 1]! - y, far = dx * dx + dy * dy;
    if (far <= least) { least = far; best = i / 2; }
  }
  return best;
}

/** The nearest within 45° of an arrow's direction. Of points in one place, Right and Down go on, Left and Up back. */
export function towards(points: Float32Array, from: number, key: string): number | null {
  const across = key === 'ArrowLeft' || key === 'ArrowRight', sign = key === 'ArrowLeft' || key === 'ArrowDown' ? -1 : 1, back = key === 'ArrowLeft' || key === 'ArrowUp';
  const x = points[2 * from]!, y = points[2 * from + 1]!;
  let best: number | null = null, least = Infinity;
  for (let i = 0; i < points.length / 2; i++) {
    const dx = points[2 * i]! - x, dy = points[2 * i + 1]! - y, along = sign * (across ? dx : dy), aside = Math.abs(across ? dy : dx);
    if (i === from || along < aside || along === 0 && (back ? i > from : i < from)) continue;
    const far = dx * dx + dy * dy;
    if (far < least || far === 0 && back) { least = far; best = i; }
  }
  return best;
}
