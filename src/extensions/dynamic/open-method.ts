import type { RpcEndpoint } from '../../api/endpoint.js';
import { isThenable } from '../../base/promise-like.js';
import { IncomingMethod } from '../../calls/incoming-method.js';
import type { Call } from '../../contract/contract.js';
import type { CallSender } from '../../session/incoming-calls/call-sender.js';
import { undeclaredMethod } from '../../spec/undeclared-method.js';
import type { AnyHandler } from '../../types/dynamic.js';
import { collect } from '../streams/collect.js';
import { isStream } from '../streams/is-stream.js';

/** The kind of a method without a spec: the caller chooses it. */
export type Kind = 'notification' | 'request' | 'stream';

/** The kind that a call asks for. */
export function kindOf({ id, about }: Call): Kind {
  if (id === undefined) return 'notification';
  return about?.window === undefined ? 'request' : 'stream';
}

/** A method that was added at run time. Its calls are handled like all others. */
export class OpenMethod {
  private readonly methods: { [K in Kind]?: IncomingMethod } = {};

  /** `target` is the function that was passed as the handler. */
  constructor(
    private readonly endpoint: RpcEndpoint,
    readonly path: string,
    readonly wire: string,
    private readonly handler: AnyHandler,
    readonly target: object,
  ) {}

  /** Runs a call: returns its result or a promise of it, or throws. */
  serve(sender: CallSender): unknown {
    const kind = kindOf(sender.call);
    const method = this.methods[kind] ?? this.make(kind);
    method.layered = this.endpoint.layers.incomingOf(method.descriptor);
    return method.serve(sender);
  }

  private make(kind: Kind): IncomingMethod {
    const method = new IncomingMethod(
      undeclaredMethod('incoming', kind, this.path, this.wire),
      undefined,
      this.endpoint,
    );
    method.connect(kind === 'request' ? listing(this.handler) : this.handler);
    this.methods[kind] = method;
    return method;
  }
}

/** A caller that did not ask for a stream gets the items of one in a list. */
function listing(handler: AnyHandler): AnyHandler {
  return (sender, ...args) => {
    const given = handler(sender, ...args);
    const listed = (value: unknown): unknown => (hasItems(value) ? collect(sender as CallSender, value) : value);
    return isThenable(given) ? Promise.resolve(given).then(listed) : listed(given);
  };
}

/** Whether a value is a stream, or a generator's return value; other iterables are data. */
function hasItems(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isStream(value) || (Symbol.iterator in value && typeof (value as { next?: unknown }).next === 'function');
}
