import type { EventListeners } from '../../api/event-listeners.js';
import type { Reports } from '../../api/reports.js';
import type { CallSender } from '../../session/peer.js';
import type { MethodDescriptor, MethodTable } from '../../spec/method-table.js';
import type { Interceptor } from '../../types/interceptor.js';
import { middleware } from '../rooms.js';
import { isValidated, mustBeAskable } from '../validation/askable.js';
import type { CheckOptions } from '../validation/checks.js';
import type { Run } from './chain.js';
import type { MethodChain } from './method-chain.js';
import type { Direction, Middleware, MiddlewareOptions, Surrounded } from './middleware.js';

/**
 * Whether anybody stands around the calls of a side, and who. The room for that is loaded when the side is opened, if an option or a
 * mark asks for somebody; without it, nobody stands anywhere.
 */
export class Surroundings {
  private middleware: Middleware | undefined;
  private ports: Surrounded[] = [];
  private rows: MethodDescriptor[] = [];
  private asked: boolean;
  private isOpen = false;

  constructor(
    private readonly options: MiddlewareOptions,
    private readonly reports: Reports,
    private readonly listeners: EventListeners,
    private readonly checking: CheckOptions,
  ) {
    this.asked = options.use !== undefined || (options.logCalls ?? false) !== false;
    if (middleware.here !== undefined) this.furnished(middleware.here);
  }

  private furnished({ Middleware }: NonNullable<typeof middleware.here>): Middleware {
    const made = new Middleware(this.options, this.reports, this.listeners, this.checking);
    for (const row of this.rows) made.call(row);
    for (const port of this.ports) made.serve(port);
    this.ports = [];
    this.rows = [];
    this.middleware = made;
    return made;
  }

  /** Those who stand there. Throws a UsageError if the room for them is not there: `what` needs it. */
  private now(what: string): Middleware {
    return this.middleware ?? this.furnished(middleware.must(what));
  }

  // ---- what there is to stand around --------------------------------------------------------------------------------

  /** Takes up an incoming method. Throws a UsageError for schemas that could never be asked. */
  serve(port: Surrounded): void {
    const { row } = port;
    this.judge(row, row.mark.options.allow !== undefined);
    if (this.middleware === undefined) this.ports.push(port);
    else this.middleware.serve(port);
  }

  /** Takes up an outgoing method, so that what is wrong with its mark is found now. */
  call(row: MethodDescriptor): void {
    this.judge(row, false);
    if (this.middleware === undefined) this.rows.push(row);
    else this.middleware.call(row);
  }

  private judge(row: MethodDescriptor, guarded: boolean): void {
    const validates = this.checking.validate !== 'off';
    if (validates) mustBeAskable(row);
    if (!guarded && row.mark.options.use === undefined && !(validates && isValidated(row))) return;
    this.asked = true;
    // What is mounted now can be called at once: nobody may be left out.
    if (this.isOpen) this.now(`what stands around ${row.path}`);
  }

  /** Loads what the options and the marks ask for. It belongs to opening: whoever stands there does so from the first call on. */
  async furnish(): Promise<void> {
    if (this.asked && this.middleware === undefined) this.furnished(await middleware.enter());
    this.isOpen = true;
    await this.middleware?.furnish();
  }

  /** The methods whose paths begin so are gone, and with them who stands around them alone. */
  leave(path: string): void {
    this.ports = this.ports.filter(({ row }) => !row.path.startsWith(path));
    this.rows = this.rows.filter((row) => !row.path.startsWith(path));
    this.middleware?.leave(path);
  }

  // ---- who stands there ---------------------------------------------------------------------------------------------

  /** Puts interceptors around the methods whose paths begin so, within those that stand there. Gives what takes them away. */
  use(path: string, interceptors: readonly Interceptor[]): () => void {
    return this.now('use()').use(path, interceptors);
  }

  /** Who stands there has changed. */
  recompose(): void {
    this.middleware?.recompose();
  }

  /** A peer calls what nobody serves; `tables` are those of what there is. */
  unknown(sender: CallSender, tables: readonly MethodTable[]): void {
    this.middleware?.unknown(sender, tables);
  }

  /** What stands around the calls of an outgoing method; undefined if nothing does. */
  around(row: MethodDescriptor): MethodChain | undefined {
    return this.middleware?.around(row);
  }

  /** What stands around the calls of what was passed by reference; undefined if nothing does. */
  aroundCallbacks(direction: Direction): Run | undefined {
    return this.middleware?.aroundCallbacks(direction);
  }
}
