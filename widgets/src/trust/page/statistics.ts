// The two statistics that the measures need, as NumPy and SciPy have them.

/** Kendall's tau-b, as attnrec/explanations/agreement.py; null where all of one are equal: they order nothing. */
export function kendall(values: readonly number[], other: readonly number[]): number | null {
  let alike = 0, inValues = 0, inOther = 0;
  for (let i = 0; i < values.length; i++) {
    for (let j = 0; j < i; j++) {
      const x = Math.sign(values[i]! - values[j]!), y = Math.sign(other[i]! - other[j]!);
      alike += x * y;
      inValues += x * x;
      inOther += y * y;
    }
  }
  return inValues && inOther ? alike / Math.sqrt(inValues * inOther) : null;
}

/** Below which a share of the values lies, between two of them in proportion. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b), at = share * (sorted.length - 1), below = Math.floor(at);
  const low = sorted[below]!, high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (at - below);
}

/** Where 95% of random orders lie. */
export const BAND = [.025, .975] as const;

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
