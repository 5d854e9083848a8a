import type { Frame } from '../../contract/contract.js';
import { Code, ProtocolError } from '../../contract/errors.js';
import { CallingSession } from '../../session/calling-session.js';
import { type CallHolder, PlainWaiter, type ReplyHandler } from '../../session/outgoing-calls/pending-calls.js';
import type { RpcSession } from '../../session/rpc-session.js';
import { isBound } from '../../session/sending/posted-calls.js';
import { SendQueue } from '../../session/sending/send-queue.js';
import type { Session } from '../../session/session.js';

/** The number of a message that was not posted: a small integer, as all others. */
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
  /** The name of a notification that another session may send. */
  readonly notification?: string | undefined;
}

/** Whether another session may send a call. */
export function canMove({ waiter, notification }: HeldCall): boolean {
  return waiter === undefined ? notification !== undefined : !isBound(waiter);
}

/** The send queue of the view of a session whose messages have to wait. */
class HoldingQueue extends SendQueue {
  collecting: HeldFrame[] = [];

  constructor(
    private readonly real: RpcSession,
    private readonly held: HeldCalls,
  ) {
    super(real);
    this.limit = real.sendQueue.limit;
  }

  override get place(): number {
    return NOWHERE;
  }

  /** For receivers that do not take what they are sent: what waits here is not read either. */
  override get unread(): number {
    return this.real.sendQueue.unread + this.held.bytes;
  }

  override get buffered(): number {
    return this.real.sendQueue.buffered + this.held.bytes;
  }

  override send(): void {}

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

type Method = (...args: unknown[]) => unknown;
type Held = Pick<HeldCall, 'id' | 'waiter' | 'notification'>;

/** What sends through a session, and what the messages of each are; from the arguments and from what the method has returned. */
const SENDING: Readonly<Record<string, (args: readonly unknown[], given: unknown, frames: number) => Held>> = {
  sendRequest: ([, , , waiter], id) => ({ id: id as number, waiter: waiter as ReplyHandler }),
  sendPlainRequest: ([, , , waiter], id) => ({ id: id as number, waiter: waiter as ReplyHandler }),
  notify: ([method]) => ({ notification: method as string }),
  postNotification: ([method]) => ({ notification: method as string }),
  // These belong to the session.
  sendSystem: () => ({}),
  post: () => ({}),
};

/** The methods of a session that send: they run on a view of it, and all others on the session itself. */
const calling: object = CallingSession.prototype;

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
    // What waits is filtered, and noted, when it leaves.
    const own: object = { sendQueue: this.queue, filter: undefined, journal: undefined, posted: undefined };
    const view = new Proxy(real, {
      get: (_real, key) => (Object.hasOwn(own, key) ? Reflect.get(own, key) : this.member(key, view)),
    });
    this.session = new Proxy(real, {
      get: (_real, key) => {
        if (this.isOver) return this.member(key, real);
        if (key === 'request') return this.request;
        if (key === 'sendQueue') return this.queue;
        const entry = typeof key === 'string' && Object.hasOwn(SENDING, key) ? SENDING[key] : undefined;
        const member = this.member(key, entry === undefined ? real : view);
        return entry === undefined ? member : (...args: unknown[]) => this.hold(member as Method, args, entry);
      },
    });
  }

  /** A member of the session, for `view`: methods that send send through that. */
  private member(key: PropertyKey, view: RpcSession): unknown {
    const { real } = this;
    const value: unknown = Reflect.get(real, key, Object.hasOwn(calling, key) ? view : real);
    if (typeof value !== 'function') return value;
    return (value as Method).bind(Object.hasOwn(calling, key) ? view : real);
  }

  private readonly request: Session['request'] = (method, args, named, timeout) =>
    new Promise((resolve, reject) => {
      this.session.sendRequest(method, args, named, new PlainWaiter(resolve, reject, method, timeout));
    });

  /** Calls a method, and keeps what it sends. Throws what that throws: then nothing is kept. */
  private hold(method: Method, args: readonly unknown[], describe: (typeof SENDING)[string]): unknown {
    const { queue } = this;
    // One call may make another one, in a `toJSON` of its values.
    const { collecting: outer } = queue;
    queue.collecting = [];
    let given: unknown;
    let frames: readonly HeldFrame[] = [];
    try {
      given = method(...args);
      frames = queue.collecting;
    } finally {
      queue.collecting = outer;
    }
    if (frames.length > 0) this.add({ frames, ...describe(args, given, frames.length) });
    return given;
  }

  /** The methods of the requests that wait. */
  get methods(): string[] {
    return [...this.calls.values()].flatMap(({ waiter }) => waiter?.method ?? []);
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
    if (this.real.connection === undefined) this.real.load.setUnsent(this.bytes);
  }

  /** A call that was not sent is never sent, and nothing is sent about it. */
  abandoned(waiter: ReplyHandler, args: readonly unknown[]): void {
    const [id] = args;
    const call = this.calls.get(id);
    if (call === undefined) {
      this.real.abandoned(waiter, args);
      return;
    }
    this.calls.delete(id);
    this.bytes -= bytesOf(call.frames);
    this.count();
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
      const { frames, id, waiter, notification } = call;
      if (waiter !== undefined) waiter.holder = real;
      const failed = (error: unknown): void => {
        if (waiter === undefined) real.report(error);
        else real.pending?.drop(id as number)?.reject(error);
      };
      try {
        for (const each of frames) real.post(each.frame, each.failed ?? failed);
        if (waiter !== undefined) waiter.place = real.sendQueue.place;
        if (frames.length > 1) real.posted?.headed();
        if (notification !== undefined) real.posted?.notified(notification);
      } catch (error) {
        failed(error);
      }
    }
  }
}

function bytesOf(frames: readonly HeldFrame[]): number {
  return frames.reduce((sum, { frame }) => sum + frame.length, MESSAGE_BYTES);
}
