import { makeDetachable } from '../base/bound-methods.js';
import { deadlineIn } from '../base/clock.js';
import { isThenable } from '../base/promise-like.js';
import type { Call } from '../contract/contract.js';
import { Code, RpcError, UsageError } from '../contract/errors.js';
import type { CallSender } from '../session/incoming-calls/call-sender.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import { bindArguments, withSecurityInfo } from './arguments.js';
import { runWithin } from './call-context.js';
import type { CallingSide } from './calling-side.js';
import { IncomingCall } from './incoming-call.js';
import type { Invoke } from './layer.js';
import { type AnyHandler, serveNotification, serveRequest } from './run-handlers.js';

/** An incoming method on a side: its descriptor, the layers around it, and its handlers. */
export class IncomingMethod {
  /** Never changed in place, so that a handler may connect and disconnect while it runs. */
  handlers: readonly AnyHandler[] = [];
  /** Those that run after the reply. */
  private afterReply: readonly AnyHandler[] = [];
  private wantsSecurityInfo = false;
  private layers: Invoke<IncomingCall> | undefined;
  /** The innermost step; made with the layers. */
  private last: Invoke<IncomingCall> | undefined;

  /** That two of its handlers answer, or that a notification has none, was reported. */
  private reported = false;

  /** For its calls there is nothing to do but to run the body and the handlers. */
  private isPlain = true;

  /** `self` is the `this` of the body. Without it the body does not run: it is written for the other side. */
  constructor(
    readonly descriptor: MethodDescriptor,
    private readonly self: object | undefined,
    private readonly side: CallingSide,
  ) {
    this.updatePlain();
  }

  private updatePlain(): void {
    const { descriptor, side, afterReply } = this;
    const hasTimeout = descriptor.timeout !== undefined || side.handlerTimeout !== Number.POSITIVE_INFINITY;
    this.isPlain = !hasTimeout && !descriptor.stream && this.layers === undefined && afterReply.length === 0;
  }

  /** The layers around its calls. */
  get layered(): Invoke<IncomingCall> | undefined {
    return this.layers;
  }
  set layered(layers: Invoke<IncomingCall> | undefined) {
    this.layers = layers;
    if (layers !== undefined) this.last ??= ({ sender, args }) => this.start(sender, args);
    this.updatePlain();
  }

  // ---- handlers -----------------------------------------------------------------------------------------------------

  /** Adds a handler. Returns a function that removes it. Throws a UsageError for what is no function. */
  connect(handler: AnyHandler): () => void {
    this.check(handler);
    this.handlers = [...this.handlers, handler];
    let connected = true;
    return () => {
      if (connected) this.disconnect(handler);
      connected = false;
    };
  }

  disconnect(handler: AnyHandler): void {
    const at = this.handlers.indexOf(handler);
    if (at >= 0) this.handlers = this.handlers.toSpliced(at, 1);
  }

  /** Adds a handler that runs when the call has succeeded and is answered. Returns a function that removes it. */
  after(handler: AnyHandler): () => void {
    this.check(handler);
    // One that is added twice runs twice, and each is removed by itself.
    const added: AnyHandler = (sender, ...args) => handler(sender, ...args);
    this.afterReply = [...this.afterReply, added];
    this.updatePlain();
    return () => {
      this.afterReply = this.afterReply.filter((one) => one !== added);
      this.updatePlain();
    };
  }

  /** Whether a handler is connected. */
  get hasHandler(): boolean {
    return this.handlers.length > 0;
  }

  private check(handler: unknown): void {
    if (typeof handler !== 'function')
      throw new UsageError(`${this.descriptor.path}: a handler must be a function, not ${String(handler)}`);
  }

  passSecurityInfo(on = true): this {
    this.wantsSecurityInfo = on;
    return this;
  }

  // ---- calls --------------------------------------------------------------------------------------------------------

  /**
   * Carries a call out: the layers, then the body, then the handlers in their order. Returns the one answer, or a promise of it. Throws
   * what the layers, the body or a request's handlers throw; what a notification's handlers throw is reported.
   */
  serve(sender: CallSender): unknown {
    if (this.isPlain && sender.call.about === undefined && sender.peer.session.starting === undefined)
      return this.run(sender, this.bind(sender.call));
    return this.serveInFull(sender);
  }

  /** Apart from the plain path, which closures would cost a context. */
  private serveInFull(sender: CallSender): unknown {
    const { descriptor, side } = this;
    const { about } = sender.call;
    // Only the caller of a stream limits its time: it continues as long as its items are taken.
    if (descriptor.stream) return side.attached.streams.produce(sender, () => this.inTime(sender, about?.timeout));
    const timeout = Math.min(about?.timeout ?? descriptor.timeout ?? Number.POSITIVE_INFINITY, side.handlerTimeout);
    return this.inTime(sender, timeout);
  }

  private inTime(sender: CallSender, timeout = Number.POSITIVE_INFINITY): unknown {
    if (timeout === Number.POSITIVE_INFINITY) return this.invoke(sender);
    sender.details.deadline = deadlineIn(timeout);
    return runWithin(sender, () => this.invoke(sender));
  }

  /** The arguments. Throws an RpcError if they do not fit, or if nobody handles the method. */
  private bind(call: Call): readonly unknown[] {
    const { descriptor } = this;
    if (descriptor.request && this.handlers.length === 0 && this.side.fallback(descriptor, call) === undefined)
      throw new RpcError(`nobody handles ${descriptor.wire}: no handler is connected`, Code.MethodNotFound);
    return bindArguments(descriptor, call);
  }

