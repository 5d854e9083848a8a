import { mustBeOfThisCopy } from '../../contract/copies.js';
import { UsageError } from '../../contract/errors.js';
import { isStream } from '../streams/is-stream.js';
import { serveStream } from '../streams/serve-stream.js';
import { exportedSideOf } from './exported-side.js';
import { type Callee, noSuchMember } from './exports.js';
import { exposedMethodsOf } from './exposed-methods.js';
import { importOf } from './imported-reference.js';
import { MOST_MEMBERS } from './members.js';

/** The callable members of a value that is passed by reference. */
export interface Referable {
  /** The names of its methods; undefined for a function. */
  readonly members: readonly string[] | undefined;
  /** Those of them whose reply is a stream. */
  readonly streams: readonly string[];
  /** Runs a call. Throws an RpcError for a member that may not be called. */
  readonly callee: Callee;
}

/**
 * The callable members of a function, a side, an object of a class with `@reference`, or a reference of another peer; undefined for any
 * other value. Throws a UsageError for an object with too many methods.
 */
export function referableOf(value: object): Referable | undefined {
  const referable = kindOf(value);
  const count = referable?.members?.length ?? 0;
  if (count > MOST_MEMBERS) {
    throw new UsageError(
      `an object with ${count} methods cannot be passed by reference: at most ${MOST_MEMBERS} are allowed`,
    );
  }
  return referable;
}

function kindOf(value: object): Referable | undefined {
  const imported = importOf(value);
  if (imported !== undefined) {
    const { members, streams } = imported.shape;
    const forward: Callee = (member, args) => imported.call(member, args);
    const forwardStream: Callee = (member, args, sender) =>
      serveStream(sender, () => imported.stream(member as string, args));
    return { members, streams, callee: only(members, streams, forward, forwardStream) };
  }
  if (typeof value === 'function') {
    const target = value as (...args: unknown[]) => unknown;
    return { members: undefined, streams: [], callee: only(undefined, [], (_member, args) => target(...args)) };
  }
  const side = exportedSideOf(value);
  if (side !== undefined) return side;
  const methods = exposedMethodsOf(value);
  if (methods === undefined) {
    mustBeOfThisCopy('a side, or what a peer has passed,', value);
    return undefined;
  }
  const call: Callee = (member, args) => {
    const method = (value as Readonly<Record<string, unknown>>)[member as string];
    if (typeof method !== 'function') throw noSuchMember(member);
    return method.apply(value, args as unknown[]) as unknown;
  };
  const stream: Callee = (member, args, sender) => serveStream(sender, () => call(member, args, sender));
  return { ...methods, callee: only(methods.members, methods.streams, call, stream) };
}

/** Allows calls of these members only. */
function only(
  members: readonly string[] | undefined,
  streams: readonly string[],
  call: Callee,
  stream: Callee = call,
): Callee {
  if (members === undefined) {
    return (member, args, sender) => {
      if (member !== null) throw noSuchMember(member);
      return call(null, args, sender);
    };
  }
  const known = new Set(members);
  const streaming = new Set(streams);
  return (member, args, sender) => {
    if (member === null || !known.has(member)) throw noSuchMember(member);
    return streaming.has(member) ? stream(member, args, sender) : call(member, args, sender);
  };
}

/** Whether a value is passed by reference, or as a stream. */
export function goesByReference(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  return (
    importOf(value) !== undefined ||
    exportedSideOf(value) !== undefined ||
    exposedMethodsOf(value) !== undefined ||
    isStream(value)
  );
}
