/** The median of some measurements, and their range. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** NaN for each if there are no values. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return { median: (low + high) / 2, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** The median of some values, and its confidence interval of 95 %, which assumes nothing about their distribution. */
export function medianInterval(values: readonly number[]): { median: number; low: number; high: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const { median } = spread(sorted);
  // Ranks by the normal approximation of the binomial distribution: n / 2 ∓ 1.96 √n / 2.
  const below = Math.max(0, Math.round(sorted.length / 2 - 0.98 * Math.sqrt(sorted.length)) - 1);
  const at = (rank: number): number => sorted[rank] ?? Number.NaN;
  return { median, low: at(below), high: at(sorted.length - 1 - below) };
}
