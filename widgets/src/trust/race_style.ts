// How racers are told apart without colour: by the kind of line and the shape of its points.
import type { Racer } from './race_model';
import { round } from '../dom';

const OTHERS = ['dashed', 'thin', 'long'] as const;

/** The panel's own lens is the heavy line, random the dotted one. */
export const lineOf = (racer: Racer, index: number): string =>
  (racer.name === 'random' ? 'dotted' : index === 0 ? 'lens' : OTHERS[(index - 1) % OTHERS.length]!);

/** A shape around (x, y) that looks as large as a circle of radius `r`. */
export function symbol(line: string, x: number, y: number, r: number): string {
  const polygon = (points: [number, number][]) => `M${points.map(([dx, dy]) => `${round(x + dx * r)},${round(y + dy * r)}`).join('L')}Z`;
  if (line === 'dashed') return polygon([[-.88, -.88], [.88, -.88], [.88, .88], [-.88, .88]]);
  if (line === 'thin') return polygon([[0, -1.2], [1.12, .85], [-1.12, .85]]);
  if (line === 'long') return polygon([[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]]);
  return `M${round(x - r)},${round(y)}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`;
}
