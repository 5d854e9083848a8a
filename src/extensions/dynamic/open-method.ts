import type { RpcEndpoint } from '../../api/endpoint.js';
import { isThenable } from '../../base/promise-like.js';
import { IncomingMethod } from '../../calls/incoming-method.js';
import type { Call } from '../../contract/contract.js';
import type { CallSender } from '../../session/peer.js';
import { undeclaredMethod } from '../../spec/undeclared-method.js';
import type { AnyHandler } from '../../types/dynamic.js';
import { collect } from '../streams/collect.js';
import { isStream } from '../streams/is-stream.js';

/** What a method without a spec can be: whoever calls it says so. */
export type Kind = 'notification' | 'request' | 'stream';

/** What a call asks for. */
export function kindOf({ id, about }: Call): Kind {
  if (id === undefined) return 'notification';
  return about?.window === undefined ? 'request' : 'stream';
}

/** A method that can be called because somebody has said so while the side runs. Its calls go the way of all others. */
export class OpenMethod {
  private readonly methods: { [K in Kind]?: IncomingMethod } = {};

  /** `target` is what was given as the handler. */
  constructor(
    private readonly hub: RpcEndpoint,
    readonly path: string,
    readonly wire: string,
    private readonly handler: AnyHandler,
    readonly target: object,
  ) {}

  /** Carries a call out: gives its answer or a promise of it, or throws. */
  serve(sender: CallSender): unknown {
    const kind = kindOf(sender.call);
    const method = this.methods[kind] ?? this.make(kind);
    method.layered = this.hub.layers.incomingOf(method.descriptor);
    return method.serve(sender);
  }

  private make(kind: Kind): IncomingMethod {
    const method = new IncomingMethod(undeclaredMethod('incoming', kind, this.path, this.wire), undefined, this.hub);
    method.connect(kind === 'request' ? listing(this.handler) : this.handler);
    this.methods[kind] = method;
    return method;
  }
}

/** Who asks for no stream, and meets one, gets its items in a list. */
function listing(handler: AnyHandler): AnyHandler {
  return (sender, ...args) => {
    const given = handler(sender, ...args);
    const listed = (value: unknown): unknown => (hasItems(value) ? collect(sender as CallSender, value) : value);
    return isThenable(given) ? Promise.resolve(given).then(listed) : listed(given);
  };
}

/** Whether a value is a stream, or what a generator gives; what is iterable otherwise is data. */
function hasItems(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isStream(value) || (Symbol.iterator in value && typeof (value as { next?: unknown }).next === 'function');
}
