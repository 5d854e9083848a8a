import { UsageError } from '../contract/errors.js';

/** JSON-RPC reserves names that begin so for extensions: ours, and those of other protocols. */
const PREFIX = 'rpc.';

/**
 * The messages of the library, including planned ones: a program that uses one of these names would break when it is
 * added.
 */
const ours: ReadonlySet<string> = new Set(
  [
    ...['hello', 'about', 'cancel', 'progress', 'next', 'pull', 'stream', 'call', 'keep', 'release'],
    ...['prove', 'proved', 'secinfo', 'auth'],
    // Planned: resumed links, heartbeats, remote work, round trips.
    ...['ack', 'bye', 'leaving', 'skip', 'beat', 'working', 'ping'],
    '',
  ].map((name) => PREFIX + name),
);

/** Whether a name on the wire is that of a message of this library, present or planned. */
export function isLibraryName(wire: string): boolean {
  return ours.has(wire);
}

/** Whether a name on the wire has the prefix of extensions, of this library or of another protocol. */
export function isReserved(wire: string): boolean {
  return wire.startsWith(PREFIX);
}

/**
 * Throws a UsageError for a name on the wire that a method must not have. `foreign` is the value of that option: the
 * name belongs to another protocol. `at` is the place, for the text; `wild` a pattern of names.
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
  throw new UsageError(`${text}; set foreign: true if "${wire}" belongs to another protocol`);
}
