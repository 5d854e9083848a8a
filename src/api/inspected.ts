import { printable } from '../base/quote.js';
import { IncomingMethod } from '../calls/incoming-method.js';
import { CallSender } from '../session/incoming-calls/call-sender.js';
import type { RpcEndpoint } from './endpoint.js';
import { RemoteAPI } from './remote-api.js';
import { count, showAs } from './show-as.js';
import { classesOf, endpointOf, views } from './side-class.js';

/**
 * Lets `console.log` show sides, their views and senders in a line, instead of all that stands behind
 * them. Consoles of browsers do not ask, and so pages do without.
 */
export function showInConsole(): void {
  showAs(RemoteAPI.prototype as object, (side) => {
    const endpoint = endpointOf(side) as RpcEndpoint;
    const { name } = classesOf(side).table.spec;
    const { state, peers } = endpoint.peerRegistry;
    return `${name}${endpoint.inverted ? '.invert()' : ''} { ${state()}, ${count(peers.size, 'peer')} }`;
  });
  showAs(views, (view) => `Calls { ${namesIn(view).join(', ')} }`);
  showAs(
    IncomingMethod.prototype,
    ({ descriptor, handlers }) => `Incoming ${descriptor.path} { ${count(handlers.length, 'handler')} }`,
  );
  showAs(CallSender.prototype, ({ id, call }) => `Sender ${printable(id)} { call of ${printable(call.method)} }`);
}

/** The members of a view: all of them are on its prototype, `detailed` as well. */
function namesIn(view: object): string[] {
  return Object.keys(Object.getPrototypeOf(view) as object).filter((name) => name !== 'detailed');
}
