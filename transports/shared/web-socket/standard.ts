import { afterRealTime, afterTurn, time } from '../../../src/base/time.js';
import type { Accept, Frame, LinkInfo } from '../../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../../src/contract/errors.js';
import { markPermanent } from '../../../src/contract/permanent.js';
import type { Connect, Dialed } from './dial.js';
import { closeText, cutOff, endOf, tooLarge } from './ends.js';
import { agreed, OTHER_CODEC, withOtherCodec } from './hello.js';
import { type LinkKeeper, WebSocketLink } from './link.js';

/** The part that is used of the WebSocket of browsers, Deno, Bun and Node 22 (WHATWG WebSockets, section 3). */
export interface StandardSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly protocol: string;
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: { readonly message?: unknown; readonly error?: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
}

/** Its constructor. */
export type StandardWebSocket = new (url: string, protocols?: string[]) => StandardSocket;

const OPEN = 1;
/** A script may close with 1000 or a code of its own (3000–4999): this one is used for every reason. */
export const FAILED = 4400;
/** Above this number of buffered bytes, the drain matters. There is no event for it, so the buffer is polled. */
export const WATCHED_BYTES = 16 * 1024;
export const POLL_MS = 10;
/** So long, in milliseconds, after a link to an Obverse server, a failure there is not due to the subprotocols. */
const KNOWN_MS = 600_000;
/** Of so many such servers it is known. */
const MOST_KNOWN = 100;

/** When the last link to an Obverse server has ended, by addresses. */
const known = new Map<string, number>();

/** The WebSocket of this runtime, if it has one. */
export function standardWebSocket(): StandardWebSocket | undefined {
  return (globalThis as { WebSocket?: StandardWebSocket }).WebSocket;
}

/**
 * Dials with the standard WebSocket. It never reports why a handshake failed, so any failure may be due to the
 * subprotocols; but not that of a server with another codec, which accepts {@link OTHER_CODEC} and then reports why it
 * closes.
 */
export function connectStandard(WebSocket: StandardWebSocket, target: Dialed): Connect {
  return ({ protocols, again, accept, keeper, signal }) =>
    new Promise((resolve, reject) => {
      const socket = construct(WebSocket, target, withOtherCodec(protocols));
      let cause: unknown;
      let settled = false;
      const settle = (): void => {
        settled = true;
        signal.removeEventListener('abort', abort);
        socket.onopen = socket.onclose = null;
        socket.onerror = ignore;
      };
      const abort = (): void => {
        settle();
        socket.close();
        reject(signal.reason);
      };
      signal.addEventListener('abort', abort);
      socket.onerror = (event) => {
        cause = event.error ?? (typeof event.message === 'string' ? new Error(event.message) : undefined);
        // The end is reported within the same task, but never by Node 22.
        afterTurn(() => {
          if (!settled) ended({ code: 1006, reason: '' });
        });
      };
      socket.onopen = () => {
        if (socket.protocol === OTHER_CODEC) return;
        settle();
        const link = new StandardLink(target, agreed(socket.protocol, keeper.wire), socket, keeper);
        link.start(accept);
        resolve(link);
      };
      const ended = ({ code, reason }: { readonly code: number; readonly reason: string }): void => {
        settle();
        if (socket.protocol === OTHER_CODEC) reject(refused(target.address, reason));
        // The second attempt would meet a server that is started meanwhile, and take it for one that is not Obverse.
        else if (again && !(time() - (known.get(target.address) ?? Number.NEGATIVE_INFINITY) < KNOWN_MS))
          resolve(undefined);
        else reject(failed(target.address, code, cause));
      };
      socket.onclose = ended;
    });
}

/**
 * A link over a standard WebSocket. It cannot stop reading, and knows the size of a message only after it has received
 * it.
 */
export class StandardLink extends WebSocketLink {
  readonly info: LinkInfo;
  private readonly socket: StandardSocket;
  private polled = false;

