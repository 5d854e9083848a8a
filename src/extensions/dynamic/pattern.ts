import { UsageError } from '../../contract/errors.js';
import type { PatternHandler } from '../../types/dynamic.js';

/** A wildcard that matches many methods, and its handler. */
export interface Pattern {
  /** The pattern of names on the wire: a prefix, `*` for one segment, and at the end `**` for one or more. */
  readonly wire: string;
  /** The side or the namespace that it was set on. */
  readonly self: object;
  readonly handler: PatternHandler;
  /** It also handles methods of other protocols whose names begin with `rpc.`. */
  readonly foreign: boolean;
  fits(method: string): boolean;
}

/** Whether a path matches many methods. */
export function isWild(path: unknown): boolean {
  return typeof path === 'string' && path.includes('*');
}

/**
 * A pattern for the methods below `prefix`, which is empty or ends in a dot. Throws a UsageError for wildcards that match
 * less than a segment, or several segments in the middle.
 */
export function patternOf(
  prefix: string,
  wild: string,
  self: object,
  handler: PatternHandler,
  foreign = false,
): Pattern {
  const segments = wild.split('.');
  for (const [at, segment] of segments.entries()) {
    if (segment === '*' || (segment === '**' && at === segments.length - 1) || !segment.includes('*')) continue;
    throw new UsageError(
      `"${wild}": only * for one segment and ** at the end for all below it are wildcards; a segment cannot contain another *`,
    );
  }
  const expression = segments.map((segment) => shapes[segment] ?? literal(segment)).join('\\.');
  const exact = new RegExp(`^${literal(prefix)}${expression}$`, 's');
  return { wire: prefix + segments.join('.'), self, handler, foreign, fits: (method) => exact.test(method) };
}

const shapes: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  '*': '[^.]+',
  '**': '.+',
});

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** Which of two patterns comes first: at the first segment where they differ in kind, a name before `*`, and `*` before `**`. */
export function bySpecificity(one: Pattern, other: Pattern): number {
  const a = rankOf(one);
  const b = rankOf(other);
  return a < b ? -1 : a > b ? 1 : 0;
}

function rankOf({ wire }: Pattern): string {
  return wire.replaceAll(/[^.]+\.?/g, (segment) =>
    segment.startsWith('**') ? '2' : segment.startsWith('*') ? '1' : '0',
  );
}
