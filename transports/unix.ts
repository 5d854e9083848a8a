import { resolve } from 'node:path';
import { decodeMarks, encodeMarks, readOptions } from '../src/contract/address.js';
import type { Address, LinkInfo, TransportFactory } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { framingFor } from '../src/contract/framing/framings.js';
import { StreamDialer } from './shared/stream/dial.js';
import { StreamListener } from './shared/stream/listen.js';
import { clearSocketFile, dialHints, LONGEST_PATH, listenHints } from './shared/stream/socket-file.js';

const PIPE_HINTS = { EACCES: 'this user may not use that pipe; choose another name' };

const MARKS =
  'If the question mark belongs to the path, write it as %3F, or use { url: "unix:", path: "/run/chat.sock" }';

/**
 * `unix:/path`, `unix:relative/path`, on Windows `unix:\\.\pipe\name`: frames over a local socket. The id of a peer is
 * `path#n`. A socket file that no process serves any more is replaced; if it is in use, or is a file of another kind,
 * `open` rejects. The file is removed at `close`. The permissions of the file and its folder decide who may connect.
 *
 * Options: `framing`; `backlog`, how many connections may wait to be accepted (1,024; listening only); `path`, the path
 * as it is, in place of the one in the address, where a question mark is written as `%3F`.
 *
 * Throws a UsageError for a path that is missing or too long for the system.
 */
const unix: TransportFactory = (address, wire) => {
  const options = readOptions(address, { framing: 'text', backlog: 'number', path: 'text' }, MARKS);
  const framing = framingFor(options.framing, wire);
  const path = pathOf(address, options.path);
  const query = options.framing === undefined ? '' : `?framing=${options.framing}`;
  const text = `unix:${encodeMarks(path)}${query}`;
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
      ...(isPipe(path)
        ? { hints: () => PIPE_HINTS }
        : { prepare: () => clearSocketFile(path, `unix:${path}`), hints: () => listenHints(path) }),
    });
  }
  if (options.backlog !== undefined)
    throw new UsageError('unix: the option "backlog" is only for the side that listens');
  const hints = (): Readonly<Record<string, string>> => (isPipe(path) ? PIPE_HINTS : dialHints(path));
  return new StreamDialer({ address: text, target: { path }, wire, framing, peerOf, infoOf, hints });
};

export default unix;

function pathOf(address: Address, path: string | undefined): string {
  const named = decodeMarks(address.rest.replace(/^\/\//, ''));
  if (path !== undefined && named !== '') {
    throw new UsageError(`"${address.text}" names a path, and so does the option "path"; omit one of them`);
  }
  const written = path ?? named;
  if (written === '' || written.includes('\0')) {
    throw new UsageError(`"${address.text}" has no path; expected unix:/path, as in unix:/run/chat.sock`);
  }
  if (isPipe(written)) return written;
  const absolute = resolve(written);
  const length = Buffer.byteLength(absolute);
  if (length > LONGEST_PATH) {
    throw new UsageError(
      `the path of a socket has at most ${LONGEST_PATH} bytes, but ${absolute} has ${length}; use a shorter one`,
    );
  }
  return absolute;
}

/** A named pipe of Windows is not a file. */
function isPipe(path: string): boolean {
  return /^\\\\[.?]\\pipe\\/i.test(path);
}
