import type { EventListeners } from '../../api/event-listeners.js';
import type { Reports } from '../../api/reports.js';
import type { IncomingChain } from '../../calls/calling-side.js';
import { UsageError } from '../../contract/errors.js';
import type { CallSender } from '../../session/peer.js';
import type { MethodDescriptor, MethodTable } from '../../spec/method-table.js';
import type { CallLogger, Interceptor } from '../../types/interceptor.js';
import { NamedRoom } from '../room.js';
import { isValidated } from '../validation/askable.js';
import type { CheckOptions, Checks } from '../validation/checks.js';
import type { Validating } from '../validation/incoming.js';
import { aroundCalls, telling, tellUnknown } from './call-events.js';
import { callLogger } from './call-logger.js';
import { compose, type Run, type Subject } from './chain.js';
import { MethodChain } from './method-chain.js';
import { pathOf } from './wire-paths.js';

/** What the options of a side say of those who stand around its calls. */
export interface MiddlewareOptions {
  /** Stand around every call of the side, in this order, the first one outermost. */
  readonly use?: Interceptor | readonly Interceptor[] | undefined;
  /** Tells of each call when it is over: in lines to the logger, or to a function. */
  readonly logCalls?: boolean | CallLogger | undefined;
}

/** An incoming method, as far as it wants to know who stands around its calls. */
export interface Surrounded {
  readonly row: MethodDescriptor;
  /** Undefined: nobody does. */
  chain: IncomingChain | undefined;
}

/** Which way a call goes, as a side sees it. */
export type Direction = 'incoming' | 'outgoing';

/** Where an interceptor of `use` stands: around the methods whose paths begin so. */
interface Layer {
  readonly path: string;
  readonly interceptor: Interceptor;
}

/** Guards and validation are loaded when a side is opened that has a method with one of them, and with `obverse/middleware`. */
export const checks: NamedRoom<typeof import('../validation/checks.js')> = new NamedRoom(
  () => import('../validation/checks.js'),
  'obverse/middleware',
);

/**
 * Who stands around the calls of a side. The order, the outermost first: listeners, the logger of calls, the side, its
 * namespaces, the mark; then what is built in: the guard of an incoming method, the validation; then the body and the handlers,
 * or the wire.
 *
 * Chains are composed when who stands there changes, and not for a call; a call that has begun keeps its own.
 */
export class Middleware {
  /** Nothing stands around outgoing calls. */
  private quiet = true;
  /** The outgoing methods that have something of their own. */
  private readonly marked = new Set<MethodDescriptor>();
  private ports: Surrounded[] = [];
  /** What the marks of methods ask for. */
  private readonly own = new WeakMap<MethodDescriptor, readonly Interceptor[]>();
  /** Guards and validation; loaded where a method asks for them. */
  private checks: Checks | undefined;
  /** The methods that ask for them before they are there. */
  private unchecked: { readonly row: MethodDescriptor; readonly direction: Direction }[] = [];
  private isOpen = false;
  private chains = new WeakMap<MethodDescriptor, MethodChain | typeof NOBODY>();
  private callbacks: Partial<Record<Direction, Run>> = {};
  private layers: readonly Layer[] = [];
  private readonly log: readonly Interceptor[];

  constructor(
    options: MiddlewareOptions,
    private readonly reports: Reports,
    private readonly listeners: EventListeners,
    private readonly checking: CheckOptions,
  ) {
    const { use = [], logCalls = false } = options;
    this.log = logCalls === false ? [] : [callLogger(logCalls, reports.logger)];
    this.layers = [use].flat().map((interceptor) => ({ path: '', interceptor }));
    this.compose();
  }

  // ---- who stands there ---------------------------------------------------------------------------------------------

  /** Takes up an incoming method. */
  serve(port: Surrounded): void {
    this.take(port.row, 'incoming');
    this.ports.push(port);
    port.chain = this.chainOf(port.row);
  }

  /** Takes up an outgoing method, so that what is wrong with its mark is found now. */
  call(row: MethodDescriptor): void {
    this.take(row, 'outgoing');
    if (this.marked.has(row)) this.quiet = false;
  }

  private take(row: MethodDescriptor, direction: Direction): void {
    const own = this.ownOf(row, direction);
    this.own.set(row, own);
    if (direction === 'outgoing' && own.length > 0) this.marked.add(row);
  }

  /** Loads what the marks ask for. It belongs to opening: whoever stands there does so from the first call on. */
  async furnish(): Promise<void> {
    this.isOpen = true;
    if (this.unchecked.length === 0) return;
    const { Checks } = await checks.enter();
    this.checks = new Checks(this.checking);
    for (const { row, direction } of this.unchecked.splice(0)) this.take(row, direction);
    this.compose();
  }

