import type { Readable, Writable } from 'node:stream';
import { clearTimer, setTimer, type Timer } from '../../src/base/time.js';
import type { Limits, Memory } from '../../src/contract/contract.js';
import { Code, ProtocolError } from '../../src/contract/errors.js';

/** What is read of a paused input in one period: at first, and at most. */
const CHUNK = 64 * 1024;
const LARGEST_CHUNK = 1024 * 1024;
/** A period lasts a second, or so many of them `stalledMs`. */
const PERIOD_MS = 1_000;
const PERIODS = 10;

/**
 * Reads a paused input a little, so that its end is seen. While nothing is read from a socket, Node reports neither its end
 * nor its reset: the end lies behind the bytes that were not read, and a reset is reported by the next read or write. So
 * once a period (a second, or a tenth of `stalledMs` if that is less) an empty write asks for a reset, and a chunk is read.
 *
 * In the first ten periods of a pause the chunks grow up to 1 MiB, so that an end behind all that the systems of both ends
 * usually hold of a connection is found within `stalledMs`. Who is not through by then goes on sending, and 64 KiB a period
 * are enough. They are also enough, and only from the sixth period on, while chunks of an earlier pause are still there:
 * their receiver is slow but makes progress, and must not be made to hold more and more.
 */
export class PausedInput {
  private timer: Timer | undefined;
  /** How many periods of this pause are over. */
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

  /** The last period has read all that there was: what the peer sends now is read within a period. */
  get isDrained(): boolean {
    return this.left > 0;
  }

  /** Reads on to the end, although nobody wants it yet: there is not much left. */
  readAll(): void {
    this.stop();
    this.left = Number.POSITIVE_INFINITY;
    this.input.resume();
  }

  /** The pause is over. */
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
    // Nothing travels, but the system reports a reset, and of a local socket that its other end was closed.
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
 * What was read of an input and not yet taken up, because the receiver has paused: chunks or messages, in order. Made with
 * the first pause.
 */
export class Unread<Piece> {
  /** How many bytes it holds. */
  bytes = 0;
  private pieces: { readonly piece: Piece; readonly bytes: number }[] = [];
  private head = 0;
  private pausing: PausedInput | undefined;

  /** `peer`: what the peer is called in errors. */
  constructor(
    private readonly peer: string,
    private readonly input: Readable,
    private readonly output: Writable,
    private readonly limits: Pick<Limits, 'bufferedBytes' | 'stalledMs'>,
    private readonly memory: Memory,
  ) {}

  /** Whether the receiver wants nothing now. */
  get isPaused(): boolean {
    return this.pausing !== undefined;
  }

  /** Whether bytes of the peer may lie unread for longer than a second, so that its silence says nothing. */
  get isBehind(): boolean {
    return this.pausing?.isDrained === false || this.bytes > 0;
  }

  pause(): void {
    this.pausing ??= new PausedInput(this.input, this.output, this.limits, this.bytes > 0);
  }

  /** The pause is over. The input stays paused: it is read again once everything here was taken up. */
  resume(): void {
    this.pausing?.stop();
    this.pausing = undefined;
  }

  /** See {@link PausedInput.readAll}. */
  readAll(): void {
    this.pausing?.readAll();
  }

  /** One more was read. Ends the link if that is more than may be kept, for this peer or for all peers of the side. */
  add(piece: Piece, bytes: number, link: { close(reason: Error): void }): void {
    const { peer, limits } = this;
    if (!this.memory.take(bytes)) {
      const text = `busy: what peers have sent and this side has not taken up is too much, also that of ${peer}`;
      link.close(new ProtocolError(`${text} (limits.totalBytes)`, Code.Busy));
      return;
    }
    this.pieces.push({ piece, bytes });
    this.bytes += bytes;
    if (this.bytes <= limits.bufferedBytes) return;
    const text = `busy: ${peer} goes on sending, and ${this.bytes} bytes wait to be taken up`;
    link.close(new ProtocolError(`${text} (limits.bufferedBytes is ${limits.bufferedBytes})`, Code.Busy));
  }

  /** Keeps nothing more. */
  drop(): void {
    this.memory.give(this.bytes);
    this.bytes = 0;
    this.pieces = [];
    this.head = 0;
  }

  /** The next one to take up. */
  shift(): Piece | undefined {
    const first = this.pieces[this.head];
    if (first === undefined) return undefined;
    this.bytes -= first.bytes;
    this.memory.give(first.bytes);
    this.head++;
    if (this.head * 2 > this.pieces.length) {
      this.pieces = this.pieces.slice(this.head);
      this.head = 0;
    }
    return first.piece;
  }
}
