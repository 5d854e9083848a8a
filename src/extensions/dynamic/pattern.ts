import { UsageError } from '../../contract/errors.js';
import type { PatternHandler } from '../../types/dynamic.js';

/** Many methods by a wildcard, and who handles them. */
export interface Pattern {
  /** As names on the wire: what begins the name, then `*` for a segment, and at the end `**` for one and more. */
  readonly wire: string;
  /** The side or the namespace that it was set on. */
  readonly self: object;
  readonly handler: PatternHandler;
  /** It gets methods of other protocols whose names begin with `rpc.`, too. */
  readonly foreign: boolean;
  fits(method: string): boolean;
}

/** Whether a path is meant for many methods. */
export function isWild(path: unknown): boolean {
  return typeof path === 'string' && path.includes('*');
}

/**
 * A pattern for the methods below `prefix`, which is empty or ends in a dot. Throws a UsageError for wildcards that stand for
 * less than a segment, or for many in the middle.
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
      `"${wild}": * stands for one segment, ** at the end for all below, and nothing else with a * for anything`,
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
