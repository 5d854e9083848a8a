import { readOptions } from '../src/contract/address.js';
import type { Address, Transport, TransportFactory, Wire } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { infoOf, offeredIn } from './shared/given-sockets/info.js';
import { asSocket, type GivenSocket, hasEvents } from './shared/given-sockets/socket.js';
import { GivenSockets, mustHaveEvents } from './shared/given-sockets/sockets.js';

/**
 * One link over a socket that the program has opened: `{ url: 'ws:', socket }` or `{ url: 'socket:', socket }`. The socket is a WebSocket of
 * any runtime or of the package `ws`, that of `Deno.upgradeWebSocket`, of a `WebSocketPair`, or of `upgradeWebSocket` of Hono, or an
 * RTCDataChannel: open or opening. `open` resolves when it is open, and rejects with ConnectionLost if it is closed, or not open within
 * `limits.connectMs`. Closing the link closes the socket. What has arrived before `open` is lost: {@link sockets} loses nothing.
 *
 * Options: `socket`; `info`, what `peer.info` has: the request of the handshake, or an object; `maxFrame`, the largest message in bytes that
 * the socket can send (of an RTCDataChannel 256 KiB by default).
 *
 * Throws a UsageError if there is no socket, or one that cannot be used.
 */
const socket: TransportFactory = (address, wire) => {
  const who = `${address.scheme}: the option "socket"`;
  const options = readOptions(address, { socket: 'any', info: 'any', maxFrame: 'number' });
  if (address.rest !== '') throw placed(address);
  refuseValues(wire);
  if (options.socket === undefined) throw missing(address);
  const given = asSocket(options.socket, who);
  mustHaveEvents(given, who);
  const info = infoOf(options.info, `${address.scheme}: the option "info"`);
  return new GivenSockets(wire, readMaxFrame(options.maxFrame, address.scheme), { socket: given, info });
};

export default socket;

/** Sockets that the program opens, as the transport of one side: passed to it as its `transport`. */
export interface Sockets {
  /** Makes the transport; called by the side. Throws a UsageError while another side uses these sockets. */
  (wire: Wire): Transport;
  /**
   * Makes a link of a socket that is open or opening, and closes the socket with it. Nothing of a socket that is added in the turn in which
   * it came is lost. Above `limits.peers`, the socket is closed. `info` is what `peer.info` has: the request of the handshake, of which it
   * is the path and the headers, or an object, with the accepted subprotocol as `protocol` if the socket does not show it. Throws a UsageError if the side is not open, and for what is not a socket; ConnectionLost if
   * the socket is closed already.
   */
  add(socket: object, info?: object): void;
  /** A message has come to a socket without events, such as one of `Bun.serve`. Ignored if the socket has no link. */
  received(socket: object, data: string | ArrayBuffer | ArrayBufferView): void;
  /** A socket without events has sent what it had buffered. */
  drained(socket: object): void;
  /** A socket without events was closed, with this code and text. */
  ended(socket: object, code: number, reason?: string): void;
  /**
   * The subprotocol to accept of those that a request offers (its header `sec-websocket-protocol`); undefined for none. A client that dials
   * `ws:` recognizes Obverse by it. Throws a UsageError if the side is not open.
   */
  subprotocol(request: object | string | null): string | undefined;
}

/**
 * Sockets that the program opens, as one transport. `maxFrame` is the largest message in bytes that they can send: of an RTCDataChannel
 * 256 KiB by default, otherwise not bounded.
 *
 * @example const transport = sockets(); const chat = await Chat.serve(transport); Deno.serve((request) => { const { socket, response } =
 * Deno.upgradeWebSocket(request); transport.add(socket, request); return response; });
 */
export function sockets(options: { readonly maxFrame?: number } = {}): Sockets {
  const { maxFrame, ...others } = options;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new UsageError(`sockets() has no option "${other}"; there is maxFrame`);
  const most = readMaxFrame(maxFrame, 'sockets()');
  let current: GivenSockets | undefined;
  const used = (what: string): GivenSockets => {
    if (current?.isOpen === true) return current;
    throw new UsageError(
      `${what}: no side is open that uses these sockets: pass them to serve or connect, and await it`,
    );
  };
  const make = (wire: Wire): Transport => {
    refuseValues(wire);
    if (current !== undefined && !current.isClosed)
      throw new UsageError('these sockets are the transport of another side; make some for each side');
    current = new GivenSockets(wire, most);
    return current;
  };
  const linkOf = (socket: object, what: string) => {
    const given: GivenSocket = asSocket(socket, what);
    if (hasEvents(given)) throw new UsageError(`${what}: this socket has events, and reports this itself`);
    return current?.linkOf(given);
  };
  return Object.assign(make, {
    add: (socket: object, info?: object) => used('add()').add(socket, info, 'add()'),
    received: (socket: object, data: unknown) => linkOf(socket, 'received()')?.received(data),
    drained: (socket: object) => linkOf(socket, 'drained()')?.flushed(),
    ended: (socket: object, code: number, reason?: string) => linkOf(socket, 'ended()')?.ended(code, reason),
    subprotocol: (request: unknown) => used('subprotocol()').subprotocol(offeredIn(request, 'subprotocol()')),
  });
}

function refuseValues({ form }: Wire): void {
  if (form === 'values') throw new UsageError('socket: carries text or bytes, not values; use another codec');
}

function readMaxFrame(bytes: number | undefined, who: string): number | undefined {
  if (bytes === undefined || (Number.isInteger(bytes) && bytes > 0)) return bytes;
  throw new UsageError(`${who}: the option "maxFrame" must be a positive whole number of bytes, not ${bytes}`);
}

function missing({ text, scheme }: Address): UsageError {
  const place =
    scheme === 'socket'
      ? ''
      : `no host; expected ${scheme}://host:port, as in ${scheme}://127.0.0.1:8888, the option "server", or `;
  return new UsageError(
    `"${text}" has ${place || 'no socket; expected '}the option "socket" with an open or opening WebSocket`,
  );
}

function placed({ text, scheme }: Address): UsageError {
  return new UsageError(
    `"${text}" is an address to dial or to serve; with the option "socket", write { url: "${scheme}:", socket }`,
  );
}
