// The key of a tone: a bar with numbers at its ends, and in its middle where zero is there.
import { svg } from '../dom';

const STEPS = 24;
export const KEY_HEIGHT = 26;

/** A bar from `low` to `high` in colours; `told` says its numbers. At 0, 0 of its own group. */
export function toneKey(width: number, colour: (u: number) => string, ends: readonly string[], label: string): SVGGElement {
  const part = width / STEPS, node = svg('g', { 'data-role': 'key', 'aria-hidden': 'true' });
  for (let i = 0; i < STEPS; i++) node.append(svg('rect', { x: i * part, y: 0, width: part + .5, height: 6, fill: colour(i / (STEPS - 1)) }));
  ends.forEach((text, i) => node.append(svg('text', { class: 'tick', x: width * i / Math.max(1, ends.length - 1), y: 17, 'text-anchor': i === 0 ? 'start' : i === ends.length - 1 ? 'end' : 'middle' }, text)));
  node.append(svg('text', { class: 'tick', x: width + 10, y: 6, 'dominant-baseline': 'central' }, label));
  return node;
}
