import { afterAll, beforeAll, describe, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import '../../src/index.js';
import { testService } from '../../src/testing/index.js';
import makeNats from '../../transports/nats.js';
import type { Engine } from '../support/engines.js';
import { nats, startNats } from '../support/nats-server.js';

describe.skipIf(nats.absent)(`the suite of services over NATS${nats.why}`, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startNats();
  });
  afterAll(() => engine.end());

  let used = 0;
  const address = () => parseAddress(`nats://127.0.0.1:${engine.port}/suite.${used}?beat=400`);
  testService(
    { describe, it },
    {
      name: 'nats',
      fresh: () => void used++,
      server: (wire) => makeNats(address(), wire),
      client: (wire) => makeNats(address(), wire),
      async interrupt() {
        await engine.kill();
        return () => engine.start();
      },
    },
  );
});
