import { isThenable } from '../../base/promise-like.js';
import type { StandardSchema } from '../../types/schema.js';
import { type Issue, issuesFrom } from './issues.js';

/** The result of a schema, checked. */
export type Verdict = Valid | Invalid;
/** The value to use. */
export interface Valid {
  readonly value: unknown;
  readonly issues?: undefined;
}
/** What is wrong with the value: never empty. */
export interface Invalid {
  readonly issues: readonly Issue[];
}

/**
 * Validates a value with a schema: a synchronous schema returns at once, an asynchronous one a promise. Throws, or rejects with,
 * what the schema throws, and a TypeError if it returns no valid result. `at` is the path of the value, for the paths of issues.
 */
export function applySchema(
  schema: StandardSchema,
  value: unknown,
  at: readonly (string | number)[] = [],
): Verdict | Promise<Verdict> {
  const answer: unknown = schema['~standard'].validate(value);
  return isThenable(answer) ? Promise.resolve(answer).then((settled) => read(settled, at)) : read(answer, at);
}

/**
 * The same for a single value: an argument by position, a result, an item. JSON writes undefined as null, so null that a schema
 * refuses counts as undefined, if that fits.
 */
export function applyToSingle(
  schema: StandardSchema,
  value: unknown,
  at: readonly (string | number)[] = [],
): Verdict | Promise<Verdict> {
  const verdict = applySchema(schema, value, at);
  if (value !== null) return verdict;
  return continueWith(verdict, (first) =>
    first.issues === undefined
      ? first
      : continueWith(applySchema(schema, undefined, at), (second) => (second.issues === undefined ? second : first)),
  );
}

/** Continues with a value, or with what a promise resolves to. */
export function continueWith<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function read(answer: unknown, at: readonly (string | number)[]): Verdict {
  if (typeof answer === 'object' && answer !== null) {
    const { issues } = answer as { readonly issues?: unknown };
    if (Array.isArray(issues)) return { issues: issuesFrom(issues, at) };
    if (!issues && 'value' in answer) return { value: answer.value };
  }
  throw new TypeError('a Standard Schema must return { value } or { issues: [...] }');
}
