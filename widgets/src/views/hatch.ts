// The hatching that marks where weight and effect disagree: slanted bars, as a pattern of SVG and of a canvas.
import { el, svg } from '../dom';

const PITCH = 6, BAR = 2, OPACITY = .85, ANGLE = 45;
const FINE = 4; // pixels of the tile for one of the canvas, so that it is sharp on any screen

export const hatch = (id: string, colour: string): SVGElement =>
  svg('pattern', { id, width: PITCH, height: PITCH, patternUnits: 'userSpaceOnUse', patternTransform: `rotate(${ANGLE})` }, svg('rect', { width: BAR, height: PITCH, fill: colour, 'fill-opacity': OPACITY }));

export function hatchOn(context: CanvasRenderingContext2D, colour: string): CanvasPattern | null {
  const tile = el('canvas', { width: FINE * PITCH, height: FINE * PITCH }), drawn = tile.getContext('2d');
  if (!drawn) return null;
  drawn.globalAlpha = OPACITY;
  drawn.fillStyle = colour;
  drawn.fillRect(0, 0, FINE * BAR, FINE * PITCH);
  const pattern = context.createPattern(tile, 'repeat');
  pattern?.setTransform(new DOMMatrix().rotate(ANGLE).scale(1 / FINE));
  return pattern;
}
