import { UsageError } from '../contract/errors.js';

/** JSON-RPC leaves names that begin so to what extends it: to us, and to other protocols. */
const PREFIX = 'rpc.';

/** The messages of the library, with those that are planned: a program that had one of these would break when it comes. */
const ours: ReadonlySet<string> = new Set(
  [
    ...['hello', 'about', 'cancel', 'progress', 'next', 'pull', 'stream', 'call', 'keep', 'release'],
    ...['prove', 'proved', 'secinfo'],
    // Planned: links that are resumed, heartbeats, work that is far away, round trips.
    ...['ack', 'bye', 'leaving', 'skip', 'beat', 'working', 'ping'],
    '',
  ].map((name) => PREFIX + name),
);

/** Whether a name on the wire is that of a message of this library, today's or a planned one. */
export function isLibraryName(wire: string): boolean {
  return ours.has(wire);
}

/** Whether a name on the wire begins as those of extensions do, of this library or of another protocol. */
export function isReserved(wire: string): boolean {
  return wire.startsWith(PREFIX);
}

/**
 * Throws a UsageError for a name on the wire that a method may not have. `foreign` is what its mark, or the option, says: that the
 * name is one of another protocol. `at` is where it stands, for the text; `wild` a name that stands for many.
 */
export function checkWireName(at: string, wire: string, foreign: boolean | undefined, wild = false): void {
  if (foreign !== undefined && typeof foreign !== 'boolean')
    throw new UsageError(`${at}: the option "foreign" must be true or false, not ${String(foreign)}`);
  const text = `${at}: names on the wire that begin with "rpc." are reserved by JSON-RPC`;
  if (foreign === true) {
    if (wild || (isReserved(wire) && !isLibraryName(wire))) return;
    if (isReserved(wire))
      throw new UsageError(`${text}, and "${wire}" for this library itself: foreign: true does not change that`);
    throw new UsageError(`${at}: foreign: true is for a name that begins with "rpc.", and "${wire}" does not`);
  }
  if (!isReserved(wire)) return;
  if (isLibraryName(wire)) throw new UsageError(text);
  throw new UsageError(`${text}; give foreign: true if "${wire}" is one of another protocol`);
}
