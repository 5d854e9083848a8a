import { isThenable } from '../../base/promise-like.js';
import { Queue } from '../../base/queue.js';
import { printable } from '../../base/quote.js';
import { messageOf } from '../../base/thrown.js';
import type { Codec, Frame, Message, Sealed, Security, SecurityInfo } from '../../contract/contract.js';
import { Code, ProtocolError } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import type { FilteredSender, FrameFilter, SealedFrames as Pair } from '../../session/frame-filter.js';
import { type AwaitedHello, mustFit, SENT_BEFORE_HELLO } from '../../session/sending/frame-limits.js';
import { bytesOf } from '../../session/sending/message-size.js';
import { SECINFO } from '../../session/system/system-names.js';

/** The most bytes that a framing adds to a frame. */
const FRAMED = 32;

export type { SealedFrames as Pair } from '../../session/frame-filter.js';

/** Seals a frame, once for all its receivers. Throws what the security throws. */
export function seal(security: Security, codec: Codec, frame: Frame): Pair | Promise<Pair> {
  const pair = ({ info, payload }: Sealed): Pair => {
    const message = payload ?? frame;
    if (Object.keys(info).length === 0) return [message];
    return [
      codec.encode({ kind: 'call', id: undefined, method: SECINFO, args: [info], named: true, batch: undefined }),
      message,
    ];
  };
  const sealed = security.seal(frame);
  return isThenable(sealed) ? Promise.resolve(sealed).then(pair) : pair(sealed);
}

/** A message that waits to be sealed, or for earlier messages. */
interface Leaving {
  readonly pair: Pair | Promise<Pair>;
  /** The message as it was before; undefined for one of the connection itself. */
  readonly plain: Frame | undefined;
  readonly bytes: number;
  readonly failed: (error: unknown) => void;
}

/**
 * The layer between a session and its link under a security. A header precedes each message; it waits here for its message.
 * Sealing and opening may be asynchronous: what arrives in the meantime waits, so that the order is kept. A synchronous security
 * costs no promise.
 */
export class SecurityFilter implements FrameFilter {
  sender!: FilteredSender;
  private readonly leaving = new Queue<Leaving>();
  private leavingBytes = 0;
  waiting = 0;
  private sealingNow = false;
  private current: Leaving | undefined;
  private info: SecurityInfo | undefined;
  private sealed: (() => void)[] = [];

  constructor(
    private readonly connection: Connection,
    private readonly security: Security,
    private readonly required: boolean,
  ) {}

  // ---- out ----------------------------------------------------------------------------------------------------------

  /** Whether messages still wait to be sealed. */
  get isSealing(): boolean {
    return this.sealingNow;
  }

  /** How many bytes wait to be sealed. */
  get bytes(): number {
    return this.leavingBytes;
  }

  /** Calls back when no message waits to be sealed. */
  whenSealed(then: () => void): void {
    this.sealed.push(then);
  }

  /**
   * Seals a frame and sends it. Throws what the security throws synchronously; a later rejection goes to `failed`. Throws a
   * ProtocolError with the code Busy if too much waits to be sealed.
   */
  post(frame: Frame, failed: (error: unknown) => void): void {
    const { bufferedBytes } = this.connection.host.limits;
    if (this.leavingBytes > bufferedBytes) {
      throw new ProtocolError(`busy: ${this.leavingBytes} bytes are waiting to be sealed`, Code.Busy);
    }
    this.sealAndQueue(frame, failed);
  }

  private sealAndQueue(frame: Frame, failed: (error: unknown) => void): void {
    const { hello } = this.sender.sendQueue;
    const pair =
      hello !== undefined && frame.length > SENT_BEFORE_HELLO ? this.onceKnown(frame, hello) : this.sealOne(frame);
    this.queue({ pair, plain: frame, bytes: frame.length, failed });
  }

  postAll(frames: readonly Frame[]): void {
    const failed = (error: unknown): void => this.sender.report(error);
    for (const frame of frames) {
      try {
        this.sealAndQueue(frame, failed);
      } catch (error) {
        failed(error);
      }
    }
  }

  private sealOne(frame: Frame): Pair | Promise<Pair> {
    return seal(this.security, this.connection.host.codec, frame);
  }

  /** A large message waits until it is known whether the peer reads it. */
  private async onceKnown(frame: Frame, hello: AwaitedHello): Promise<Pair> {
    await hello.known();
    mustFit(frame, this.sender.frameLimit, this.connection);
    return this.sealOne(frame);
  }

  control(frame: Frame, failed: (error: unknown) => void = (error) => this.sender.report(error)): void {
    this.queue({ pair: this.sealOne(frame), plain: undefined, bytes: frame.length, failed });
  }

  takeBack(): readonly Frame[] {
    const plain = [this.current, ...drained(this.leaving)].map((item) => item?.plain);
    this.leavingBytes = 0;
    this.waiting = 0;
    return plain.filter((frame) => frame !== undefined);
  }