  /** Through the layers. They see also a call that is refused then, with its arguments as they came. */
  private invoke(sender: CallSender): unknown {
    const { layers, last } = this;
    if (layers === undefined || last === undefined) {
      const { starting } = sender.peer.session;
      return starting === undefined ? this.invokePlain(sender) : starting.start(sender, () => this.invokePlain(sender));
    }
    let { args } = sender.call;
    let refusal: { readonly error: unknown } | undefined;
    try {
      args = this.bind(sender.call);
    } catch (error) {
      refusal = { error };
    }
    const call = new IncomingCall(this.descriptor, args, sender, last);
    call.refusal = refusal;
    return this.followed(sender, call, layers(call));
  }

  private invokePlain(sender: CallSender): unknown {
    const args = this.bind(sender.call);
    return this.followed(sender, { args }, this.run(sender, args));
  }

  /** Runs body and handlers now, or after earlier calls of the same peer that wait for an asynchronous check. */
  private start(sender: CallSender, args: readonly unknown[]): unknown {
    const { starting } = sender.peer.session;
    return starting === undefined ? this.run(sender, args) : starting.start(sender, () => this.run(sender, args));
  }

  /** Lets the handlers that run after the reply do so, if the call succeeds. */
  private followed(sender: CallSender, call: { readonly args: readonly unknown[] }, given: unknown): unknown {
    const { afterReply } = this;
    if (afterReply.length === 0) return given;
    const follow = (value: unknown): unknown => {
      const args = this.wantsSecurityInfo ? withSecurityInfo(this.descriptor, call.args, sender) : call.args;
      for (const handler of afterReply) sender.afterReply(() => handler(sender, ...args));
      return value;
    };
    return isThenable(given) ? Promise.resolve(given).then(follow) : follow(given);
  }

  /** The body, then the handlers. */
  private run(sender: CallSender, args: readonly unknown[]): unknown {
    const { self } = this;
    let own: unknown;
    // A spread goes through built-in functions of V8; most methods take one argument.
    if (self !== undefined)
      own =
        args.length === 1
          ? this.descriptor.body.call(self, sender, args[0])
          : this.descriptor.body.call(self, sender, ...args);
    return isThenable(own) ? this.handleLater(sender, args, own) : this.handle(sender, args, own);
  }

  /** The types do not allow an asynchronous body, but it is awaited nevertheless, and what it rejects with is the error of the call. */
  private handleLater(sender: CallSender, args: readonly unknown[], own: PromiseLike<unknown>): Promise<unknown> {
    return Promise.resolve(own).then((value) => this.handle(sender, args, value));
  }

  /** `own` is what the body has returned. */
  private handle(sender: CallSender, bound: readonly unknown[], own: unknown): unknown {
    const { descriptor, handlers } = this;
    const args = this.wantsSecurityInfo ? withSecurityInfo(descriptor, bound, sender) : bound;
    if (handlers.length === 1 && own === undefined) {
      // Not by a pattern, which asks the list for an iterator.
      const handler = handlers[0] as AnyHandler;
      if (!descriptor.request) return this.notifyOne(handler, sender, args);
      return args.length === 1 ? handler(sender, args[0]) : handler(sender, ...args);
    }
    return this.handleAll(sender, bound, args, own);
  }

  /** Nearly all notifications: without a closure, and small enough for V8 to inline. */
  private notifyOne(handler: AnyHandler, sender: CallSender, args: readonly unknown[]): unknown {
    try {
      const given = args.length === 1 ? handler(sender, args[0]) : handler(sender, ...args);
      return isThenable(given)
        ? serveNotification([() => given], sender, args, (error) => this.reportError(sender, error))
        : undefined;
    } catch (error) {
      this.reportError(sender, error);
      return undefined;
    }
  }

  private reportError({ peer, call }: CallSender, error: unknown): void {
    const { session } = peer;
    session.callFailed(error);
    session.host.reportError(session, error, call.id, this.descriptor.wire);
  }

  /** More than one handler answers: the peers get an error each time. */
  private reportTwoReplies(text: string): void {
    const count = this.handlers.length;
    this.report('error', `${text}, and ${count} are connected; others return undefined, or are disconnected`);
  }

  /** Reports a mistake of this side, once for each method. */
  private report(level: 'warn' | 'error', text: string): void {
    if (this.reported) return;
    this.reported = true;
    const message = `obverse: ${text}`;
    this.side.logger.entry({ level, event: 'side', message, method: this.descriptor.wire }, message);
  }

  private handleAll(sender: CallSender, bound: readonly unknown[], args: readonly unknown[], own: unknown): unknown {
    const { descriptor, handlers } = this;
    const report = (error: unknown): void => this.reportError(sender, error);
    const fallback = handlers.length > 0 ? undefined : this.side.fallback(descriptor, sender.call);
    if (fallback !== undefined)
      return descriptor.request
        ? serveRequest(descriptor, [fallback], sender, bound, own, report)
        : serveNotification([fallback], sender, bound, report);
    if (handlers.length === 0 && !descriptor.request && this.afterReply.length === 0) {
      sender.peer.session.callFailed(new RpcError(`nobody handles ${descriptor.wire}`, Code.MethodNotFound));
      this.report(
        'warn',
        `nobody handles ${descriptor.path}, so it was dropped: add a handler with ${descriptor.path}.connect(handler), or set the option ignoreUnhandled to drop such notifications without this report, which is made once for each method`,
      );
    }
    return descriptor.request
      ? serveRequest(descriptor, handlers, sender, args, own, report, (text) => this.reportTwoReplies(text))
      : serveNotification(handlers, sender, args, report);
  }
}

makeDetachable(IncomingMethod.prototype, ['connect', 'disconnect', 'after', 'passSecurityInfo']);
