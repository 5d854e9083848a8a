import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Accept, Frame, Framing, Limits, Link, LinkInfo, Logger, Receiver } from '../../src/contract.js';
import { ConnectionLost, ProtocolError } from '../../src/errors.js';
import { clearTimer, setTimer, type Timer, time } from '../../src/time.js';

/** How long, in milliseconds, an ending link waits for a peer that neither takes what is left nor ends its side. */
export const LINGER_MS = 1_000;

/** What the links of a transport have in common. */
export interface StreamHost {
  /** Whether its links are brought up by this side. */
  readonly dials: boolean;
  readonly limits: Limits;
  readonly logger: Logger;
  /** What is known of the connection under a link, asked for once and while it is open. */
  infoOf?(input: Readable): LinkInfo;
  /** Called once for each link, when its streams are closed and `Receiver.closed` has been told. */
  gone(link: StreamLink): void;
}

/** A stream that carries a link. The listeners are shared by all links and find theirs here. */
interface Tied {
  [LINK]?: StreamLink;
}

const LINK = Symbol('link');

/**
 * Frames in sight both ways; `close()` was called and what is left goes out; `closed` has been told. In the last two,
 * nothing is delivered or sent any more.
 */
type State = 'open' | 'ending' | 'over';

/**
 * A link over a byte stream: one duplex stream, or one stream for each direction. There may be very many of them, so one
 * is this object and its framing: no closure, no timer and no collection of its own while it is open.
 */
export class StreamLink implements Link {
  readonly peer: string;
  protected readonly input: Readable;
  protected readonly output: Writable;
  protected readonly host: StreamHost;
  protected state: State = 'open';
  /** Why the link ends, where that is known before `closed` can be told. */
  protected reason: Error | undefined = undefined;
  private readonly framing: Framing;
  private receiver: Receiver | undefined = undefined;
  private deadline: Timer | undefined = undefined;
  private known: LinkInfo | undefined = undefined;

  /** The streams must not have emitted anything yet that matters; `start` follows in the same tick. */
  constructor(peer: string, input: Readable, output: Writable, framing: Framing, host: StreamHost) {
    this.peer = peer;
    this.input = input;
    this.output = output;
    this.framing = framing;
    this.host = host;
  }

  /** Asks for the receiver and begins to read. */
  start(accept: Accept): void {
    this.receiver = accept(this);
    tie(this.input, this);
    if ((this.input as unknown) !== this.output) tie(this.output, this);
    this.input.on('data', onData).on('end', onEnd);
    this.output.on('drain', onDrain);
    // Closed for a reason from within `accept`: there was nobody to tell yet.
    if (this.state === 'over') this.receiver.closed(this.reason);
  }

  get dialed(): boolean {
    return this.host.dials;
  }

  get info(): LinkInfo {
    this.known ??= this.host.infoOf?.(this.input) ?? {};
    return this.known;
  }

  get buffered(): number {
    return waiting(this.output);
  }

  send(frames: readonly Frame[]): void {
    if (this.state !== 'open') return;
    try {
      this.output.write(this.framing.wrap(frames));
    } catch (error) {
      this.cut(asError(error));
    }
  }

  pause(): void {
    if (this.state === 'open') this.input.pause();
  }

  resume(): void {
    if (this.state === 'open') this.input.resume();
  }

  close(reason?: Error): void {
    if (this.state === 'over') return;
    if (reason !== undefined) {
      this.cut(reason);
    } else if (this.state === 'open') {
      this.state = 'ending';
      // What still comes is read and dropped: unread, it would turn the end into a reset, and hide the peer's own end.
      this.input.resume();
      this.finish();
      this.linger();
    }
  }

  /** The input has a chunk. */
  read(chunk: Uint8Array): void {
    if (this.state !== 'open') return;
    try {
      this.framing.push(chunk, (frame) => this.give(frame));
    } catch (error) {
      this.broken(error);
    }
  }

  /** The input is at its end: the peer sends no more. */
  ended(): void {
    if (this.state !== 'open') return;
    try {
      this.framing.end((frame) => this.give(frame));
    } catch (error) {
      this.broken(error);
      return;
    }
    this.noMore();
  }

  /** The output has room again. */
  drained(): void {
    if (this.state === 'open') this.receiver?.drained();
  }

  /** One of the streams has failed. */
  failed(error: Error): void {
    if (this.state === 'open') this.cut(this.lost(error.message, error));
    // Whatever happens to an ending link once everything has left is not worth a reason.
    else if (!this.output.writableFinished) this.reason ??= this.lost(error.message, error);
  }

