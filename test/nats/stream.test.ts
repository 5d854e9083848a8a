import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { testKeeper } from '../../src/testing/index.js';
import makeNats from '../../transports/nats.js';
import type { Engine } from '../support/engines.js';
import { nats, startNats } from '../support/nats-server.js';

describe.skipIf(nats.absent)(`a stream of NATS${nats.why}`, () => {
  let engine: Engine;
  let bare: NatsConnection;
  beforeAll(async () => {
    engine = await startNats({ jetstream: true });
    bare = await connect({ servers: `127.0.0.1:${engine.port}` });
  });
  afterAll(async () => {
    await bare.close();
    await engine.end();
  });

  let used = 0;
  const address = (query = ''): string => `nats://127.0.0.1:${engine.port}/jobs.${used}?stream=JOBS${used}${query}`;
  testKeeper(
    { describe, it },
    {
      name: 'a keeper',
      fresh: () => void used++,
      writer: (wire) => makeNats(parseAddress(address()), wire),
      worker: (wire) => makeNats(parseAddress(address('&attempts=3&backoff=50&inFlight=4&lease=2000')), wire),
      async dead() {
        const manager = await jetstreamManager(bare);
        const found: { body: string; reason: string }[] = [];
        const { state } = await manager.streams.info(`JOBS${used}`);
        for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
          const message = await manager.streams.getMessage(`JOBS${used}`, { seq });
          if (message?.subject === `jobs.${used}._dead`)
            found.push({ body: message.string(), reason: message.header.get('Obverse-Reason') });
        }
        return found;
      },
    },
  );
});
