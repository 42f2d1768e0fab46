// In which order explanations take items out, and random ones beside them, as
// attnrec/explanations/faithfulness.py. Positions count from 0.

/** Positions by value, the largest first; of equal values the most recent first. */
export const orderOf = (values: readonly number[]): number[] => values.map((_, i) => i).sort((a, b) => values[b]! - values[a]! || b - a);

/** From 0 to n in so many equal steps, rounded up, or one by one where n is less. */
export function inEqualParts(n: number, steps: number): number[] {
  const parts = Math.min(steps, n);
  return Array.from({ length: parts + 1 }, (_, j) => Math.ceil(n * j / parts));
}

/** Explanations that say nothing: 1 to n in random order; others than Python draws from the same seed. */
export function randomValues(n: number, orders: number, seed: number): number[][] {
  const draw = mulberry32(seed);
  return Array.from({ length: orders }, () => {
    const values = Array.from({ length: n }, (_, i) => i + 1);
    for (let i = n - 1; i > 0; i--) { // Fisher and Yates
      const j = Math.floor(draw() * (i + 1));
      [values[i], values[j]] = [values[j]!, values[i]!];
    }
    return values;
  });
}

/** From 0 to 1, with a seed, which the language's own generator has not: Ettinger's Mulberry32 (2017, public domain). */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
}
