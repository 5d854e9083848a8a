import { letTakeOut } from '../base/bound-methods.js';
import { deadlineIn } from '../base/clock.js';
import { isThenable } from '../base/promise-like.js';
import { quote } from '../base/quote.js';
import type { Call } from '../contract/contract.js';
import { Code, RpcError, UsageError } from '../contract/errors.js';
import { beginInTurn } from '../session/call-order.js';
import type { CallSender } from '../session/peer.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import { runWithin } from './call-context.js';
import type { CallingSide, IncomingChain } from './calling-side.js';
import { type AnyHandler, ask, tell } from './run-handlers.js';

/** An incoming method on a side: its row, its handlers, and the check that its body makes. */
export class IncomingMethod {
  /** Never changed in place, so that a handler may connect and disconnect while it runs. */
  handlers: readonly AnyHandler[] = [];
  /** Those that run after the reply. */
  private afterwards: readonly AnyHandler[] = [];
  private securityInfo = false;
  private surrounding: IncomingChain | undefined;

  /** That two of its handlers answer, or that a notification has none, was reported. */
  private reported = false;

  /** Nothing is to be done for its calls but to run the body and the handlers. */
  private plain = true;

  /** `self` is the `this` of the body; without it the body does not run, for it is written for the other side. */
  constructor(
    readonly row: MethodDescriptor,
    private readonly self: object | undefined,
    private readonly host: CallingSide,
  ) {
    this.judge();
  }

  private judge(): void {
    const { row, host, afterwards } = this;
    const timed = row.timeout !== undefined || host.handlerTimeout !== Number.POSITIVE_INFINITY;
    this.plain = !timed && !row.stream && this.surrounding === undefined && afterwards.length === 0;
  }

  /** Who stands around its calls. */
  get chain(): IncomingChain | undefined {
    return this.surrounding;
  }
  set chain(chain: IncomingChain | undefined) {
    this.surrounding = chain;
    this.judge();
  }

