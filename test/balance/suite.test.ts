import { describe, it } from 'vitest';
import type { Accept, Transport, Wire } from '../../src/contract/contract.js';
import '../../src/index.js';
import { makeTransport } from '../../src/plugins/registry.js';
import { testService } from '../../src/testing/index.js';
import { balance } from '../../transports/balance.js';
import { withTransports } from '../support/mux-wire.js';
import { allUp, roomName, socketPath } from './sides.js';

/** Open once all parts are up: the suite counts on all servers that it has opened. */
function client(wire: Wire, addresses: readonly string[]): Transport {
  const servers = balance(addresses, { delay: [1, 50] });
  const transport = servers(withTransports(wire));
  const open = transport.open.bind(transport);
  transport.open = async (accept: Accept): Promise<void> => {
    await open(accept);
    await allUp(servers);
  };
  return transport;
}

const places: Readonly<Record<string, () => string>> = {
  tcp: () => 'tcp://127.0.0.1:0',
  ws: () => 'ws://127.0.0.1:0',
  unix: socketPath,
  memory: roomName,
};

describe.each(Object.entries(places))('the suite of services over balance: with parts over %s', (scheme, place) => {
  testService(
    { describe, it },
    {
      name: `balance:(${scheme})`,
      server: (wire) => makeTransport(place(), withTransports(wire)),
      client,
      gaps: {
        'gives calls to a server that comes after the client': 'who connects names the servers; `add` adds one',
        'gives a retired server no more calls, and carries the answers of those that it has':
          'the core of a server that drains tells its peers (`rpc.leaving`); retire() alone only ends the listening',
        'ends the links of members with the link to the service, once, however often that is closed':
          'the core ends them, each when everything for it was sealed and sent',
      },
    },
  );
});