  constructor({ peer, address }: Dialed, agreed: boolean, socket: StandardSocket, keeper: LinkKeeper) {
    super(peer, agreed, keeper);
    this.socket = socket;
    this.info = { url: address, protocol: socket.protocol };
  }

  start(accept: Accept): void {
    const { socket } = this;
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => this.receive(data as string | ArrayBuffer);
    socket.onclose = ({ code, reason }) => this.ended(code, reason);
    this.attach(accept);
  }

  get buffered(): number {
    return this.socket.bufferedAmount;
  }

  send(frames: readonly Frame[]): void {
    const { socket } = this;
    if (this.state !== 'open' || socket.readyState !== OPEN) return;
    for (const frame of frames) socket.send(frame as string | Uint8Array);
    if (!this.polled && socket.bufferedAmount > WATCHED_BYTES) this.look();
  }

  pause(): void {}

  resume(): void {}

  protected override freed(reason: Error | undefined): void {
    if (this.agreed) {
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(this.info.url as string, time());
    }
    super.freed(reason);
  }

  protected finish(): void {
    this.socket.close(1000);
  }

  protected cut(reason: Error): void {
    const { socket } = this;
    socket.close(FAILED, closeText(reason));
    // The runtime does the rest. A peer that is gone never answers, and the next dial does not wait for that.
    socket.onmessage = socket.onclose = null;
    this.freed(reason);
  }

  protected abandon(): void {
    this.socket.onmessage = this.socket.onclose = null;
    this.freed(undefined);
  }

  private receive(data: string | ArrayBuffer): void {
    if (this.state !== 'open') return;
    const { form } = this.keeper.wire;
    const size = typeof data === 'string' ? data.length : data.byteLength;
    if (size > this.frameBytes) this.close(tooLarge(this.peer, this.frameBytes));
    else this.receiver?.receive(form === 'text' ? asText(data) : asBytes(data));
  }

  private ended(code: number, reason: string): void {
    // Many servers end the connection without answering a close frame; then an end cannot be distinguished from a lost
    // connection. Deno uses the code 0 in this case.
    if (code !== 1006 && code !== 0) this.freed(endOf(this.peer, code, reason));
    else this.freed(this.state === 'ending' ? undefined : cutOff(this.peer));
  }

  private look(): void {
    this.polled = true;
    afterRealTime(POLL_MS, () => {
      this.polled = false;
      if (this.state !== 'open') return;
      if (this.socket.bufferedAmount === 0) this.receiver?.drained();
      else this.look();
    });
  }
}

function construct(WebSocket: StandardWebSocket, { url, address }: Dialed, protocols: string[]): StandardSocket {
  try {
    return new WebSocket(url, protocols);
  } catch (cause) {
    // A browser refuses ws: from a page of https:, and reserved ports.
    throw new UsageError(`${address} cannot be dialed here: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

function refused(address: string, why: string): ConnectionLost {
  return markPermanent(new ConnectionLost(`${address} refused the handshake: ${why}`));
}

function failed(address: string, code: number, cause: unknown): ConnectionLost {
  // Most runtimes report nothing: a page must not be able to scan a network.
  const why =
    cause instanceof Error && cause.message !== ''
      ? cause.message.replace(/\.$/, '')
      : `the WebSocket of this runtime reports no reason (code ${code})`;
  const hint = 'check that a server listens there and accepts WebSockets at this path';
  return new ConnectionLost(`cannot connect to ${address}: ${why}; ${hint}`, { cause });
}

/** A message as a text codec reads it. */
export function asText(data: string | ArrayBuffer | ArrayBufferView): string {
  return typeof data === 'string' ? data : new TextDecoder('utf-8', { ignoreBOM: true }).decode(asBytes(data));
}

/** A message as a binary codec reads it. */
export function asBytes(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return new TextEncoder().encode(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

function ignore(): void {}
