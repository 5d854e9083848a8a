import type { Frame } from '../../contract/contract.js';
import { Code, ProtocolError } from '../../contract/errors.js';
import { type CallHolder, PlainWaiter, type ReplyHandler } from '../../session/pending-calls.js';
import type { RpcSession } from '../../session/rpc-session.js';
import { SendQueue } from '../../session/send-queue.js';
import type { Session } from '../../session/session.js';
import { CANCEL } from '../../session/system-names.js';

/** The place of a call that is not in the send queue: a small integer, as all others. */
const NOWHERE = 0x3fffffff;
/** What a message that waits costs besides its frames, in bytes. */
const MESSAGE_BYTES = 64;

/** A frame that waits, and who is called if it cannot be sent. */
interface HeldFrame {
  readonly frame: Frame;
  readonly failed?: ((error: unknown) => void) | undefined;
}

/** What one call sends: its headers, if it has any, and itself. */
export interface HeldCall {
  readonly frames: readonly HeldFrame[];
  /** The id of a request, and who waits for its reply. */
  readonly id?: number | undefined;
  readonly waiter?: ReplyHandler | undefined;
  /** It cannot be sent in another session: it is about another call, or something in it goes by reference. */
  readonly isBound: boolean;
}

/** The send queue of a session while a method of it runs whose messages have to wait. */
class HoldingQueue extends SendQueue {
  collecting: HeldFrame[] = [];

  constructor(
    private readonly real: RpcSession,
    private readonly held: HeldCalls,
  ) {
    super(real);
  }

  /** It has no number among those that are given to a link. */
  override get place(): number {
    return NOWHERE;
  }

  override put(frame: Frame, failed?: (error: unknown) => void): void {
    const { bytes } = this.held;
    const { host, load } = this.real;
    if (bytes > 2 * host.limits.bufferedBytes)
      throw new ProtocolError(
        `busy: the peer is away, and ${bytes} bytes wait for it (limits.bufferedBytes)`,
        Code.Busy,
      );
    if (!load.fits(bytes + frame.length))
      throw new ProtocolError(`busy: this side holds as much for its peers as limits.totalBytes allows`, Code.Busy);
    this.collecting.push({ frame, failed });
  }
}

/** The methods of a session whose messages wait; they take the arguments that {@link Session} declares. */
const HELD: readonly PropertyKey[] = ['sendRequest', 'sendPlainRequest', 'notify', 'sendSystem', 'post'];

type Method = (...args: unknown[]) => unknown;

/**
 * The calls of this side that wait for a session, in their order: it has no connection, or `begin` runs in it. They are encoded when they
 * are made. A request that is cancelled or times out meanwhile is never sent.
 */
export class HeldCalls implements CallHolder {
  /** The session for everybody who has to wait. What the session itself sends, such as a reply, does not wait. */
  readonly session: Session;
  /** How many bytes wait. */
  bytes = 0;
  private readonly calls = new Map<unknown, HeldCall>();
  private readonly queue: HoldingQueue;
  private isOver = false;

  constructor(private readonly real: RpcSession) {
    this.queue = new HoldingQueue(real, this);
    this.session = new Proxy(real, { get: (_real, key) => this.member(key) });
  }

  private member(key: PropertyKey): unknown {
    const { real } = this;
    const value: unknown = Reflect.get(real, key, real);
    if (typeof value !== 'function') return value;
    const method: Method = value.bind(real);
    if (this.isOver) return method;
    if (key === 'request') return this.request;
    return HELD.includes(key) ? (...args: unknown[]) => this.hold(key, args, method) : method;
  }

  private readonly request: Session['request'] = (method, args, named, timeout) =>
    new Promise((resolve, reject) => {
      this.session.sendRequest(method, args, named, new PlainWaiter(resolve, reject, method, timeout));
    });

  /** Calls a method of the session, and keeps what it sends. Throws what that throws: then nothing is kept. */
  private hold(key: PropertyKey, args: readonly unknown[], method: Method): unknown {
    const { real, queue } = this;
    const { sendQueue, filter } = real;
    // One call may make another one, in a `toJSON` of its values.
    const { collecting: outer } = queue;
    queue.collecting = [];
    real.sendQueue = queue;
    // What waits is sealed for the connection that it leaves over.
    real.filter = undefined;
    let given: unknown;
    let frames: readonly HeldFrame[] = [];
    try {
      given = method(...args);
      frames = queue.collecting;
    } finally {
      queue.collecting = outer;
      real.sendQueue = sendQueue;
      real.filter = filter;
    }
    if (frames.length === 0) return given;
    if (key === 'sendRequest' || key === 'sendPlainRequest') {
      const waiter = args[3] as ReplyHandler;
      this.add({ frames, id: given as number, waiter, isBound: isBound(waiter) });
    } else {
      // Only headers, which come before the message, say that something in it goes by reference.
      const refers = frames.length > 1 && real.mapped !== undefined;
      this.add({ frames, isBound: key === 'sendSystem' || refers });
    }
    return given;
  }

  /** Adds a call behind those that wait. */
  add(call: HeldCall): void {
    const { waiter, id, frames } = call;
    if (waiter !== undefined) waiter.holder = this;
    this.calls.set(id ?? {}, call);
    this.bytes += bytesOf(frames);
    this.count();
  }

  /** Without a connection, what waits counts as what the peer leaves unread. */
  private count(): void {
    if (this.real.connection === undefined) this.real.load.sees(this.bytes);
  }

  /** A cancelled call was not sent, so nothing is sent about it. */
  sendSystem(method: string, args: readonly unknown[]): boolean {
    const call = this.calls.get(args[0]);
    if (call === undefined || method !== CANCEL) return this.real.sendSystem(method, args);
    this.calls.delete(args[0]);
    this.bytes -= bytesOf(call.frames);
    this.count();
    return true;
  }

  /** Removes and returns the calls that wait. From now on nothing waits. */
  take(): HeldCall[] {
    const calls = [...this.calls.values()];
    this.isOver = true;
    this.calls.clear();
    this.bytes = 0;
    return calls;
  }

  /** Sends what waits. */
  release(): void {
    const { real } = this;
    for (const call of this.take()) {
      const { frames, id, waiter } = call;
      if (waiter !== undefined) waiter.holder = real;
      const failed = (error: unknown): void => {
        if (waiter === undefined) real.report(error);
        else real.pending?.drop(id as number)?.reject(error);
      };
      try {
        for (const each of frames) real.post(each.frame, each.failed ?? failed, () => place(real, waiter));
        if (waiter !== undefined) waiter.place = NOWHERE;
        if (real.filter?.isSealing !== true) place(real, waiter);
      } catch (error) {
        failed(error);
      }
    }
  }
}

/** Notes which frame of the send queue it is that carries the request. */
function place({ sendQueue }: RpcSession, waiter: ReplyHandler | undefined): void {
  if (waiter !== undefined) waiter.place = sendQueue.place;
}

function isBound({ next, passed }: ReplyHandler): boolean {
  return next !== undefined || passed !== undefined;
}

function bytesOf(frames: readonly HeldFrame[]): number {
  return frames.reduce((sum, { frame }) => sum + frame.length, MESSAGE_BYTES);
}
