import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { clearTimer, setTimer, type Timer, time } from '../../src/base/time.js';
import type { Accept, Frame, Framing, Limits, Link, LinkInfo, Logger, Receiver } from '../../src/contract/contract.js';
import { ConnectionLost, ProtocolError } from '../../src/contract/errors.js';
import { WrongProtocol } from '../../src/contract/framing/beginning.js';
import type { PartialFrames } from './partial-frames.js';
import { moved, waiting } from './stream-buffered.js';
import { asError } from './stream-errors.js';
import { listen, type StreamEvents } from './stream-events.js';
import { Unread } from './stream-unread.js';

/** How long, in milliseconds, an ending link waits for a peer that neither takes what is left nor ends its side. */
export const LINGER_MS = 1_000;

/** What the links of a transport have in common. */
export interface StreamHost {
  /** Whether its links are brought up by this side. */
  readonly dials: boolean;
  readonly limits: Limits;
  readonly frameBytes: number;
  readonly partial: PartialFrames;
  readonly logger: Logger;
  /** What is known of the connection under a link, asked for once and while it is open. */
  infoOf?(input: Readable): LinkInfo;
  /** Called once for each link, when its streams are closed and `Receiver.closed` has been told. */
  gone(link: StreamLink): void;
}

/**
 * Frames in sight both ways; `close()` was called and what is left goes out; `closed` has been told. In the last two,
 * nothing is delivered or sent any more.
 */
type State = 'open' | 'ending' | 'over';

/**
 * A link over a byte stream: one duplex stream, or one stream for each direction. There may be very many of them, so one
 * is this object and its framing: no closure, no timer and no collection of its own while it is open.
 */
export class StreamLink implements Link, StreamEvents {
  readonly peer: string;
  readonly frameBytes: number;
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
  /** From the first pause on, until everything that was read meanwhile has been taken up. */
  private unread: Unread<Uint8Array> | undefined = undefined;

  /** The streams have emitted nothing yet that matters; `start` follows in the same tick. */
  constructor(peer: string, input: Readable, output: Writable, framing: Framing, host: StreamHost) {
    this.peer = peer;
    this.frameBytes = host.frameBytes;
    this.input = input;
    this.output = output;
    this.framing = framing;
    this.host = host;
  }

  start(accept: Accept): void {
    this.receiver = accept(this);
    listen(this.input, this.output, this);
    // Closed for a reason from within `accept`: there was nobody to tell yet.
    if (this.state === 'over') this.receiver.closed(this.reason);
  }

  get dialed(): boolean {
    return this.host.dials;
  }

  get isPaused(): boolean {
    return this.input.isPaused();
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
    if (this.state !== 'open' || this.input.readableEnded) return;
    this.unread ??= new Unread(this.peer, this.input, this.output, this.host.limits, this.host.partial.memory);
    this.unread.pause();
  }

  resume(): void {
    if (this.state !== 'open' || this.unread?.isPaused !== true) return;
    this.unread.resume();
    if (this.unread.bytes > 0) queueMicrotask(() => this.takeUp());
    else this.readOn();
  }

  close(reason?: Error): void {
    if (this.state === 'over') return;
    if (reason !== undefined) {
      this.cut(reason);
    } else if (this.state === 'open') {
      this.state = 'ending';
      // What still comes is read and dropped: unread, it would turn the end into a reset, and hide the peer's own end.
      this.readOn();
      this.finish();
      this.linger();
    }
  }

  read(chunk: Uint8Array): void {
    if (this.state !== 'open') return;
    if (this.unread === undefined) this.push(chunk);
    else this.unread.add(chunk, chunk.length, this);
  }

  /** The input is at its end: the peer sends no more. What it has sent before goes before that, also during a pause. */
  ended(): void {
    this.unread?.resume();
    this.takeUp();
    if (this.state !== 'open') return;
    try {
      this.framing.end((frame) => this.give(frame));
    } catch (error) {
      this.broken(error);
      return;
    }
    this.noMore();
  }

  drained(): void {
    if (this.state === 'open') this.receiver?.drained();
  }

  failed(error: Error): void {
    if (this.state === 'open') this.cut(this.lost(error.message, error));
    // Whatever happens to an ending link once everything has left is not worth a reason.
    else if (!this.output.writableFinished) this.reason ??= this.lost(error.message, error);
  }

