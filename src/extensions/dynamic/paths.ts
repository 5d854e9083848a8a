import { UsageError } from '../../contract/errors.js';
import { isLibraryName } from '../../spec/reserved-names.js';

/** Longer names never go to a wildcard. */
const LONGEST = 1_000;

/** Members that every object has, or that would make it a promise. */
const forbidden: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype', 'then']);

/** Returns what is wrong with a segment of a path; undefined if nothing is. */
export function segmentFault(segment: string): string | undefined {
  if (segment === '') return 'has an empty segment';
  if (forbidden.has(segment)) return `has the segment "${segment}", which every object has or which makes a promise`;
  return undefined;
}

/**
 * Whether a received name may go to a wildcard. A handler may use it as a key, so names that every object has are never passed
 * on, nor are names that belong to the library.
 */
export function mayBeHandled(method: string): boolean {
  if (method.length > LONGEST || isLibraryName(method)) return false;
  return method.split('.').every((segment) => segmentFault(segment) === undefined);
}

/** The segments of a path. Throws a UsageError for an invalid path, or one that a method cannot have. */
export function segmentsOf(path: unknown): string[] {
  if (typeof path !== 'string')
    throw new UsageError(`a path must be a string such as "room.join", not ${String(path)}`);
  const segments = path.split('.');
  for (const segment of segments) {
    const fault = segmentFault(segment);
    if (fault !== undefined) throw new UsageError(`the path "${path}" ${fault}`);
  }
  return segments;
}
