import type { Readable, Writable } from 'node:stream';
import { clearTimer, setTimer, type Timer } from '../../../src/base/time.js';
import type { Limits, Memory } from '../../../src/contract/contract.js';
import { Code, ProtocolError } from '../../../src/contract/errors.js';

/** How much is read of a paused input in one period: at first, and at most. */
const CHUNK = 64 * 1024;
const LARGEST_CHUNK = 1024 * 1024;
/** The length of a period: one second, or this fraction of `stalledMs`. */
const PERIOD_MS = 1_000;
const PERIODS = 10;

/**
 * Reads a paused input a little, so that its end is noticed. While nothing is read from a socket, Node reports neither
 * its end nor its reset: the end comes after the unread bytes, and a reset is reported by the next read or write. So
 * once in each period (a second, or a tenth of `stalledMs` if that is less) an empty write checks for a reset, and a
 * chunk is read.
 *
 * In the first ten periods of a pause the chunks grow up to 1 MiB, so that an end after all that the systems of both
 * ends usually buffer is found within `stalledMs`. A peer that still has more keeps sending, and 64 KiB per period are
 * enough. They are also enough, and only from the sixth period on, while chunks of an earlier pause are still
 * unprocessed: their receiver is slow but makes progress, and must not be made to hold more and more.
 */
export class PausedInput {
  private timer: Timer | undefined;
  /** The number of completed periods of this pause. */
  private turn = 0;
  private left = 0;
  private readonly chunk: number;
  private readonly count = (chunk: Uint8Array): void => {
    this.left -= chunk.length;
    if (this.left <= 0) this.input.pause();
  };

  constructor(
    private readonly input: Readable,
    private readonly output: Writable,
    private readonly limits: Pick<Limits, 'bufferedBytes' | 'stalledMs'>,
    private readonly isCatchingUp: boolean,
  ) {
    this.chunk = Math.max(1, Math.min(CHUNK, Math.ceil(limits.bufferedBytes / 16)));
    input.pause();
    input.on('data', this.count);
    this.sleep();
  }

  /** The last period has read everything: further input is read within a period. */
  get isDrained(): boolean {
    return this.left > 0;
  }

  /** Reads on to the end, although the receiver is paused: there is not much left. */
  readAll(): void {
    this.stop();
    this.left = Number.POSITIVE_INFINITY;
    this.input.resume();
  }

  /** The pause has ended. */
  stop(): void {
    clearTimer(this.timer);
    this.input.off('data', this.count);
  }

  private sleep(): void {
    const period = Math.min(PERIOD_MS, this.limits.stalledMs / PERIODS);
    this.timer = setTimer(period, () => this.look()).unref();
  }

  private look(): void {
    this.turn++;
    this.sleep();
    // Sends nothing, but the system reports a reset, and for a local socket that its other end was closed.
    if (this.output.writable && this.output.writableLength === 0) this.output.write('');
    if (this.isCatchingUp && this.turn <= PERIODS / 2) return;
    this.left = this.budget();
    const buffered = Math.min(this.left, this.input.readableLength);
    if (buffered > 0) this.input.read(buffered);
    if (this.left > 0) this.input.resume();
  }

  private budget(): number {
    const { chunk, turn } = this;
    if (this.isCatchingUp || turn > PERIODS) return chunk;
    return Math.min(chunk * 2 ** (turn - 1), chunk * (LARGEST_CHUNK / CHUNK));
  }
}

/**
 * What was read from an input and not yet processed, because the receiver has paused: chunks or messages, in order.
 * Created at the first pause.
 */
export class Unread<Piece> {
  /** The number of bytes it holds. */
  bytes = 0;
  private pieces: { readonly piece: Piece; readonly bytes: number }[] = [];
  private head = 0;
  private pausing: PausedInput | undefined;

  /** `peer`: the id of the peer in errors. */
  constructor(
    private readonly peer: string,
    private readonly input: Readable,
    private readonly output: Writable,
    private readonly limits: Pick<Limits, 'bufferedBytes' | 'stalledMs'>,
    private readonly memory: Memory,
  ) {}

  /** Whether the receiver is paused. */
  get isPaused(): boolean {
    return this.pausing !== undefined;
  }

  /** Whether bytes of the peer may have been unread for longer than a second, so that its silence means nothing. */
  get isBehind(): boolean {
    return this.pausing?.isDrained === false || this.bytes > 0;
  }

  pause(): void {
    this.pausing ??= new PausedInput(this.input, this.output, this.limits, this.bytes > 0);
  }

  /** The pause has ended. The input stays paused: it is read again once everything here was processed. */
  resume(): void {
    this.pausing?.stop();
    this.pausing = undefined;
  }

  /** See {@link PausedInput.readAll}. */
  readAll(): void {
    this.pausing?.readAll();
  }

  /** Another one was read. Ends the link if that exceeds the limit of this peer or of all peers of the side. */
  add(piece: Piece, bytes: number, link: { close(reason: Error): void }): void {
    const { peer, limits } = this;
    if (!this.memory.reserve(bytes)) {
      const text = `busy: too many bytes of all peers wait to be processed, including those of ${peer}`;
      link.close(new ProtocolError(`${text} (limits.totalBytes)`, Code.Busy));
      return;
    }
    this.pieces.push({ piece, bytes });
    this.bytes += bytes;
    if (this.bytes <= limits.bufferedBytes) return;
    const text = `busy: ${peer} keeps sending, and ${this.bytes} bytes wait to be processed`;
    link.close(new ProtocolError(`${text} (limits.bufferedBytes is ${limits.bufferedBytes})`, Code.Busy));
  }

  /** Stops keeping input. */
  drop(): void {
    this.memory.release(this.bytes);
    this.bytes = 0;
    this.pieces = [];
    this.head = 0;
  }

  /** The next one to process. */
  shift(): Piece | undefined {
    const first = this.pieces[this.head];
    if (first === undefined) return undefined;
    this.bytes -= first.bytes;
    this.memory.release(first.bytes);
    this.head++;
    if (this.head * 2 > this.pieces.length) {
      this.pieces = this.pieces.slice(this.head);
      this.head = 0;
    }
    return first.piece;
  }
}