  /** One of the streams is closed. */
  streamClosed(): void {
    // Half a link is none.
    if (this.state === 'open') this.cut(this.lost('its stream was closed'));
    if (this.input.closed && this.output.closed) this.freed();
    // What is left may still go out when nothing comes in any more; the other way round, there is nothing to wait for.
    else if (this.output.closed) this.destroy();
  }

  /** Both streams are closed. */
  protected freed(): void {
    clearTimer(this.deadline);
    this.tell(this.reason);
    this.host.gone(this);
  }

  /** The time for the end of an ending link is over. */
  expire(): void {
    const left = this.output.writableLength;
    if (left > 0) this.reason ??= this.lost(`the last ${left} bytes were not taken in time`);
    this.destroy();
  }

  /** The input is at its end, and everything that it held has been delivered. */
  protected noMore(): void {
    this.tell();
    this.finish();
    this.linger();
  }

  /** Ends the output after everything that was written. */
  protected finish(): void {
    this.output.end();
  }

  /** Frees both streams at once; their `close` follows. */
  protected destroy(): void {
    this.input.destroy();
    this.output.destroy();
  }

  /** Tells the end, once. */
  protected tell(reason?: Error): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.reason = reason;
    this.receiver?.closed(reason);
  }

  /** Ends the link at once; what has not left is lost. */
  protected cut(reason: Error): void {
    if (this.state === 'over') return;
    // First of all, because to destroy a stream may let another chunk through.
    this.state = 'over';
    this.reason = reason;
    this.destroy();
    this.receiver?.closed(reason);
  }

  protected lost(what: string, cause?: Error): ConnectionLost {
    return new ConnectionLost(`the link to ${this.peer} was lost: ${what}`, cause && { cause });
  }

  private give(frame: Frame): void {
    // The receiver may have closed the link in the middle of a chunk.
    if (this.state === 'open') this.receiver?.receive(frame);
  }

  /** The framing has thrown: the peer's fault, or a bug, which must not end the process nor pass unseen. */
  private broken(error: unknown): void {
    if (!(error instanceof ProtocolError)) {
      this.host.logger.error(`a link was cut, for its framing or its receiver has thrown: ${this.peer}`, error);
    }
    this.cut(asError(error));
  }

  /** Gives a link that has nothing more to say a bounded time: as long as the peer takes bytes, but not for ever. */
  protected linger(): void {
    if (this.deadline === undefined) this.watch(time() + this.host.limits.stalledMs);
  }

  /** Expires when nothing has moved for {@link LINGER_MS}, as far as that can be seen, and at `last` in any case. */
  private watch(last: number): void {
    const { output } = this;
    const left = last - time();
    const socket = output instanceof Socket ? output : undefined;
    const before = socket && moved(socket);
    const look = (): void => {
      if (time() >= last || (socket !== undefined && moved(socket) === before)) this.expire();
      else this.watch(last);
    };
    this.deadline = setTimer(socket === undefined ? left : Math.min(LINGER_MS, left), look).unref();
  }
}

/** What Node keeps of a stream over a handle of its own. Other runtimes, and other streams, have less. */
interface Inner {
  readonly _writableState?: { readonly writing?: unknown; readonly writelen?: unknown };
  readonly _handle?: { readonly writeQueueSize?: unknown } | null;
}

/**
 * Bytes that the system has not taken. Of a write that is under way, Node's own count tells the end only, and all that has
 * collected meanwhile becomes one write: for a slow reader it would stand still for a hundred megabytes.
 */
function waiting(output: Writable): number {
  const { _writableState: state, _handle: handle } = output as unknown as Inner;
  const [writing, left] = [state?.writelen, handle?.writeQueueSize];
  if (state?.writing !== true || typeof writing !== 'number' || typeof left !== 'number') return output.writableLength;
  return output.writableLength - writing + Math.min(left, writing);
}

/** A number that is another one when bytes have come, or were taken. */
function moved(socket: Socket): number {
  return socket.bytesRead - waiting(socket);
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function tie(stream: Readable | Writable, link: StreamLink): void {
  (stream as Tied)[LINK] = link;
  stream.on('error', onError).on('close', onClose);
}

/** Takes the listeners of a link off a stream that outlives it. */
export function untie(stream: Readable | Writable): void {
  delete (stream as Tied)[LINK];
  stream.off('error', onError).off('close', onClose).off('data', onData).off('end', onEnd).off('drain', onDrain);
}

function onData(this: Tied, chunk: Uint8Array): void {
  this[LINK]?.read(chunk);
}

function onEnd(this: Tied): void {
  this[LINK]?.ended();
}

function onDrain(this: Tied): void {
  this[LINK]?.drained();
}

function onError(this: Tied, error: Error): void {
  this[LINK]?.failed(error);
}

function onClose(this: Tied): void {
  this[LINK]?.streamClosed();
}
