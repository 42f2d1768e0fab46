// Thousands of dots on a canvas: a picture of a dot for each colour, made once and stamped.
import type { MapFrame } from './map_places';

// Of groups, as attnrec/plots/style.py has them; and lighter on dark ground.
const LIGHT = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#a08400', '#6a4c93', '#7f4f24'];
const DARK = ['#3f9fdc', '#ff8b45', '#34c496', '#e8a2c8', '#9ad6fa', '#d3b63c', '#ab8fda', '#c8935f'];
const OTHER = ['#a9b1bb', '#666e78'] as const, PLAIN = ['#7d8794', '#8f98a3'] as const; // without groups they are all alike, and stronger

export const colourOf = (group: number, dark: boolean): string => (group < 0 ? undefined : (dark ? DARK : LIGHT)[group]) ?? OTHER[dark ? 1 : 0];

/** Dots that are drawn alike, `grown` times as large as others. */
export interface Layer { colour: string; alpha: number; grown: number; items: Int32Array }
export interface Ground { width: number; height: number; left: number; top: number; scale: number; radius: number }

/** Faint ones first, and those of the largest group beneath; `lit`: who is drawn in full, and how large; null: all. */
export function layersOf({ ids, groups, names }: MapFrame, lit: ((i: number) => boolean) | null, faint: number, grown: number, dark: boolean): Layer[] {
  const found = new Map<string, number[]>();
  for (let i = 0; i < ids.length; i++) {
    const group = groups.data[i]!, full = lit === null || lit(i), code = group >= 0 && group < LIGHT.length ? group : -1, key = `${full ? 1 : 0} ${code}`;
    const there = found.get(key);
    if (there) there.push(i); else found.set(key, [i]);
  }
  const plain = PLAIN[dark ? 1 : 0];
  return [...found].map(([key, items]) => {
    const [full, code] = key.split(' ').map(Number) as [number, number];
    return { full, code, layer: { colour: names.length ? colourOf(code, dark) : plain, alpha: full ? lit ? 1 : .85 : faint, grown: full && lit ? grown : 1, items: Int32Array.from(items) } };
  }).sort((a, b) => a.full - b.full || a.code - b.code).map(({ layer }) => layer);
}

export function drawDots(context: CanvasRenderingContext2D, layers: readonly Layer[], points: Float32Array, { width, height, left, top, scale, radius }: Ground): void {
  const ratio = context.getTransform().a;
  for (const { colour, alpha, grown, items } of layers) {
    const large = radius * grown * ratio, half = Math.ceil(large) + 1, size = 2 * half / ratio, stamp = dot(colour, large, half);
    context.globalAlpha = alpha;
    for (const i of items) {
      const x = left + points[2 * i]! * scale - size / 2, y = top - points[2 * i + 1]! * scale - size / 2;
      if (x > -size && y > -size && x < width && y < height) context.drawImage(stamp, x, y, size, size);
    }
  }
  context.globalAlpha = 1;
}

function dot(colour: string, radius: number, half: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 2 * half;
  const context = canvas.getContext('2d')!;
  context.fillStyle = colour;
  context.arc(half, half, radius, 0, 2 * Math.PI);
  context.fill();
  return canvas;
}
