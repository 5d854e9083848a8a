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
import { PULL } from '../../session/system-names.js';
import type { CallOptions } from '../../types/call-options.js';
import type { Items } from '../../types/method.js';
import { Consumer, type Upstream } from './consumer.js';
import { streamOf } from './relayed-stream.js';
import { type Window, windowOf } from './window.js';

/** Calls a method whose answer is a stream; `self` is the `this` of its body. Never throws: the first `next()` rejects with what goes wrong. */
export function callStream(side: CallingSide, self: object, call: OutgoingCall): Items<unknown> {
  const { descriptor: method, receivers, options = {} } = call;
  try {
    if (options.noReply === true) throw new UsageError(`${method.path} is a stream: it cannot be called with noReply`);
    const args = [...call.args];
    prepare(side, method, self, receivers, args);
    const packed = packArguments(method, args);
    const [session, ...others] = side.roster.several(receivers);
    if (session === undefined || others.length > 0) {
      throw new UsageError(
        `${method.path} is a stream and has one receiver, not ${others.length + 1}: call it for each of them`,
      );
    }
    return consume(session, method.wire, packed, options, method.timeout, (id) => {
      call.id = id;
    });
  } catch (error) {
    const failed = new Consumer({ items: 1, bytes: 1 });
    if (options.ignoreErrors === true) failed.end(null);
    else failed.fail(error);
    return failed;
  }
}

/**
 * Asks a peer for a stream. `limit` is how long an item may take where the options do not say it, in milliseconds. With
 * `lazily` it asks when the first item is asked for. Throws what ends it before it has begun.
 */
export function consume(
  session: Session,
  method: string,
  packed: PackedArguments,
  options: CallOptions,
  limit: number | undefined,
  sent?: (id: number) => void,
  lazily = false,
): Consumer {
  const window = windowOf(options.window, session.host.limits);
  const begin = (): void => {
    // Where messages can be lost there is no credit: the answer is one list.
    const settings = streamSettings(options, session.link.bus === true ? undefined : window);
    const asking = new StreamAsking(session, method, settings, consumer, options.timeout ?? limit);
    const id = asking.send(packed.args, packed.named);
    sent?.(id);
    consumer.begin(asking);
  };
  const consumer = new Consumer(window, lazily ? begin : undefined);
  consumer.quiet = options.ignoreErrors === true;
  if (!lazily) begin();
  return consumer;
}

/** Asks a peer for a stream: what goes wrong is told by the first `next()`. */
export function askForStream(
  session: Session,
  method: string,
  packed: PackedArguments,
  options: CallOptions = {},
  sent?: (id: number) => void,
): Items<unknown> {
  try {
    return consume(session, method, packed, options, undefined, sent);
  } catch (error) {
    return failedStream(error, method);
  }
}

/** A stream that fails before its first item. */
export function failedStream(error: unknown, method: string): Items<unknown> {
  return streamOf(Promise.reject(error), method, false);
}

/** What `timeout` bounds is the wait for one item; the whole is bounded by `maxTimeout`, and by the call within which it is made. */
function streamSettings(options: CallOptions, window: Window | undefined): CallSettings {
  const unbounded = { ...options, timeout: Number.POSITIVE_INFINITY };
  const settings = settingsOf(unbounded, Number.POSITIVE_INFINITY);
  if (window === undefined) return settings;
  return { ...settings, about: { ...settings.about, window: [window.items, window.bytes] } };
}

/** One call for a stream: its answer is the end, and items come before. */
class StreamAsking extends SentRequest implements Upstream {
  private readonly whole: number;
  private waits = false;

  constructor(
    session: Session,
    method: string,
    settings: CallSettings,
    private readonly consumer: Consumer,
    private readonly patience: number = Number.POSITIVE_INFINITY,
  ) {
    const callbacks: ReplyCallbacks = {
      resolve: ({ value }) => consumer.end(value),
      reject: (error) => consumer.fail(error),
    };
    super(session, method, settings, callbacks);
    this.whole = this.deadline;
  }

  /** Items have come. What is more than was asked for ends the stream, and is reported. */
  next(items: readonly unknown[]): void {
    const { session } = this;
    try {
      this.consumer.came(items, session.received);
    } catch (error) {
      super.cancel(error as Aborted);
      throw error;
    }
  }

  get title(): string {
    const { session, method } = this;
    return `${printable(method)} { of ${printable(session.peer?.id ?? session.link.peer)} }`;
  }

  override late(): string {
    return this.deadline >= this.whole ? super.late() : `within ${this.patience} ms after the last item was asked for`;
  }

  pull(items: number): void {
    this.session.tell(PULL, [this.id, items]);
  }

  leave(): void {
    if (this.isOver) return;
    this.end();
    this.session.cancel(this.id);
  }

  awaited(waits: boolean): void {
    this.waits = waits;
    if (this.patience === Number.POSITIVE_INFINITY) return;
    this.deadline = waits ? Math.min(this.whole, deadlineIn(this.patience)) : this.whole;
    if (waits) this.session.remind(this.deadline);
  }

  override progress(value: unknown): void {
    super.progress(value);
    this.awaited(this.waits);
  }

  /** A signal has fired: what has come before is of no use any more. */
  override cancel(reason: Aborted): void {
    this.consumer.clear();
    super.cancel(reason);
  }
}
