/** Above this length a text is judged by its parsed values, which then takes less time. */
export const LONG = 2_000;

/** Deeper values are not visited: they count as deeper than any limit. */
const WALKED = 1_000;
const DEEPER = 2 ** 30;
const MOST = Number.MAX_SAFE_INTEGER;

/** Whether the walk has met a number beyond 2^53. */
let large = false;

/** The result of a walk over parsed values. */
export interface Found {
  /** The nesting depth: 0 for a string or a number. */
  readonly levels: number;
  /** Whether there is a number beyond 2^53. If not, no whole number was rounded. */
  readonly large: boolean;
}

/**
 * Visits each value once, to find the nesting depth and large numbers. A long string costs no more than a short one.
 */
export function walk(value: unknown): Found {
  large = isLarge(value);
  const levels = typeof value === 'object' && value !== null ? levelsIn(value, WALKED) : 0;
  return { levels, large };
}

function levelsIn(holder: object, left: number): number {
  if (left === 0) return DEEPER;
  let deepest = 0;
  if (Array.isArray(holder)) {
    for (let at = 0; at < holder.length; at++) {
      const value: unknown = holder[at];
      if (typeof value === 'object') {
        if (value !== null) deepest = Math.max(deepest, levelsIn(value, left - 1));
      } else if (isLarge(value)) large = true;
    }
    return deepest + 1;
  }
  for (const key in holder) {
    const value = (holder as Readonly<Record<string, unknown>>)[key];
    if (typeof value === 'object') {
      if (value !== null) deepest = Math.max(deepest, levelsIn(value, left - 1));
    } else if (isLarge(value)) large = true;
  }
  return deepest + 1;
}

function isLarge(value: unknown): boolean {
  return typeof value === 'number' && (value > MOST || value < -MOST);
}
