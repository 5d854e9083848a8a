import { printable } from '../base/quote.js';
import { IncomingMethod } from '../calls/incoming-method.js';
import { AnswersOfMany } from '../extensions/multicast/gathered-replies.js';
import { Consumer } from '../extensions/streams/consumer.js';
import { CallSender } from '../session/peer.js';
import type { RpcEndpoint } from './endpoint.js';
import { RemoteAPI } from './remote-api.js';
import { endpointOf, madeOf, views } from './side-class.js';

/** What `console.log` of Node, Bun and Deno asks an object for. */
const INSPECT: symbol = Symbol.for('nodejs.util.inspect.custom');

/**
 * Lets `console.log` show sides, their views, senders, streams and gathered answers in a line, instead of all that stands behind
 * them. Consoles of browsers do not ask, and so pages do without.
 */
export function showInConsole(): void {
  showAs(RemoteAPI.prototype as object, (side) => {
    const hub = endpointOf(side) as RpcEndpoint;
    const { name } = madeOf(side).table.spec;
    const { state, peers } = hub.roster;
    return `${name}${hub.inverted ? '.invert()' : ''} { ${state()}, ${count(peers.size, 'peer')} }`;
  });
  showAs(views, (view) => `Calls { ${namesIn(view).join(', ')} }`);
  showAs(
    IncomingMethod.prototype,
    ({ row, handlers }) => `Incoming ${row.path} { ${count(handlers.length, 'handler')} }`,
  );
  showAs(CallSender.prototype, ({ id, call }) => `Sender ${printable(id)} { call of ${printable(call.method)} }`);
  showAs(Consumer.prototype, ({ upstream }) => (upstream === undefined ? 'Stream' : `Stream ${upstream.title}`));
  showAs(AnswersOfMany.prototype, ({ path, parts }) => {
    const settled = parts.filter(({ outcome }) => outcome !== undefined).length;
    return `Gathering ${path} { ${count(settled, 'answer')} of ${count(parts.length, 'peer')} }`;
  });
}

function showAs<P extends object>(prototype: P, textOf: (self: P) => string): void {
  Object.defineProperty(prototype, INSPECT, {
    configurable: true,
    value(this: P): string {
      try {
        return textOf(this);
      } catch {
        // What has the prototype and is no such object.
        return '[Obverse]';
      }
    },
  });
}

/** What can be called on a view: all of it stands in the prototype, `detailed` as well. */
function namesIn(view: object): string[] {
  return Object.keys(Object.getPrototypeOf(view) as object).filter((name) => name !== 'detailed');
}

/** A number of things: `1 peer`, `2 peers`. */
function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`;
}
