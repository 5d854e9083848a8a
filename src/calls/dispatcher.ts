import { quote } from '../base/quote.js';
import type { Call } from '../contract/contract.js';
import { Code, RpcError } from '../contract/errors.js';
import type { CallSender } from '../session/incoming-calls/call-sender.js';
import type { MethodDescriptor, MethodTable } from '../spec/method-table.js';
import type { AnyHandler } from '../types/dynamic.js';
import type { CallingSide } from './calling-side.js';
import type { IncomingMethod } from './incoming-method.js';
import { UnknownMethod } from './unknown-method.js';

/** The methods that can be called on a side, by their names on the wire: those of its spec first, then those that were set or mounted. */
export class Dispatcher {
  readonly methods = new Map<string, IncomingMethod>();
  /** Why other declared methods cannot be called. */
  readonly refusals = new Map<string, string>();
  /** Those of the spec, and of what is mounted. */
  tables: MethodTable[] = [];
  private readonly unknown = new UnknownMethod((sender) => this.refuse(sender));

  /** `ignoring`: notifications without a handler are dropped without a report. */
  constructor(
    private readonly side: CallingSide,
    private readonly ignoring: boolean,
  ) {
    side.layers.bindIncoming(this.unknown);
  }

  /** The paths of the declared methods without a handler that begin so. */
  unhandled(prefix: string): string[] {
    const all = [...this.methods.values()].filter(({ handlers }) => handlers.length === 0);
    return all.map(({ descriptor }) => descriptor.path).filter((path) => path.startsWith(prefix));
  }

  /** Whether a method of this name is declared as incoming, or was set. */
  handles(method: string): boolean {
    return (
      this.methods.has(method) || this.side.attached.methods?.find(method, this.refusals.get(method)) !== undefined
    );
  }

  /** Runs a call: returns its answer or a promise of it, or throws. */
  serve(sender: CallSender): unknown {
    const name = sender.call.method;
    const method = this.methods.get(name);
    return method === undefined ? this.serveOther(sender, name) : method.serve(sender);
  }

  private serveOther(sender: CallSender, name: string): unknown {
    const { requests } = this.side;
    const request = Object.hasOwn(requests, name) ? requests[name] : undefined;
    if (request !== undefined) return request.serve(sender);
    const other = this.side.attached.methods?.find(name, this.refusals.get(name)) ?? this.unknown;
    return other.serve(sender);
  }

  /** The method is not served: throws, or ignores the call. */
  private refuse({ call }: CallSender): undefined {
    if (this.ignores(call)) return undefined;
    const { method } = call;
    const why = this.refusals.get(method) ?? this.side.attached.methods?.why(method) ?? 'is unknown';
    throw new RpcError(`the method ${quote(method)} ${why}`, Code.MethodNotFound);
  }

  /** The handler of a declared method that has none of its own; undefined if there is none. */
  fallback(method: MethodDescriptor, call: Call): AnyHandler | undefined {
    return this.side.attached.methods?.fallback(method) ?? (this.ignores(call) ? () => undefined : undefined);
  }

  private ignores({ id }: Call): boolean {
    return id === undefined && this.ignoring;
  }
}
