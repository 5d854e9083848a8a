import { isThenable } from '../../base/promise-like.js';
import type { StandardSchema } from '../../types/schema.js';
import { type Issue, issuesFrom } from './issues.js';

/** What a schema says of a value, understood. */
export type Verdict = Fit | Unfit;
/** The value as it is to be used. */
export interface Fit {
  readonly value: unknown;
  readonly issues?: undefined;
}
/** What is wrong with it: never empty. */
export interface Unfit {
  readonly issues: readonly Issue[];
}

/**
 * Asks a schema. A synchronous one answers at once, an asynchronous one by a promise. Throws, or rejects with, what the schema
 * throws, and a TypeError if it gives what is no answer. `at` is where the value stands, for the paths of issues.
 */
export function ask(
  schema: StandardSchema,
  value: unknown,
  at: readonly (string | number)[] = [],
): Verdict | Promise<Verdict> {
  const answer: unknown = schema['~standard'].validate(value);
  return isThenable(answer) ? Promise.resolve(answer).then((settled) => read(settled, at)) : read(answer, at);
}

/**
 * The same for a value that stands alone: an argument by position, a result, an item. JSON has no word for undefined but null;
 * so null that a schema refuses counts as undefined, if that fits.
 */
export function askAlone(
  schema: StandardSchema,
  value: unknown,
  at: readonly (string | number)[] = [],
): Verdict | Promise<Verdict> {
  const verdict = ask(schema, value, at);
  if (value !== null) return verdict;
  return after(verdict, (first) =>
    first.issues === undefined
      ? first
      : after(ask(schema, undefined, at), (second) => (second.issues === undefined ? second : first)),
  );
}

/** Goes on with what is there, or will be. */
export function after<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function read(answer: unknown, at: readonly (string | number)[]): Verdict {
  if (typeof answer === 'object' && answer !== null) {
    const { issues } = answer as { readonly issues?: unknown };
    if (Array.isArray(issues)) return { issues: issuesFrom(issues, at) };
    if (!issues && 'value' in answer) return { value: answer.value };
  }
  throw new TypeError('a Standard Schema gives { value } or { issues: [...] }');
}
