import { deadlineIn } from '../../base/clock.js';
import { printable } from '../../base/quote.js';
import { type PackedArguments, packArguments } from '../../calls/arguments.js';
import { type CallSettings, settingsOf } from '../../calls/call-settings.js';
import type { CallingSide } from '../../calls/calling-side.js';
import type { OutgoingCall } from '../../calls/outgoing-call.js';
import { prepare } from '../../calls/sending.js';
import { type ReplyCallbacks, SentRequest } from '../../calls/sent-request.js';
import { type Aborted, UsageError } from '../../contract/errors.js';
import type { Session } from '../../session/session.js';
import { PULL } from '../../session/system/system-names.js';
import type { CallOptions } from '../../types/call-options.js';
import type { Items } from '../../types/method.js';
import { StreamConsumer, type StreamRequest } from './consumer.js';
import { streamFrom } from './relayed-stream.js';
import { type Window, windowOf } from './window.js';

/** Calls a method whose reply is a stream; `self` is the `this` of its body. Never throws: errors reject the first `next()`. */
export function callStream(side: CallingSide, self: object, call: OutgoingCall): Items<unknown> {
  const { descriptor: method, receivers, options = {} } = call;
  try {
    if (options.noReply === true) throw new UsageError(`${method.path} is a stream: it cannot be called with noReply`);
    const args = [...call.args];
    prepare(side, method, self, receivers, args);
    const packed = packArguments(method, args);
    const [session, ...others] = side.peerRegistry.several(receivers);
    if (session === undefined || others.length > 0) {
      throw new UsageError(
        `${method.path} is a stream and has one receiver, not ${others.length + 1}: call it for each of them`,
      );
    }
    return requestStream(session, method.wire, packed, options, method.timeout, (id) => {
      call.id = id;
    });
  } catch (error) {
    const failed = new StreamConsumer({ items: 1, bytes: 1 });
    if (options.ignoreErrors === true) failed.end(null);
    else failed.fail(error);
    return failed;
  }
}

/**
 * Requests a stream from a peer. `limit` is the default of the option `timeout`, the time for one item, in milliseconds. With `lazily`,
 * the request is sent with the first `next()`. Throws what prevents the request.
 */
export function requestStream(
  session: Session,
  method: string,
  packed: PackedArguments,
  options: CallOptions,
  limit: number | undefined,
  sent?: (id: number) => void,
  lazily = false,
): StreamConsumer {
  const { limits } = session.host;
  // Where only calls are sent, the producer does not learn how many items were consumed: then the limits of this side are the window.
  const window =
    session.link.takes === 'calls'
      ? { items: limits.streamItems, bytes: limits.streamBytes }
      : windowOf(options.window, limits);
  const begin = (): void => {
    // On a bus, where messages can be lost, the reply is one list.
    const settings = streamSettings(options, session.link.bus === true ? undefined : window);
    const call = new StreamCall(session, method, settings, consumer, options.timeout ?? limit);
    const id = call.send(packed.args, packed.named);
    sent?.(id);
    consumer.attach(call);
  };
  const consumer = new StreamConsumer(window, lazily ? begin : undefined);
  consumer.ignoresErrors = options.ignoreErrors === true;
  if (!lazily) begin();
  return consumer;
}

/** Requests a stream from a peer. Never throws: errors reject the first `next()`. */
export function tryRequestStream(
  session: Session,
  method: string,
  packed: PackedArguments,
  options: CallOptions = {},
  sent?: (id: number) => void,
): Items<unknown> {
  try {
    return requestStream(session, method, packed, options, undefined, sent);
  } catch (error) {
    return failedStream(error, method);
  }
}

/** A stream whose first `next()` rejects. */
export function failedStream(error: unknown, method: string): Items<unknown> {
  return streamFrom(Promise.reject(error), method, false);
}

/** `timeout` limits the wait for one item; `maxTimeout` limits the whole, and so does the call within which it is made. */
function streamSettings(options: CallOptions, window: Window | undefined): CallSettings {
  const unbounded = { ...options, timeout: Number.POSITIVE_INFINITY };
  const settings = settingsOf(unbounded, Number.POSITIVE_INFINITY);
  if (window === undefined) return settings;
  return { ...settings, about: { ...settings.about, window: [window.items, window.bytes] } };
}

/** A call whose reply is a stream: items arrive first, and the reply is the end. */
class StreamCall extends SentRequest implements StreamRequest {
  private readonly maxDeadline: number;
  private isAwaited = false;

  constructor(
    session: Session,
    method: string,
    settings: CallSettings,
    private readonly consumer: StreamConsumer,
    private readonly itemTimeout: number = Number.POSITIVE_INFINITY,
  ) {
    const callbacks: ReplyCallbacks = {
      resolve: ({ value }) => consumer.end(value),
      reject: (error) => consumer.fail(error),
    };
    super(session, method, settings, callbacks);
    this.maxDeadline = this.deadline;
  }

  /** Items have arrived. More than the window allows end the stream, and are reported. */
  next(items: readonly unknown[], bytes: number): void {
    try {
      this.consumer.receive(items, bytes);
    } catch (error) {
      super.cancel(error as Aborted);
      throw error;
    }
  }

  get title(): string {
    const { session, method } = this;
    return `${printable(method)} { of ${printable(session.peer?.id ?? session.link.peer)} }`;
  }

  /** Its first items may have been consumed. */
  override get idempotent(): false {
    return false;
  }

  override late(): string {
    return this.deadline >= this.maxDeadline
      ? super.late()
      : `within ${this.itemTimeout} ms after the last item was requested`;
  }

  pull(items: number): void {
    this.session.sendSystem(PULL, [this.id, items]);
  }

  cancelStream(): void {
    if (this.isOver) return;
    this.end();
    this.session.cancel(this.id);
  }

  awaitItem(waits: boolean): void {
    this.isAwaited = waits;
    if (this.itemTimeout === Number.POSITIVE_INFINITY) return;
    this.deadline = waits ? Math.min(this.maxDeadline, deadlineIn(this.itemTimeout)) : this.maxDeadline;
    if (waits) this.session.remind(this.deadline);
  }

  override progress(value: unknown): void {
    super.progress(value);
    this.awaitItem(this.isAwaited);
  }

  /** Drops items that have arrived, too. */
  override cancel(reason: Aborted): void {
    this.consumer.discardItems();
    super.cancel(reason);
  }
}
