import { quote } from '../../base/quote.js';
import { brand } from '../../contract/copies.js';
import { ProtocolError } from '../../contract/errors.js';
import type { ImportedReference, Shape } from './imported-reference.js';
import { MOST_MEMBERS } from './members.js';

/** The shape of a function. */
export const FUNCTION: Shape = Object.freeze({ members: undefined, streams: Object.freeze([]) });

/** The methods of an object, as a peer has sent them. Throws a ProtocolError for malformed lists. */
export function shapeOf(members: unknown, streams: unknown): Shape {
  return { members: namesOf(members), streams: streams === undefined ? [] : namesOf(streams) };
}

function namesOf(list: unknown): readonly string[] {
  if (!Array.isArray(list) || list.length > MOST_MEMBERS)
    throw new ProtocolError(`the methods of a reference must be a list of at most ${MOST_MEMBERS} names`);
  for (const name of list as unknown[])
    if (typeof name !== 'string') throw new ProtocolError('the methods of a reference must be names');
  return list as string[];
}

/** Creates the stub of a reference. Throws a ProtocolError for an object that cannot be created. */
export function stubOf(imported: ImportedReference): object {
  const { members, streams } = imported.shape;
  if (members !== undefined) return objectStub(imported, members, streams);
  return brand(function stub(...args: unknown[]): unknown {
    if (imported.table.caller.callSites !== undefined) return withCallSite(stub, imported, null, args);
    return imported.call(null, args);
  });
}

/** The prototype of stubs, which makes them not plain data: a stub is sent as a reference. */
const stubs: object = Object.freeze(brand(Object.create(null) as object));

/**
 * The stub of an object: it has these methods, and no others. A name with dots is a method of a namespace. No name reaches a prototype,
 * and none makes the stub a promise.
 */
function objectStub(imported: ImportedReference, members: readonly string[], streams: readonly string[]): object {
  const stub = Object.create(stubs) as object;
  const held: Held = { imported, stub };
  const streaming = new Set(streams);
  for (const member of members) {
    const segments = member.split('.');
    const name = segments.pop() as string;
    let at = stub as Readonly<Record<string, unknown>>;
    for (const segment of segments) at = within(at, segment);
    define(at, name, streaming.has(member) ? streamOf(held, member) : methodOf(held, member));
  }
  return stub;
}

/** Each method holds the stub, so that a destructured method keeps it from being collected. */
interface Held {
  readonly imported: ImportedReference;
  readonly stub: object;
}

function methodOf(held: Held, member: string): unknown {
  return function stub(...args: unknown[]): unknown {
    const { imported } = held;
    if (imported.table.caller.callSites !== undefined) return withCallSite(stub, imported, member, args);
    return imported.call(member, args);
  };
}

function streamOf(held: Held, member: string): unknown {
  return function stub(...args: unknown[]): unknown {
    const { imported } = held;
    const { callSites } = imported.table.caller;
    if (callSites !== undefined) return callSites.withCallSite(stub, () => imported.stream(member, args));
    return imported.stream(member, args);
  };
}

/** The same, and errors show the line of the call. */
function withCallSite(
  stub: () => unknown,
  imported: ImportedReference,
  member: string | null,
  args: readonly unknown[],
): unknown {
  const { callSites } = imported.table.caller;
  const answer = callSites?.withCallSite(stub, () => imported.call(member, args));
  // A callback of type void is not awaited: its rejection must not end the process.
  answer?.catch(() => {});
  return answer;
}

function within(stub: Readonly<Record<string, unknown>>, segment: string): Readonly<Record<string, unknown>> {
  if (!Object.hasOwn(stub, segment)) define(stub, segment, Object.create(stubs));
  const inner = stub[segment];
  if (typeof inner !== 'object') throw twice(segment);
  return inner as Readonly<Record<string, unknown>>;
}

function define(stub: object, name: string, value: unknown): void {
  if (name === 'then') throw new ProtocolError('a reference with a method "then" would be taken for a promise');
  if (Object.hasOwn(stub, name)) throw twice(name);
  Object.defineProperty(stub, name, { value, enumerable: true });
}

function twice(name: string): ProtocolError {
  return new ProtocolError(`a reference has the method ${quote(name)} twice`);
}
