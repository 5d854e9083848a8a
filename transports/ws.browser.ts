import { readOptions } from '../src/contract/address.js';
import type { TransportFactory } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { dialed, WebSocketDialer } from './shared/web-socket/dial.js';
import { offers, readProtocols } from './shared/web-socket/hello.js';
import { connectStandard, standardWebSocket } from './shared/web-socket/standard.js';

/**
 * `ws://host:port/path` and `wss:` over the WebSocket of the runtime, where there is no other implementation: in
 * browsers, and as a client in Deno and Bun. The query belongs to the server's application and is sent with the
 * address. The only option, set in an object, is `protocols`: subprotocols of the application.
 */
const ws: TransportFactory = (address, wire) => {
  if (wire.form === 'values') throw new UsageError('ws: carries text or bytes, not values; use another codec');
  if (wire.listen) throw new UsageError('ws: a browser cannot serve; connect to the side that listens');
  const WebSocket = standardWebSocket();
  if (WebSocket === undefined) throw new UsageError('ws: this runtime has no WebSocket');
  const target = dialed(address);
  const options = readOptions(target.own, { protocols: 'any', keepAlive: 'any' });
  if (options.keepAlive !== undefined) {
    throw new UsageError(
      'ws: the WebSocket of a browser cannot send pings, so there is no "keepAlive"; set it on the server',
    );
  }
  const protocols = readProtocols(options.protocols);
  return new WebSocketDialer(
    target.address,
    wire,
    connectStandard(WebSocket, target),
    offers(wire, protocols),
    protocols,
  );
};

export default ws;