  connect(handler: AnyHandler): () => void {
    if (typeof handler !== 'function')
      throw new UsageError(`${this.row.path}: a handler is a function, not ${String(handler)}`);
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

  /** Adds a handler that runs once the call went well and is answered. Gives what takes it away. */
  after(handler: AnyHandler): () => void {
    if (typeof handler !== 'function')
      throw new UsageError(`${this.row.path}: a handler is a function, not ${String(handler)}`);
    // One that is added twice runs twice, and each is taken away by itself.
    const added: AnyHandler = (sender, ...args) => handler(sender, ...args);
    this.afterwards = [...this.afterwards, added];
    this.judge();
    return () => {
      this.afterwards = this.afterwards.filter((one) => one !== added);
      this.judge();
    };
  }

  passSecurityInfo(on = true): this {
    this.securityInfo = on;
    return this;
  }

  /**
   * Carries a call out: the body first, then the handlers in their order. Gives the one answer, or a promise of it. Throws
   * what the body or a request's handler throws; what a notification's handlers throw is reported.
   */
  serve(sender: CallSender): unknown {
    if (this.plain && sender.call.about === undefined && sender.peer.session.turn === undefined)
      return this.run(sender, this.bound(sender.call));
    return this.special(sender);
  }

  /** Apart from the plain way, which closures would cost a context. */
  private special(sender: CallSender): unknown {
    const { row } = this;
    const { about } = sender.call;
    // What a stream may take is said by its caller alone: as long as it is taken, it goes on.
    if (row.stream) return this.host.attached.streams.produce(sender, () => this.inTime(sender, about?.timeout));
    const timeout = Math.min(about?.timeout ?? row.timeout ?? Number.POSITIVE_INFINITY, this.host.handlerTimeout);
    return this.inTime(sender, timeout);
  }

  private inTime(sender: CallSender, timeout = Number.POSITIVE_INFINITY): unknown {
    if (timeout === Number.POSITIVE_INFINITY) return this.answer(sender);
    sender.work.deadline = deadlineIn(timeout);
    return runWithin(sender, () => this.answer(sender));
  }

  /** The arguments. Throws an RpcError if they do not fit, or if nobody handles the method. */
  private bound(call: Call): readonly unknown[] {
    const { row } = this;
    if (row.request && this.handlers.length === 0 && this.host.standIn(row, call) === undefined)
      throw new RpcError(`nobody handles ${row.wire}: no handler is connected`, Code.MethodNotFound);
    return bind(row, call);
  }

  /** What the handlers give, now or when those calls have begun that came before and are checked still. */
  private answer(sender: CallSender): unknown {
    if (sender.peer.session.turn === undefined || this.surrounding?.keepsOrder === true) return this.begin(sender);
    return beginInTurn(sender, undefined, () => this.begin(sender));
  }

  /** The same, through all that stands around the call. */
  private begin(sender: CallSender): unknown {
    const { surrounding } = this;
    if (surrounding === undefined) {
      const args = this.bound(sender.call);
      return this.followed(sender, { args }, this.run(sender, args));
    }
    // Those who stand around see also a call that is refused then: with its arguments as they came.
    let { args } = sender.call;
    let unfit: { readonly error: unknown } | undefined;
    try {
      args = this.bound(sender.call);
    } catch (error) {
      unfit = { error };
    }
    const call = surrounding.served(args, sender, unfit !== undefined);
    const given = surrounding.run(call, () => {
      if (unfit !== undefined) throw unfit.error;
      return this.run(sender, call.args);
    });
    return this.followed(sender, call, given);
  }

  /** Lets the handlers that run after the reply do so, if the call goes well. */
  private followed(sender: CallSender, call: { readonly args: readonly unknown[] }, given: unknown): unknown {
    const { row, afterwards } = this;
    if (afterwards.length === 0) return given;
    const follow = (value: unknown): unknown => {
      const told = this.securityInfo ? withSecurityInfo(row, call.args, sender) : call.args;
      for (const handler of afterwards) sender.afterReply(() => handler(sender, ...told));
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
      own = args.length === 1 ? this.row.body.call(self, sender, args[0]) : this.row.body.call(self, sender, ...args);
    return isThenable(own) ? this.handleLater(sender, args, own) : this.handle(sender, args, own);
  }

  /** The types know of no body that takes its time, but it checks all the same, and what it rejects must go somewhere. */
  private handleLater(sender: CallSender, args: readonly unknown[], own: PromiseLike<unknown>): Promise<unknown> {
    return Promise.resolve(own).then((value) => this.handle(sender, args, value));
  }

  /** `own` is what the body has given. */
  private handle(sender: CallSender, bound: readonly unknown[], own: unknown): unknown {
    const { row, handlers } = this;
    const args = this.securityInfo ? withSecurityInfo(row, bound, sender) : bound;
    if (handlers.length === 1 && own === undefined) {
      // Not by a pattern, which asks the list for an iterator.
      const handler = handlers[0] as AnyHandler;
      if (!row.request) return this.tellOne(handler, sender, args);
      return args.length === 1 ? handler(sender, args[0]) : handler(sender, ...args);
    }
    return this.handleAll(sender, bound, args, own);
  }

  /** What nearly all notifications are: without a closure, and small enough for the compiler to put where it is called. */
  private tellOne(handler: AnyHandler, sender: CallSender, args: readonly unknown[]): unknown {
    try {
      const given = args.length === 1 ? handler(sender, args[0]) : handler(sender, ...args);
      return isThenable(given) ? tell([() => given], sender, args, (error) => this.trouble(sender, error)) : undefined;
    } catch (error) {
      this.trouble(sender, error);
      return undefined;
    }
  }

  private trouble({ peer, call }: CallSender, error: unknown): void {
    const { session } = peer;
    session.host.trouble(session, error, call.id, this.row.wire);
  }

  /** More than one handler answers: the peers get an error each time. */
  private twice(text: string): void {
    const count = this.handlers.length;
    this.report('error', `${text}, and ${count} are connected; others return undefined, or are disconnected`);
  }

  /** Reports a mistake of this side, which its peers can do nothing about: once for each method. */
  private report(level: 'warn' | 'error', text: string): void {
    if (this.reported) return;
    this.reported = true;
    const message = `obverse: ${text}`;
    this.host.logger.entry({ level, event: 'side', message, method: this.row.wire }, message);
  }

  private handleAll(sender: CallSender, bound: readonly unknown[], args: readonly unknown[], own: unknown): unknown {
    const { row, handlers } = this;
    const report = (error: unknown): void => this.trouble(sender, error);
    const standIn = handlers.length > 0 ? undefined : this.host.standIn(row, sender.call);
    if (standIn !== undefined)
      return row.request ? ask(row, [standIn], sender, bound, own, report) : tell([standIn], sender, bound, report);
    if (handlers.length === 0 && !row.request && this.afterwards.length === 0)
      this.report(
        'warn',
        `nobody handles ${row.path}, and so it was dropped: add a handler by ${row.path}.connect(handler), or set the option ignoreUnhandled to drop such notifications without this report, which is made once for each method`,
      );
    return row.request
      ? ask(row, handlers, sender, args, own, report, (text) => this.twice(text))
      : tell(handlers, sender, args, report);
  }
}

letTakeOut(IncomingMethod.prototype, ['connect', 'disconnect', 'after', 'passSecurityInfo']);

/** The information of the security stands after all the arguments that the method shows. */
function withSecurityInfo({ arity }: MethodDescriptor, bound: readonly unknown[], sender: CallSender): unknown[] {
  const missing = new Array<undefined>(Math.max(0, arity - bound.length)).fill(undefined);
  return [...bound, ...missing, sender.securityInfo];
}

/** The arguments of a call in the order of the method's parameters. Throws an RpcError, invalid params, if they do not fit. */
function bind(row: MethodDescriptor, call: Call): readonly unknown[] {
  const { method, args, named } = call;
  const { params, positional } = row;
  if (named && params !== undefined && !(positional && isOneArgument(params, args[0] as object)))
    return byName(method, params, args[0] as Record<string, unknown>);
  const isNothing = args.length === 0 || (args[0] === null && call.mayBeEmpty === true && !positional);
  if (isNothing) return row.arity === 0 || params !== undefined || positional ? [] : [{}];
  if (!named && !positional)
    throw new RpcError(`${method} takes its arguments by name, in one object`, Code.InvalidParams);
  if (params !== undefined && args.length > params.length) {
    throw new RpcError(
      `${method} takes ${params.length} arguments (${params.join(', ')}), not ${args.length}`,
      Code.InvalidParams,
    );
  }
  return args;
}

function byName(method: string, params: readonly string[], given: Record<string, unknown>): unknown[] {
  for (const name of Object.keys(given)) {
    if (!params.includes(name))
      throw new RpcError(
        `${method} has no argument ${quote(name)}; there are ${params.join(', ')}`,
        Code.InvalidParams,
      );
  }
  const args = params.map((name) => (Object.hasOwn(given, name) ? given[name] : undefined));
  while (args.length > 0 && args.at(-1) === undefined) args.pop();
  return args;
}

/**
 * Where a codec cannot tell one object by position from arguments by name (MessagePack-RPC has one list), its keys decide:
 * one that is no argument's name shows that the object is itself an argument.
 */
function isOneArgument(params: readonly string[], given: object): boolean {
  const keys = Object.keys(given);
  return keys.length > 0 && keys.every((key) => !params.includes(key));
}
