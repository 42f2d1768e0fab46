// Where the maps of several fields stand, and which names there is room for.
import { KEY_HEIGHT } from '../key';
import { widthOf } from '../text';

export const NAME = 12, LONGEST = 130, TITLE = 24;
const LARGEST = 40, BESIDE = 15, LEAST = 5, GAP = 26, SLANT = Math.SQRT1_2, KEYS = 480; // px, the last that both keys need

export interface Layout {
  cell: number;
  /** Beside the first map, for the names of rows. */
  left: number;
  /** Maps beside each other, how far apart, and their sides. */
  across: number;
  pitch: number;
  wide: number;
  tall: number;
  /** From one map to the one below. */
  block: number;
  /** Each how many rows and columns are named. */
  everyRow: number;
  everyColumn: number;
  slanted: boolean;
  /** Where the keys begin, and whether they stand side by side. */
  keys: number;
  beside: boolean;
  width: number;
  height: number;
}

/** Beside each other while the cells stay readable, in as equal rows of maps as may be. */
export function lay(titles: readonly string[], rows: readonly string[], columns: readonly string[], width: number): Layout {
  const longest = (all: readonly string[]) => Math.min(LONGEST, Math.max(0, ...all.map(text => widthOf(text, NAME, 600))));
  const left = Math.ceil(longest(rows)) + 10, name = longest(columns), title = Math.min(160, Math.max(...titles.map(text => widthOf(text, NAME, 600))));
  const gap = (cell: number) => Math.max(GAP, title + 16 - cell * columns.length);
  const side = (across: number) => {
    const cell = Math.min(LARGEST, Math.floor((width - left - (across - 1) * GAP - 4) / across / columns.length));
    return (cell * columns.length + gap(cell)) * across - gap(cell) <= width - left ? cell : 0;
  };
  let across = titles.length;
  while (across > 1 && side(across) < BESIDE) across--;
  across = Math.ceil(titles.length / Math.ceil(titles.length / across));
  const cell = Math.max(LEAST, side(across)), wide = cell * columns.length, tall = cell * rows.length;
  // Names stand upright where they fit; numbers where every second or third fits; else aslant.
  const short = columns.every(text => text.length < 4), slanted = name + 5 > cell && !short;
  const below = slanted ? Math.ceil(SLANT * name) + 20 : 26;
  const block = TITLE + tall + below, down = Math.ceil(titles.length / across), beside = width - left >= KEYS;
  const keys = down * block + (beside ? Math.max(4, cell / 2 - 4) : 0), square = Math.max(cell, 12);
  return {
    cell, left, across, pitch: wide + gap(cell), wide, tall, block, slanted, everyRow: Math.ceil(14 / cell), everyColumn: slanted ? Math.ceil(14 / cell) : Math.ceil((name + 5) / cell),
    keys, beside, width, height: keys + KEY_HEIGHT + (beside ? Math.max(4, square / 2 - 14) : square + 8),
  };
}
