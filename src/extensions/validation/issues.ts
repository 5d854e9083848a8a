import type { SchemaIssue } from '../../types/schema.js';

/** One fault of a value, as it is sent to a peer. */
export interface Issue {
  /** The path to it: names of fields and indices of lists. For arguments, it begins with the name or the index of the argument. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/*
 * A peer can send a value that is wrong in a million places, and a schema reports each: what is kept and sent is limited.
 */
const MOST = 10;
const DEEPEST = 16;
const LONGEST_KEY = 100;
const LONGEST_MESSAGE = 200;
/** How many the message lists. */
const IN_WORDS = 3;

/** The issues that a schema has returned, limited. Returns at least one, whatever the list contains. */
export function issuesFrom(given: readonly unknown[], within: readonly (string | number)[] = []): readonly Issue[] {
  if (given.length === 0) return [{ path: within, message: 'it does not fit' }];
  return first(given, MOST).map((issue) => {
    const { message, path } = (issue ?? {}) as Partial<SchemaIssue>;
    return {
      path: [...within, ...(Array.isArray(path) ? first(path, DEEPEST).map(keyOf) : [])],
      message: typeof message === 'string' ? cut(message, LONGEST_MESSAGE) : 'it does not fit',
    };
  });
}

/** The first of these, up to the limit. */
export function bounded(issues: readonly Issue[]): readonly Issue[] {
  return issues.length > MOST ? issues.slice(0, MOST) : issues;
}

/** The first of them, as text for people. A path that the message already begins with is not repeated. */
export function textOfIssues(issues: readonly Issue[]): string {
  const texts = issues.slice(0, IN_WORDS).map(({ path, message }) => {
    const place = path.join('.');
    return place === '' || message.startsWith(place) ? message : `${place}: ${message}`;
  });
  if (issues.length > IN_WORDS) texts.push('…');
  return texts.join('; ');
}

/** A plain array: some libraries return subclasses of Array whose `slice` and `map` return arrays that are not empty. */
function first(list: readonly unknown[], most: number): unknown[] {
  return Array.from({ length: Math.min(list.length, most) }, (_, at) => list[at]);
}

function keyOf(step: unknown): string | number {
  const key = typeof step === 'object' && step !== null && 'key' in step ? step.key : step;
  return typeof key === 'number' ? key : cut(String(key), LONGEST_KEY);
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
