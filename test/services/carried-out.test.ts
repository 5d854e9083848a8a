import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Code, RpcError, release } from '../../src/index.js';
import { connect, roomName, serve } from '../balance/sides.js';
import { failure } from '../support/core-waiting.js';
import type { Engine } from '../support/engines.js';
import { nats, startNats } from '../support/nats-server.js';
import type { Worker } from './service-spec.js';

/* Busy says that a call was not carried out, and has it sent again: so no call that a handler has begun is answered with it. */

const limits = { totalBytes: 200_000 };

/** What a handler does that must be done once, and the code that the caller receives. */
const handlers: Readonly<Record<string, readonly [run: () => Promise<string>, code: number]>> = {
  'whose answer finds no room': [async () => 'x'.repeat(250_000), Code.TooLarge],
  'that throws an RpcError with the code of a busy side': [
    async () => {
      throw new RpcError('quota', Code.Busy);
    },
    Code.Application,
  ],
  'that passes on the error of a busy side that it has called': [
    async () => {
      const far = await serve('far', roomName(), { limits: { streams: 1 } });
      far.count.connect(async function* () {
        for (;;) yield 1;
      });
      const caller = await connect(far.address);
      const first = caller.remote.count({ to: 2 })[Symbol.asyncIterator]();
      await first.next();
      try {
        for await (const _ of caller.remote.count({ to: 2 }));
        return 'not refused';
      } catch (error) {
        expect(error).toMatchObject({ name: 'RemoteError', code: Code.Busy });
        throw error;
      } finally {
        await first.return?.();
      }
    },
    Code.Application,
  ],
};

describe.each(Object.entries(handlers))('a call to a handler %s', (_what, [run, code]) => {
  async function runs(address: string | ((servers: readonly Worker[]) => string), urls: readonly string[]) {
    let count = 0;
    const servers = await Promise.all(urls.map((url, n) => serve(`s${n}`, url, { limits })));
    for (const server of servers)
      server.slow.connect(() => {
        count++;
        return run();
      });
    const client = await connect(typeof address === 'string' ? address : address(servers));
    const error = await failure<RpcError>(client.remote.slow({ n: 1 }));
    return { count, code: error.code };
  }

  it('is carried out once over balance:', async () => {
    const tcp = 'tcp://127.0.0.1:0';
    const address = (servers: readonly Worker[]) => `balance:${servers.map((each) => `(${each.address})`).join('')}`;
    expect(await runs(address, [tcp, tcp])).toEqual({ count: 1, code });
  });

  it('is carried out once over http:', async () => {
    expect(await runs(([server]) => server!.address, ['http://127.0.0.1:0'])).toEqual({ count: 1, code });
  });

  describe.skipIf(nats.absent)(`with NATS${nats.why}`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await startNats();
    });
    afterAll(() => engine.end());

    it('is carried out once over nats:', async () => {
      const url = `nats://127.0.0.1:${engine.port}/once`;
      expect(await runs(url, [url, url])).toEqual({ count: 1, code });
    });
  });
});

it('a result that passes more references than the peer may hold is too large, not busy', async () => {
  const server = await serve('s', 'tcp://127.0.0.1:0', { limits: { references: 1 } });
  let count = 0;
  server.counter.connect(() => {
    count++;
    return () => 1;
  });
  const client = await connect(`balance:(${server.address})`);
  const first = await client.remote.counter();
  expect(await failure(client.remote.counter())).toMatchObject({ code: Code.TooLarge });
  expect(count).toBe(2);
  await release(first);
});
