import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, customer, eventsOf, failure, onlyPeer, Served, until } from './sides.js';

afterEach(closeAll);

const pairs = [
  ['jrpc', 'msgpack'],
  ['msgpack', 'jrpc'],
  ['jrpc', 'terse'],
  ['msgpack', 'terse'],
] as const;

describe.each(pairs)('a side with the codec %s that dials a server with %s over tcp', (own, other) => {
  it('rejects at once, and says why, also where the first attempt is repeated', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0', { codec: other, logger: null });
    for (const start of ['once', 'retry'] as const) {
      const reconnect = { start, delay: 1 };
      const error = await failure(customer(shop.address, { codec: own, logger: null, reconnect }));
      expect((error as Error).message).toMatch(/expects|does not understand the codec|column 1/);
    }
    await until(() => shop.side.peers.size === 0);
  });

  it('does not dial for ever where the server has come back with another codec', async () => {
    const shop = await Served.at('tcp://127.0.0.1:0', { codec: own });
    const { address } = shop;
    const side = await customer(address, { codec: own, logger: null, reconnect: { delay: 20 } });
    const told = eventsOf(side);
    await shop.side.close();
    await until(() => onlyPeer(side)?.isAway === true);
    const waiting = failure(side.remote.buy({ what: 'milk' }));
    await Served.at(address, { codec: other, logger: null });
    expect(await waiting).toMatchObject({ name: 'ConnectionLost', maybeExecuted: false });
    await until(() => told.at(-1)?.startsWith('lost') === true);
    expect(told.at(-1)).toMatch(/expects|does not understand the codec|column 1/);
    expect(side.peers.size).toBe(0);
  });
});
