import { ProtocolError } from '../errors.js';
import type { Import } from './imported.js';

/** Stands for a function of a peer's: calls it, and gives a promise of what it gives. */
export function functionStub(imported: Import): object {
  return (...args: unknown[]): Promise<unknown> => imported.call(null, args);
}

/** No plain data: what stands for an object is not taken apart when it is sent. */
const stubs: object = Object.freeze(Object.create(null));

/** At most so many methods has an object that is passed. */
const MOST = 1_000;

/**
 * Stands for an object of a peer's: it has these methods, and no others. A name with dots is a method of a namespace. No name
 * reaches a prototype, and none makes it a promise.
 */
export function objectStub(imported: Import, members: unknown): object {
  if (!Array.isArray(members) || members.length > MOST) throw new ProtocolError('a reference lists its methods');
  const stub = Object.create(stubs) as Record<string, unknown>;
  for (const member of members as unknown[]) {
    if (typeof member !== 'string') throw new ProtocolError('a reference lists its methods by name');
    const segments = member.split('.');
    const name = segments.pop() as string;
    let at = stub;
    for (const segment of segments) at = within(at, segment);
    define(at, name, (...args: unknown[]) => imported.call(member, args));
  }
  return stub;
}

function within(stub: Record<string, unknown>, segment: string): Record<string, unknown> {
  if (!Object.hasOwn(stub, segment)) define(stub, segment, Object.create(stubs));
  const inner = stub[segment];
  if (typeof inner !== 'object') throw new ProtocolError(`a reference has ${JSON.stringify(segment)} twice`);
  return inner as Record<string, unknown>;
}

function define(stub: object, name: string, value: unknown): void {
  if (name === 'then') throw new ProtocolError('a reference with a method "then" would be taken for a promise');
  Object.defineProperty(stub, name, { value, enumerable: true });
}