  /** The methods whose paths begin so are gone, and with them who stands around them alone. */
  leave(path: string): void {
    const stays = (one: { readonly path: string }): boolean => !one.path.startsWith(path);
    this.ports = this.ports.filter(({ row }) => stays(row));
    this.layers = this.layers.filter(stays);
    this.listeners.removeBelow(path);
    this.compose();
  }

  /** Puts interceptors around the methods whose paths begin so, within those that stand there. Gives what takes them away. */
  use(path: string, interceptors: readonly Interceptor[]): () => void {
    for (const interceptor of interceptors) {
      if (typeof interceptor !== 'function')
        throw new UsageError(`use() takes functions (call, next) => …, not ${String(interceptor)}`);
    }
    const added = interceptors.map((interceptor): Layer => ({ path, interceptor }));
    this.layers = [...this.layers, ...added];
    this.compose();
    return () => {
      this.layers = this.layers.filter((layer) => !added.includes(layer));
      this.compose();
    };
  }

  /** A peer calls what nobody serves; `tables` are those of what there is. */
  unknown({ call: { method, id }, peer }: CallSender, tables: readonly MethodTable[]): void {
    if (this.listeners.of('method.unknown').length === 0) return;
    tellUnknown(this.listeners, this.reports, { path: pathOf(method, tables), method, id, peer });
  }

  // ---- what stands around a call ------------------------------------------------------------------------------------

  /** What stands around the calls of an outgoing method; undefined if nothing does. */
  around(row: MethodDescriptor): MethodChain | undefined {
    if (this.quiet) return undefined;
    let chain = this.chains.get(row);
    if (chain === undefined) {
      chain = this.chainOf(row) ?? NOBODY;
      this.chains.set(row, chain);
    }
    return chain === NOBODY ? undefined : chain;
  }

  /** What stands around the calls of what was passed by reference: what stands around everything on the side. */
  aroundCallbacks(direction: Direction): Run | undefined {
    return this.callbacks[direction];
  }

  /** Listeners have come or gone. */
  recompose(): void {
    this.compose();
  }

  /** Who stands there has changed. */
  private compose(): void {
    const listening = aroundCalls.some((event) => this.listeners.of(event).length > 0);
    this.quiet = !listening && this.marked.size + this.layers.length + this.log.length === 0;
    this.chains = new WeakMap();
    for (const port of this.ports) port.chain = this.chainOf(port.row);
    const run = compose(this.interceptors('', []));
    this.callbacks = run === undefined ? {} : { incoming: run, outgoing: run };
  }

  private chainOf(row: MethodDescriptor): MethodChain | undefined {
    const own = this.own.get(row) ?? [];
    const run = compose(this.interceptors(row.path, own));
    const keepsOrder = own.some((one) => (one as Partial<Validating>).keepsOrder === true);
    return run && new MethodChain(subjectOf(row), run, keepsOrder);
  }

  /** Everybody around the methods of a path; `own` is what a method brings with it. */
  private interceptors(path: string, own: readonly Interceptor[]): Interceptor[] {
    const here = (one: { readonly path: string }): boolean => path.startsWith(one.path);
    const { outermost, innermost } = telling(this.listeners, path, this.reports);
    // Each of these paths begins the next one.
    const layers = this.layers.filter(here).toSorted((a, b) => a.path.length - b.path.length);
    return [...outermost, ...this.log, ...layers.map(({ interceptor }) => interceptor), ...own, ...innermost];
  }

  /** What the mark of a method asks for. */
  private ownOf(row: MethodDescriptor, direction: Direction): readonly Interceptor[] {
    const { use = [] } = row.mark.options;
    const own = [use].flat();
    if (!this.asksForChecks(row, direction)) return own;
    // What is mounted now can be called at once: it is refused where its checks were not loaded.
    if (this.isOpen) this.checks ??= new (checks.must(`what stands around ${row.path}`).Checks)(this.checking);
    if (this.checks !== undefined) return [...own, ...this.checks.of(row, direction)];
    this.unchecked.push({ row, direction });
    return own;
  }

  private asksForChecks(row: MethodDescriptor, direction: Direction): boolean {
    const guarded = direction === 'incoming' && row.mark.options.allow !== undefined;
    return guarded || (this.checking.validate !== 'off' && isValidated(row));
  }
}

const NOBODY = Symbol('nobody');

function subjectOf(row: MethodDescriptor): Subject {
  const { meta, logged = true } = row.mark.options;
  const kind = row.stream ? 'stream' : row.request ? 'request' : 'notification';
  return { kind, path: row.path, method: row.wire, meta, logged };
}
