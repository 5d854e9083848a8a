/** Texts that are longer than this are judged by their values, which takes less time then. */
export const LONG = 2_000;

/** What is nested deeper than this is not walked further: it counts as deeper than any bound. */
const WALKED = 1_000;
const DEEPER = 2 ** 30;
const MOST = Number.MAX_SAFE_INTEGER;

/** Whether the walk has met a number beyond 2^53. */
let large = false;

/** What a walk over parsed values finds. */
export interface Found {
  /** How deep they are nested: 0 for a text or a number. */
  readonly levels: number;
  /** Whether there is a number beyond 2^53. Without one, no whole number was rounded. */
  readonly large: boolean;
}

/** Looks at each of the values once: for how deep they are nested, and for large numbers. A long text costs no more than a short one. */
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
