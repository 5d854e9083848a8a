import { listenerOutside } from '../../../src/base/async-context.js';
import { ConnectionLost, UsageError } from '../../../src/contract/errors.js';

/** The part that is used of a socket that a program has opened: a WebSocket of any runtime, or an RTCDataChannel. */
export interface GivenSocket {
  /** A WebSocket has a number, an RTCDataChannel a word. */
  readonly readyState?: number | string;
  /** Absent in Cloudflare Workers; Bun has `getBufferedAmount`. */
  readonly bufferedAmount?: number;
  readonly protocol?: string | null;
  binaryType?: string;
  /** Of an RTCDataChannel; from here on. */
  bufferedAmountLowThreshold?: number;
  readonly ordered?: boolean;
  readonly maxRetransmits?: number | null;
  readonly maxPacketLifeTime?: number | null;
  send(data: string | Uint8Array): unknown;
  close(code?: number, reason?: string): void;
  /** Of the package `ws`, and of Bun. */
  terminate?(): void;
  getBufferedAmount?(): number;
  /** In Cloudflare Workers: the messages begin to arrive. */
  accept?(): void;
  addEventListener?(type: string, listener: (event: never) => void): void;
  removeEventListener?(type: string, listener: (event: never) => void): void;
}

const CONNECTING = 0;
const OPEN = 1;

/**
 * The socket in a value; in that of Hono, it is a part of its own object. Throws a UsageError that begins with `who` if there is none, and
 * for a data channel that may lose or exchange messages.
 */
export function asSocket(value: unknown, who: string): GivenSocket {
  const socket = (
    isSocket(value) ? value : (value as { readonly raw?: unknown } | null | undefined)?.raw
  ) as GivenSocket;
  if (!isSocket(socket)) {
    throw new UsageError(
      `${who}: expected an open or opening WebSocket or RTCDataChannel, an object with send(), close() and addEventListener(), not ${describe(value)}`,
    );
  }
  const { ordered, maxRetransmits, maxPacketLifeTime } = socket;
  if (ordered === false || typeof maxRetransmits === 'number' || typeof maxPacketLifeTime === 'number') {
    throw new UsageError(
      `${who}: the data channel may lose messages, or change their order; create it without the options ordered, maxRetransmits and maxPacketLifeTime`,
    );
  }
  return socket;
}

/** Whether the socket reports what happens by events, as opposed to handlers that the program calls. */
export function hasEvents(socket: GivenSocket): boolean {
  return typeof socket.addEventListener === 'function';
}

/** Throws a ConnectionLost if the socket is closed or closing. */
export function refuseClosed({ readyState }: GivenSocket, who: string): void {
  if (readyState === undefined || readyState === OPEN || readyState === 'open' || isOpening({ readyState })) return;
  throw new ConnectionLost(`${who}: the socket is closed already; pass one that is open or opening`, {
    maybeExecuted: false,
  });
}

/** Whether its handshake is not complete yet. */
export function isOpening({ readyState }: Pick<GivenSocket, 'readyState'>): boolean {
  return readyState === CONNECTING || readyState === 'connecting';
}

/** An RTCDataChannel: its messages have a largest size, and its buffer is limited. */
export function isChannel(socket: GivenSocket): boolean {
  return 'bufferedAmountLowThreshold' in socket;
}

/** How many bytes the socket has not sent yet; 0 if it does not report that. */
export function bufferedBy(socket: GivenSocket): number {
  return socket.bufferedAmount ?? socket.getBufferedAmount?.() ?? 0;
}

/** Closes a socket that is not listened to any more. */
export function letGo(socket: GivenSocket, code?: number, reason?: string): void {
  // The package `ws` reports an error where a handshake is cancelled, and errors that nobody listens to end the process.
  socket.addEventListener?.('error', ignore);
  socket.close(code, reason);
}

/** Listens to events of a socket. Returns the function that removes the listeners. */
export function listenTo(socket: GivenSocket, listeners: Readonly<Record<string, (event: never) => void>>): () => void {
  const added = Object.entries(listeners).map(([type, listener]) => [type, listenerOutside(listener)] as const);
  for (const [type, listener] of added) socket.addEventListener?.(type, listener);
  return () => {
    for (const [type, listener] of added) socket.removeEventListener?.(type, listener);
  };
}

function isSocket(value: unknown): value is GivenSocket {
  const socket = value as Partial<Record<keyof GivenSocket, unknown>> | null | undefined;
  // Objects of Hono have both functions, and hold the socket.
  if (typeof socket !== 'object' || socket === null || 'raw' in socket) return false;
  return typeof socket.send === 'function' && typeof socket.close === 'function';
}

function describe(value: unknown): string {
  if (value === null || typeof value !== 'object') return typeof value === 'string' ? 'a string' : String(value);
  const name = value.constructor?.name;
  return name === undefined || name === 'Object' ? 'an object without them' : `an object of ${name}`;
}

function ignore(): void {}
