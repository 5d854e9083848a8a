import { UsageError } from '../../contract/errors.js';
import { isLibraryName } from '../../spec/reserved-names.js';

/** A name that is longer than this was not set by anybody. */
const LONGEST = 1_000;

/** What is more than a field on every object, or would make it a promise. */
const forbidden: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype', 'then']);

/** What is wrong with a segment of a path; undefined if nothing is. */
export function segmentFault(segment: string): string | undefined {
  if (segment === '') return 'has an empty segment';
  if (forbidden.has(segment)) return `has the segment "${segment}", which every object has or which makes a promise`;
  return undefined;
}

/**
 * Whether a name that has come may go to a wildcard. A handler may look up by it, so what would be found on every object is
 * never handed on, nor is what belongs to the library.
 */
export function mayBeHandled(method: string): boolean {
  if (method.length > LONGEST || isLibraryName(method)) return false;
  return method.split('.').every((segment) => segmentFault(segment) === undefined);
}

/** The segments of a path that is given. Throws a UsageError for what is no path, or none that a method can have. */
export function segmentsOf(path: unknown): string[] {
  if (typeof path !== 'string') throw new UsageError(`a path is a text such as "room.join", not ${String(path)}`);
  const segments = path.split('.');
  for (const segment of segments) {
    const fault = segmentFault(segment);
    if (fault !== undefined) throw new UsageError(`the path "${path}" ${fault}`);
  }
  return segments;
}
