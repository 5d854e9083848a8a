import { quote } from '../base/quote.js';
import type { Call } from '../contract/contract.js';
import { Code, RpcError } from '../contract/errors.js';
import type { CallSender } from '../session/peer.js';
import type { MethodDescriptor, MethodTable } from '../spec/method-table.js';
import type { AnyHandler } from '../types/dynamic.js';
import type { CallingSide } from './calling-side.js';
import type { IncomingMethod } from './incoming-method.js';

/** What may be called on a side, by the names on the wire: what its spec declares first, then what was set or mounted. */
export class Dispatcher {
  readonly ports = new Map<string, IncomingMethod>();
  /** Why what else is declared may not be called. */
  readonly refusals = new Map<string, string>();
  /** Those of the spec, and of what is mounted. */
  tables: MethodTable[] = [];

  /** `ignoring`: notifications that nobody handles are dropped without a word. */
  constructor(
    private readonly hub: CallingSide,
    private readonly ignoring: boolean,
  ) {}

  /** The paths of the declared methods without a handler that begin so. */
  unhandled(prefix: string): string[] {
    const all = [...this.ports.values()].filter(({ handlers }) => handlers.length === 0);
    return all.map(({ row }) => row.path).filter((path) => path.startsWith(prefix));
  }

  /** Whether a method of this name is declared as incoming, or was set. */
  handles(method: string): boolean {
    return this.ports.has(method) || this.hub.attached.methods?.find(method, this.refusals.get(method)) !== undefined;
  }

  /** Carries a call out: gives its answer or a promise of it, or throws. */
  serve(sender: CallSender): unknown {
    const { method } = sender.call;
    const port = this.ports.get(method);
    if (port !== undefined) return port.serve(sender);
    const { requests } = this.hub;
    const request = Object.hasOwn(requests, method) ? requests[method] : undefined;
    return request === undefined ? this.serveOther(sender) : request.serve(sender);
  }

  private serveOther(sender: CallSender): unknown {
    const { method } = sender.call;
    const refusal = this.refusals.get(method);
    const open = this.hub.attached.methods?.find(method, refusal);
    if (open !== undefined) return open.serve(sender);
    this.hub.middleware.unknown(sender, this.tables);
    if (this.ignores(sender.call)) return undefined;
    const why = refusal ?? this.hub.attached.methods?.why(method) ?? 'is unknown';
    throw new RpcError(`the method ${quote(method)} ${why}`, Code.MethodNotFound);
  }

  /** Who handles a declared method that has no handler of its own; undefined if nobody does. */
  standIn(row: MethodDescriptor, call: Call): AnyHandler | undefined {
    return this.hub.attached.methods?.standIn(row) ?? (this.ignores(call) ? () => undefined : undefined);
  }

  private ignores({ id }: Call): boolean {
    return id === undefined && this.ignoring;
  }
}
