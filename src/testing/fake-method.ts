import { Code, RpcError } from '../contract/errors.js';
import type { Handler } from '../types/derived.js';
import type { AnswerOf, ArgsOf, KindOf, ReplyOf } from '../types/method.js';
import type { Sender } from '../types/peers.js';
import { FakeCalls } from './fake-calls.js';

/** What a request of the fake answers: the value, or the items of a stream. */
type Answer<M> = KindOf<M> extends 'request' ? ReplyOf<M> : AnswerOf<M>;

/** A notification of the fake. */
export interface FakeNotification<M> {
  /** The arguments of all calls, in the order of arrival. */
  readonly calls: readonly ArgsOf<M>[];
  /**
   * The arguments of the first call, or of the call with this number; waits for it if it has not arrived. Rejects if it
   * does not arrive within 2 seconds, or within this many milliseconds of real time, even if the clock is stopped.
   */
  called(times?: number, withinMs?: number): Promise<ArgsOf<M>>;
  /** Calls this handler for each call from now on, after the call was recorded. */
  does(handler: Handler<M>): this;
  /** Forgets the calls, and the configured answers. */
  reset(): this;
}

/** The possible answers of a request; each call replaces the earlier ones. */
export interface FakeAnswers<M, Then> {
  /** Answers with this value: the reply of a request, the items of a stream. */
  answers(value: Answer<M>): Then;
  /**
   * Fails with this error. It arrives as an instance of its class if that is in `errorClasses`, or in `errors` of the
   * method.
   */
  fails(error: Error): Then;
  /** Never answers: the caller waits until its timeout, or until the end of the link. */
  hangs(): Then;
  /** Answers with the result of the handler, or fails with what it throws. */
  does(handler: Handler<M>): Then;
}

/** A request or a stream of the fake. Without a configured answer, it fails at once. */
export interface FakeRequest<M> extends FakeAnswers<M, FakeRequest<M>>, Omit<FakeNotification<M>, 'does' | 'reset'> {
  /**
   * The same for one call only: the next one, or, if used again, the one after it. `join.once.fails(new
   * Busy()).answers(7)` fails once, and then answers.
   */
  readonly once: FakeAnswers<M, FakeRequest<M>>;
  /** Forgets the calls, and the configured answers. */
  reset(): this;
}

/** A method of the fake that is incoming there. */
export type FakeMethod<M> = KindOf<M> extends 'notification' ? FakeNotification<M> : FakeRequest<M>;

type AnyHandler = (sender: Sender, ...args: unknown[]) => unknown;

/** The configured answer for one call. */
interface Once {
  answers(value: unknown): FakeBehaviour;
  fails(error: Error): FakeBehaviour;
  hangs(): FakeBehaviour;
  does(handler: AnyHandler): FakeBehaviour;
}

/** The configured answers of one incoming method of a fake, and its calls. */
export class FakeBehaviour extends FakeCalls {
  /** For one call each, in order. */
  private readonly next: AnyHandler[] = [];
  private standing: AnyHandler | undefined;
  readonly once: Once = {
    answers: (value) => this.queue(() => value),
    fails: (error) => this.queue(failing(error)),
    hangs: () => this.queue(silent),
    does: (handler) => this.queue(handler),
  };

  /** `spec` and `path` are for error messages; a `notification` needs no answer. */
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

  /** Records a call and returns its answer. */
  take(sender: Sender, args: unknown[]): unknown {
    this.note(args);
    const handler = this.next.shift() ?? this.standing;
    if (handler !== undefined) return handler(sender, ...args);
    if (this.kind === 'notification') return undefined;
    throw new RpcError(
      `the fake ${this.spec} has no answer for ${this.path}: call fake.${this.path}.answers(…), .fails(…), .does(…) or .hangs()`,
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
