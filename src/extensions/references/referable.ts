import { mustBeOfThisCopy } from '../../contract/copies.js';
import { UsageError } from '../../contract/errors.js';
import { isStream } from '../streams/is-stream.js';
import { serveStream } from '../streams/serve-stream.js';
import { sideOf } from './exported-side.js';
import { type Callee, notThere } from './exports.js';
import { methodsOf } from './exposed-methods.js';
import { importOf } from './imported-reference.js';
import { MOST_MEMBERS } from './members.js';

/** What may be called of something that can be passed. */
export interface Passable {
  /** The names of its methods; undefined for a function. */
  readonly members: readonly string[] | undefined;
  /** Those of them that answer with a stream. */
  readonly streams: readonly string[];
  /** Carries a call out. Throws an RpcError for what may not be called. */
  readonly callee: Callee;
}

/**
 * What a value is if it goes by reference: a function, a side, an object of a class that is marked, or something that another
 * peer has passed to this side. Undefined for any other value. Throws a UsageError for an object with too many methods.
 */
export function passableOf(value: object): Passable | undefined {
  const passable = kindOf(value);
  const count = passable?.members?.length ?? 0;
  if (count > MOST_MEMBERS) {
    throw new UsageError(`an object with ${count} methods cannot be passed: at most ${MOST_MEMBERS} can be called`);
  }
  return passable;
}

function kindOf(value: object): Passable | undefined {
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
  const side = sideOf(value);
  if (side !== undefined) return side;
  const methods = methodsOf(value);
  if (methods === undefined) {
    mustBeOfThisCopy('a side, or what a peer has passed,', value);
    return undefined;
  }
  const call: Callee = (member, args) => {
    const method = (value as Readonly<Record<string, unknown>>)[member as string];
    if (typeof method !== 'function') throw notThere(member);
    return method.apply(value, args as unknown[]) as unknown;
  };
  const stream: Callee = (member, args, sender) => serveStream(sender, () => call(member, args, sender));
  return { ...methods, callee: only(methods.members, methods.streams, call, stream) };
}

/** Lets through what may be called, and nothing else. */
function only(
  members: readonly string[] | undefined,
  streams: readonly string[],
  call: Callee,
  stream: Callee = call,
): Callee {
  if (members === undefined) {
    return (member, args, sender) => {
      if (member !== null) throw notThere(member);
      return call(null, args, sender);
    };
  }
  const known = new Set(members);
  const streaming = new Set(streams);
  return (member, args, sender) => {
    if (member === null || !known.has(member)) throw notThere(member);
    return streaming.has(member) ? stream(member, args, sender) : call(member, args, sender);
  };
}

/** Whether a value would go by reference, or as a stream. */
export function goesByReference(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  return (
    importOf(value) !== undefined || sideOf(value) !== undefined || methodsOf(value) !== undefined || isStream(value)
  );
}
