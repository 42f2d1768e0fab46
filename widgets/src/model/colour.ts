// The maps. Sequential: one hue, lightness monotone in OKLCH, so that it survives colour blindness
// and grey printing. Diverging: two hues, for signs. Strings are cached: a canvas frame asks for hundreds.
import { clamp, lerp } from './scale';

const STEPS = 128;
const cache = new Map<string, string>();

export function sequential(u: number, dark: boolean): string {
  const step = Math.round(clamp(u) * STEPS), key = `${dark ? 'd' : 'l'}${step}`;
  let colour = cache.get(key);
  if (!colour) {
    const v = step / STEPS, [l, c, h] = dark
      ? [lerp(.27, .85, v), lerp(.035, .1, Math.sin(v * 2.35)), lerp(268, 262, v)]
      : [lerp(.955, .42, v), lerp(.018, .175, v ** .85), lerp(258, 266, v)];
    colour = `oklch(${l.toFixed(4)} ${c.toFixed(4)} ${h.toFixed(1)})`;
    cache.set(key, colour);
  }
  return colour;
}

/** The diverging map, −1 to 1: orange lowers, blue raises, equal lightness on both sides, told apart under all three dichromacies. */
export function diverging(u: number, dark: boolean): string {
  const step = Math.round(clamp(u, -1, 1) * STEPS), key = `${dark ? 'd' : 'l'}±${step}`;
  let colour = cache.get(key);
  if (!colour) {
    const v = (Math.abs(step) / STEPS) ** .45, [l, c] = dark ? [lerp(.36, .74, v), lerp(.004, .128, v)] : [lerp(.91, .62, v), lerp(.004, .155, v)];
    colour = `oklch(${l.toFixed(4)} ${c.toFixed(4)} ${step < 0 ? 56 : 263})`;
    cache.set(key, colour);
  }
  return colour;
}

const ramps = new Map<boolean, Uint32Array>();

/** The map as pixels, weakest first, for pictures too fine to be drawn cell by cell. */
export function ramp(dark: boolean): Uint32Array {
  let pixels = ramps.get(dark);
  if (!pixels) {
    const canvas = document.createElement('canvas');
    canvas.width = STEPS + 1;
    canvas.height = 1;
    const context = canvas.getContext('2d', { willReadFrequently: true })!;
    for (let i = 0; i <= STEPS; i++) {
      context.fillStyle = sequential(i / STEPS, dark);
      context.fillRect(i, 0, 1, 1);
    }
    pixels = new Uint32Array(context.getImageData(0, 0, STEPS + 1, 1).data.buffer);
    ramps.set(dark, pixels);
  }
  return pixels;
}

/** The tone of a ribbon at its row, and lighter where it widens, at the spine. `u` is the share of full width. */
export const nearTone = (u: number): number => .3 + .7 * clamp(u) ** .8;
export const farTone = (u: number): number => .14 + .42 * clamp(u) ** .8;
/** Among hundreds of thin ribbons only the heavy ones stand out. */
export const denseTone = (u: number): number => .12 + .88 * clamp(u) ** .7;
