// How much room words take, before they are drawn.

const FONT = '"Liberation Sans", Arial, sans-serif'; // like the interface's own, whatever that is
let context: CanvasRenderingContext2D | null = null;
const known = new Map<string, number>();

/** In pixels, about. */
export function widthOf(text: string, size: number, weight = 400): number {
  const key = `${weight} ${size} ${text}`;
  let width = known.get(key);
  if (width === undefined) {
    context ??= document.createElement('canvas').getContext('2d')!;
    context.font = `${weight} ${size}px ${FONT}`;
    width = context.measureText(text).width * 1.03;
    if (known.size > 5000) known.clear();
    known.set(key, width);
  }
  return width;
}

/** The text, or as much of it as there is room for, and an ellipsis. */
export function shorten(text: string, room: number, size: number, weight = 400): string {
  if (widthOf(text, size, weight) <= room) return text;
  const letters = [...text];
  let low = 0, high = letters.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (widthOf(`${letters.slice(0, middle).join('').trimEnd()}…`, size, weight) <= room) low = middle; else high = middle - 1;
  }
  return `${letters.slice(0, low).join('').trimEnd()}…`;
}