  /** Sends a sealed message, after earlier ones. */
  postSealed(pair: Pair | Promise<Pair>, plain: Frame): void {
    this.queue({ pair, plain, bytes: 0, failed: (error) => this.sender.report(error) });
  }

  private queue(item: Leaving): void {
    const { pair } = item;
    if (!this.sealingNow && !(pair instanceof Promise)) {
      this.put(pair, item.plain);
      return;
    }
    // It is awaited only at its turn: until then, a rejection would be unhandled.
    if (pair instanceof Promise) pair.catch(() => {});
    this.leaving.push(item);
    this.leavingBytes += item.bytes;
    if (item.plain !== undefined) this.waiting++;
    if (!this.sealingNow) void this.leave();
  }

  private async leave(): Promise<void> {
    this.sealingNow = true;
    for (let item = this.leaving.shift(); item !== undefined; item = this.leaving.shift()) {
      this.current = item;
      try {
        const pair = await item.pair;
        // If the connection has ended, it was taken back, and is sealed anew for the next one.
        if (!this.connection.ended) this.leaves(item, pair);
      } catch (error) {
        if (!this.connection.ended) this.stays(item, error);
      }
      this.leavingBytes -= item.bytes;
    }
    this.current = undefined;
    this.sealingNow = false;
    for (const then of this.sealed.splice(0)) then();
  }

  private leaves(item: Leaving, pair: Pair): void {
    if (item.plain !== undefined) this.waiting--;
    try {
      this.put(pair, item.plain);
    } catch (error) {
      if (item.plain !== undefined) this.waiting++;
      throw error;
    }
  }

  private stays({ plain, failed }: Leaving, error: unknown): void {
    if (plain !== undefined) {
      this.waiting--;
      this.sender.sendQueue.skip?.();
    }
    failed(error);
  }

  /** Throws a ProtocolError if a header and its message do not fit into one datagram. */
  private put(pair: Pair, plain: Frame | undefined): void {
    const { link } = this.connection;
    if (link.bus === true && pair.length > 1) {
      const bytes = pair.reduce((sum, frame) => sum + bytesOf(frame) + FRAMED, -FRAMED);
      const limit = this.sender.frameLimit;
      if (bytes > limit)
        throw new ProtocolError(`the message with its header is larger than ${limit} bytes`, Code.TooLarge);
    }
    if (plain === undefined) this.connection.write(pair, lengthOf(pair));
    else this.sender.sendQueue.putSealed(pair, plain);
  }

  // ---- in -----------------------------------------------------------------------------------------------------------

  /** Handles a received frame. While one is being opened, later ones wait in the queue of the inbox. */
  receive(frame: Frame): void {
    const { info } = this;
    if (info === undefined) {
      this.connection.read(frame, (message) => this.unsealed(message));
      return;
    }
    this.info = undefined;
    let payload: Frame | Promise<Frame>;
    try {
      payload = this.security.open(frame, info);
    } catch (error) {
      this.refuse(error);
      return;
    }
    if (isThenable(payload)) void this.later(payload, info);
    else this.read(payload, info);
  }

  private async later(payload: PromiseLike<Frame>, info: SecurityInfo): Promise<void> {
    const { connection } = this;
    connection.inboundQueue.hold();
    try {
      const frame = await payload;
      if (!connection.ended) this.read(frame, info);
    } catch (error) {
      if (!connection.ended) this.refuse(error);
    }
    connection.queue?.release();
  }

  private read(payload: Frame, info: SecurityInfo): void {
    this.connection.read(payload, (message) => {
      if (message.kind !== 'bad') message.securityInfo = info;
      return this.connection.take(message);
    });
  }

  private unsealed(message: Message): boolean {
    if (message.kind !== 'call' || message.id !== undefined || message.method !== SECINFO)
      return this.connection.take(message);
    this.info = (message.args[0] ?? {}) as SecurityInfo;
    // A brief link has its frame once the message behind the header has come.
    if (this.connection.link.brief === true) this.connection.size = -1;
    return true;
  }

  /**
   * Returns the error for a message that is about to be dispatched if it has no security information and the side requires it;
   * undefined if it may be dispatched.
   */
  refuses(message: Message): ProtocolError | undefined {
    if (!this.required || message.kind === 'bad' || message.securityInfo !== undefined) return undefined;
    return new ProtocolError('refused a message without security information, which this side requires', Code.Refused);
  }

  private refuse(cause: unknown): void {
    const text = messageOf(cause);
    this.connection.unreadable(new ProtocolError(`a message was refused: ${printable(text)}`, Code.Refused, { cause }));
  }
}

function* drained<T>(queue: Queue<T>): Generator<T> {
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) yield item;
}

function lengthOf(frames: Pair): number {
  return frames.reduce((sum, { length }) => sum + length, 0);
}
