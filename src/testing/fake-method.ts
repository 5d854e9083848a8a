import { Code, RpcError } from '../contract/errors.js';
import type { Handler } from '../types/derived.js';
import type { AnswerOf, ArgsOf, KindOf, ReplyOf } from '../types/method.js';
import type { Sender } from '../types/peers.js';
import { FakeCalls } from './fake-calls.js';

/** What a request of the fake answers: the value itself, and of a stream its items. */
type Answer<M> = KindOf<M> extends 'request' ? ReplyOf<M> : AnswerOf<M>;

/** A notification as the fake hears it. */
export interface FakeNotification<M> {
  /** The arguments of every call that has come, in the order of arrival. */
  readonly calls: readonly ArgsOf<M>[];
  /**
   * The arguments of the first call, or of the one of that number; waits for it if it has not come. Rejects if it has not come within
   * 2 seconds, or so many milliseconds of real time, whatever a stopped clock says.
   */
  called(times?: number, withinMs?: number): Promise<ArgsOf<M>>;
  /** What happens when it is called from now on, after the call was noted. */
  does(handler: Handler<M>): this;
  /** Forgets the calls, and what was said of those to come. */
  reset(): this;
}

/** What can be said of the answers of a request; each of these replaces what was said before. */
export interface FakeAnswers<M, Then> {
  /** Answers with this value: a request's reply, a stream's items. */
  answers(value: Answer<M>): Then;
  /** Fails with this error. It arrives as itself if its class is among the `errorClasses`, or the method's `errors`. */
  fails(error: Error): Then;
  /** Never answers: the caller waits until its timeout, or until the end of the link. */
  hangs(): Then;
  /** Answers with what the handler gives, or fails with what it throws. */
  does(handler: Handler<M>): Then;
}

/** A request or a stream as the fake answers it. As long as nothing was said, it fails at once. */
export interface FakeRequest<M> extends FakeAnswers<M, FakeRequest<M>>, Omit<FakeNotification<M>, 'does' | 'reset'> {
  /**
   * The same for one call only: the next one, or, used again, the one after it. `join.once.fails(new Busy()).answers(7)`
   * fails once, and answers then.
   */
  readonly once: FakeAnswers<M, FakeRequest<M>>;
  /** Forgets the calls, and what was said of those to come. */
  reset(): this;
}

/** A method of the fake that comes in there. */
export type FakeMethod<M> = KindOf<M> extends 'notification' ? FakeNotification<M> : FakeRequest<M>;

type AnyHandler = (sender: Sender, ...args: unknown[]) => unknown;

/** What a fake is told for one call. */
interface Once {
  answers(value: unknown): FakeBehaviour;
  fails(error: Error): FakeBehaviour;
  hangs(): FakeBehaviour;
  does(handler: AnyHandler): FakeBehaviour;
}

/** What one incoming method of a fake has been told to do, and what has come. */
export class FakeBehaviour extends FakeCalls {
  /** For one call each, in their order. */
  private readonly next: AnyHandler[] = [];
  private standing: AnyHandler | undefined;
  readonly once: Once = {
    answers: (value) => this.queue(() => value),
    fails: (error) => this.queue(failing(error)),
    hangs: () => this.queue(silent),
    does: (handler) => this.queue(handler),
  };

  /** `spec` and `path` are for messages; what is a `notification` needs no answer. */
  constructor(
    private readonly spec: string,
    path: string,
    private readonly kind: 'notification' | 'request' | 'stream',
  ) {
    super(path);
  }

  answers(value: unknown): this {
    return this.does(() => value);
  }

  fails(error: Error): this {
    return this.does(failing(error));
  }

  hangs(): this {
    return this.does(silent);
  }

  does(handler: AnyHandler): this {
    this.standing = handler;
    return this;
  }

  reset(): this {
    this.clear();
    this.next.length = 0;
    this.standing = undefined;
    return this;
  }

  /** A call has come: gives what it is answered. */
  take(sender: Sender, args: unknown[]): unknown {
    this.note(args);
    const handler = this.next.shift() ?? this.standing;
    if (handler !== undefined) return handler(sender, ...args);
    if (this.kind === 'notification') return undefined;
    throw new RpcError(
      `the fake ${this.spec} was not told what ${this.path} answers: say fake.${this.path}.answers(…), .fails(…), .does(…) or .hangs()`,
      Code.InternalError,
    );
  }

  private queue(handler: AnyHandler): this {
    this.next.push(handler);
    return this;
  }
}

function failing(error: Error): AnyHandler {
  return () => {
    throw error;
  };
}

function silent(): Promise<never> {
  return new Promise(() => {});
}
