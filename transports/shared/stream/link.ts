import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type {
  Accept,
  Frame,
  Framing,
  Limits,
  Link,
  LinkInfo,
  Logger,
  Receiver,
} from '../../../src/contract/contract.js';
import { type ConnectionLost, ProtocolError } from '../../../src/contract/errors.js';
import { WrongProtocol } from '../../../src/contract/framing/beginning.js';
import type { PartialFrames } from '../partial-frames.js';
import { progress, waiting } from './buffered.js';
import { asError, lostBy, reasonOf } from './errors.js';
import { listen, type StreamEvents } from './events.js';
import { Linger } from './linger.js';
import { Unread } from './unread.js';

/** What the links of a transport share. */
export interface StreamHost {
  /** Whether its links are initiated by this side. */
  readonly dials: boolean;
  readonly limits: Limits;
  readonly frameBytes: number;
  readonly partial: PartialFrames;
  readonly logger: Logger;
  /** What is known of the connection under a link; called once, while it is open. */
  infoOf?(input: Readable): LinkInfo;
  /** Called once for each link, when its streams are closed and `Receiver.closed` has been called. */
  gone(link: StreamLink): void;
}

/** `ending` after `close()`, while the rest is sent; `over` after `closed` was called: in both, nothing is delivered or sent. */
type State = 'open' | 'ending' | 'over';

/**
 * A link over a byte stream: one duplex stream, or one stream for each direction. There may be very many links, so an
 * open link consists of this object and its framing: no closure, timer or collection of its own.
 */
export class StreamLink implements Link, StreamEvents {
  readonly peer: string;
  readonly frameBytes: number;
  protected readonly input: Readable;
  protected readonly output: Writable;
  protected readonly host: StreamHost;
  protected state: State = 'open';
  /** Why the link ends, if that is known before `closed` can be called. */
  protected reason: Error | undefined = undefined;
  private readonly framing: Framing;
  private receiver: Receiver | undefined = undefined;
  private deadline: Linger | undefined = undefined;
  private known: LinkInfo | undefined = undefined;
  /** Exists from the first pause until everything that was read meanwhile has been processed. */
  protected unread: Unread<Uint8Array> | undefined = undefined;

  /** The streams have not yet emitted anything that matters; `start` follows in the same tick. */
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
    // Closed with a reason from within `accept`: there was no receiver yet.
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

  get moved(): number | undefined {
    return this.input === (this.output as object) ? progress(this.input as Socket) : undefined;
  }

  get between(): string | undefined {
    return this.framing.between;
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
    if (reason !== undefined) this.cut(reason);
    else if (this.state === 'open') {
      this.state = 'ending';
      // Further input is read and dropped: unread, it would turn the end into a reset and hide the end of the peer.
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

  /** The input has ended: the peer sends no more. Its earlier frames are delivered first, also during a pause. */
  ended(): void {
    this.unread?.resume();
    this.takeUp();
    if (this.state !== 'open') return;
    try {
      this.framing.end((frame) => this.give(frame));
    } catch (error) {
      // A stream that is cut says nothing of the codec of the other side.
      if (!(error instanceof ProtocolError) || error instanceof WrongProtocol) this.broken(error);
      else this.noMore(this.lost(error.message, error));
      return;
    }
    if (this.state === 'open') this.noMore();
  }

  drained(): void {
    if (this.state === 'open') this.receiver?.drained();
  }

  failed(error: Error): void {
    if (this.state === 'open') this.cut(this.lost(reasonOf(error), error));
    // Errors of an ending link do not matter once everything has been sent.
    else if (!this.output.writableFinished) this.reason ??= this.lost(reasonOf(error), error);
  }

  streamClosed(): void {
    // A half-closed link is unusable, unless its input has ended.
    if (this.state === 'open' && !this.isHalf) this.cut(this.lost('its stream was closed'));
    if (this.input.closed && this.output.closed) this.freed();
    // Remaining bytes may still be sent after the input has ended; the other way round, there is nothing to wait for.
    else if (this.output.closed) this.destroy();
  }

  protected freed(): void {
    this.deadline?.stop();
    this.tell(this.reason);
    this.host.gone(this);
  }

  /** The time for the end of a link is over. */
  expire(): void {
    const left = this.output.writableLength;
    if (left > 0) this.reason ??= this.lost(`the last ${left} bytes were not sent in time`);
    this.destroy();
  }

  /** The input has ended, and all of its frames were delivered; `reason` if it has ended in the middle of one. */
  protected noMore(reason?: Error): void {
    // The receiver closes the link when it has nothing left to send.
    if (this.receiver?.inputEnded !== undefined) this.receiver.inputEnded(reason);
    else if (reason !== undefined) this.cut(reason);
    else {
      this.tell();
      this.finish();
      this.linger();
    }
  }

  /** Whether the peer sends no more but can still receive. */
  protected get isHalf(): boolean {
    return this.input.readableEnded && !this.output.destroyed;
  }

  protected finish(): void {
    this.output.end();
  }

  /** Destroys both streams; their `close` follows. */
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
    // First of all, because destroying a stream may let another chunk through.
    this.state = 'over';
    this.reason = reason;
    this.forget();
    this.destroy();
    this.receiver?.closed(reason);
  }

  protected lost(what: string, cause?: Error): ConnectionLost {
    return lostBy(cause, `the link to ${this.peer} was lost: ${what}`);
  }

  private push(chunk: Uint8Array): void {
    try {
      this.framing.push(chunk, (frame) => this.give(frame));
      if (this.state === 'open') this.host.partial.update(this, this.framing.held, chunk.length);
    } catch (error) {
      this.broken(error);
    }
  }

  /** Processes what was read during a pause, until the next pause begins; then reads the input again. */
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

  /** The framing or the receiver has thrown, by the peer's fault or a bug. It must not end the process nor go unnoticed. */
  private broken(error: unknown): void {
    if (!(error instanceof ProtocolError))
      this.host.logger.error(`a link was closed because its framing or its receiver threw: ${this.peer}`, error);
    if (error instanceof WrongProtocol) this.refuse(error);
    else this.cut(asError(error));
  }

  /** The other side uses another protocol. Its input is still read: a reset would discard the error sent to it. */
  protected refuse(error: WrongProtocol): void {
    if (error.reply === undefined || !(this.output instanceof Socket)) this.cut(error);
    else {
      this.tell(error);
      this.input.resume();
      this.output.end(error.reply);
      this.linger();
    }
  }

  /** Limits the time of a link that has nothing more to send: as long as the peer reads, but not forever. */
  protected linger(): void {
    this.deadline ??= new Linger(this.output, this.host.limits.stalledMs, () => this.expire());
  }
}