  streamClosed(): void {
    // Half a link is none, unless the half that reads has come to its end.
    if (this.state === 'open' && !this.isHalf) this.cut(this.lost('its stream was closed'));
    if (this.input.closed && this.output.closed) this.freed();
    // What is left may still go out when nothing comes in any more; the other way round, there is nothing to wait for.
    else if (this.output.closed) this.destroy();
  }

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
    if (this.receiver?.inputEnded !== undefined) {
      // It closes the link when it has no more to say.
      this.receiver.inputEnded();
      return;
    }
    this.tell();
    this.finish();
    this.linger();
  }

  /** Whether the peer sends no more, and can still be sent to. */
  protected get isHalf(): boolean {
    return this.input.readableEnded && !this.output.destroyed;
  }

  protected finish(): void {
    this.output.end();
  }

  /** Frees both streams at once; their `close` follows. */
  protected destroy(): void {
    this.input.destroy();
    this.output.destroy();
  }

  protected tell(reason?: Error): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.reason = reason;
    this.forget();
    this.receiver?.closed(reason);
  }

  cut(reason: Error): void {
    if (this.state === 'over') return;
    // First of all, because to destroy a stream may let another chunk through.
    this.state = 'over';
    this.reason = reason;
    this.forget();
    this.destroy();
    this.receiver?.closed(reason);
  }

  protected lost(what: string, cause?: Error): ConnectionLost {
    return new ConnectionLost(`the link to ${this.peer} was lost: ${what}`, cause && { cause });
  }

  /** Reads what is left although the receiver has paused: the other end is gone, and so there is not much of it. */
  protected readAll(): void {
    this.unread?.readAll();
  }

  private push(chunk: Uint8Array): void {
    try {
      this.framing.push(chunk, (frame) => this.give(frame));
      if (this.state === 'open') this.host.partial.update(this, this.framing.held, chunk.length);
    } catch (error) {
      this.broken(error);
    }
  }

  /** Takes up what was read during a pause, as long as the next one does not begin; then the input is read again. */
  private takeUp(): void {
    while (this.state === 'open' && this.unread?.isPaused === false) {
      const chunk = this.unread.shift();
      if (chunk === undefined) this.readOn();
      else this.push(chunk);
    }
  }

  private readOn(): void {
    this.forget();
    this.input.resume();
  }

  private forget(): void {
    this.host.partial.drop(this);
    this.unread?.resume();
    this.unread?.drop();
    this.unread = undefined;
  }

  private give(frame: Frame): void {
    // The receiver may have closed the link in the middle of a chunk.
    if (this.state === 'open') this.receiver?.receive(frame);
  }

  /** The framing has thrown: the peer's fault, or a bug, which must not end the process nor pass unseen. */
  private broken(error: unknown): void {
    if (!(error instanceof ProtocolError))
      this.host.logger.error(`a link was cut, for its framing or its receiver has thrown: ${this.peer}`, error);
    if (error instanceof WrongProtocol) this.refuse(error);
    else this.cut(asError(error));
  }

  /** The other side speaks another protocol, and is told so. What it still sends is read, lest a reset takes that from it. */
  protected refuse(error: WrongProtocol): void {
    if (error.reply === undefined || !(this.output instanceof Socket)) this.cut(error);
    else {
      this.tell(error);
      this.input.resume();
      this.output.end(error.reply);
      this.linger();
    }
  }

  /** Gives a link that has nothing more to say a bounded time: as long as the peer takes bytes, but not for ever. */
  protected linger(): void {
    if (this.deadline === undefined) this.watch(time() + this.host.limits.stalledMs);
  }

  /** Expires when nothing has moved for {@link LINGER_MS}, as far as that can be seen, and at `last` in any case. */
  private watch(last: number): void {
    const left = last - time();
    const socket = this.output instanceof Socket ? this.output : undefined;
    const before = socket && moved(socket);
    const look = (): void => {
      if (time() >= last || (socket !== undefined && moved(socket) === before)) this.expire();
      else this.watch(last);
    };
    this.deadline = setTimer(socket === undefined ? left : Math.min(LINGER_MS, left), look).unref();
  }
}
