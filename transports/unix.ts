import { resolve } from 'node:path';
import { readOptions } from '../src/address.js';
import type { Address, LinkInfo, TransportFactory } from '../src/contract.js';
import { UsageError } from '../src/errors.js';
import { framingFor } from '../src/framing/index.js';
import { StreamDialer } from './shared/stream-dial.js';
import { StreamListener } from './shared/stream-listen.js';
import { clearSocketFile } from './shared/stream-socket-file.js';

/** The longest path of a socket in bytes: the system's field holds one more, for the NUL. */
const LONGEST = process.platform === 'linux' ? 107 : 103;

/**
 * `unix:/path`, `unix:relative/path`, on Windows `unix:\\.\pipe\name`: frames over a local socket. Peers are called
 * `path#n`. A socket file that nobody serves any more is replaced; one that is served, or a file of another kind, is not,
 * and `open` rejects. The file is removed at `close`. Who may connect is decided by the permissions of the file and its
 * folder.
 *
 * Options: `framing`; `backlog`, how many visitors may wait to be taken in (1,024; only where it listens).
 *
 * Throws a UsageError for a path that is missing or too long for the system.
 */
const unix: TransportFactory = (address, wire) => {
  const options = readOptions(address, { framing: 'text', backlog: 'number' });
  const framing = framingFor(options.framing, wire);
  const path = pathOf(address);
  const query = options.framing === undefined ? '' : `?framing=${options.framing}`;
  const text = `unix:${path}${query}`;
  let visitors = 0;
  const peerOf = (): string => `${path}#${++visitors}`;
  const infoOf = (): LinkInfo => ({ path });

  if (wire.listen) {
    return new StreamListener({
      asked: text,
      target: { path, backlog: options.backlog ?? 1_024 },
      socket: {},
      wire,
      framing,
      peerOf,
      infoOf,
      addressOf: () => text,
      ...(!isPipe(path) && { prepare: () => clearSocketFile(path) }),
    });
  }
  if (options.backlog !== undefined) throw new UsageError('unix: the option "backlog" is for the side that listens');
  return new StreamDialer({ address: text, target: { path }, wire, framing, peerOf, infoOf });
};

export default unix;

function pathOf(address: Address): string {
  const written = address.rest.replace(/^\/\//, '');
  if (written === '' || written.includes('\0')) {
    throw new UsageError(`"${address.text}" has no path: expected unix:/path, as in unix:/run/chat.sock`);
  }
  if (isPipe(written)) return written;
  const path = resolve(written);
  const length = Buffer.byteLength(path);
  if (length > LONGEST) {
    throw new UsageError(
      `the path of a socket has at most ${LONGEST} bytes, but ${path} has ${length}: take a shorter one`,
    );
  }
  return path;
}

/** A named pipe of Windows is no file. */
function isPipe(path: string): boolean {
  return /^\\\\[.?]\\pipe\\/i.test(path);
}
