import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { standardTypes } from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import type { Engine } from '../support/engines.js';
import { nats, startNats } from '../support/nats-server.js';
import { closeEnds, type LinkEnd, NatsEnd } from './ends.js';
import { Work } from './nats-spec.js';

describe.skipIf(nats.absent)(`a NATS server that is killed and started again${nats.why}`, () => {
  let engine: Engine;
  beforeEach(async () => {
    engine = await startNats();
  });
  afterEach(async () => {
    await closeEnds();
    await engine.end();
  });

  const url = (query = ''): string => `nats://127.0.0.1:${engine.port}/orders${query}`;
  /** Kills the server; resolves when the sides have noticed. */
  async function kill(...ends: LinkEnd[]): Promise<void> {
    await engine.kill();
    await until(() => ends.every(({ link }) => link.away === true));
  }

  it('delivers in order what was sent meanwhile, to workers and to callers', async () => {
    const worker = await NatsEnd.open(url(), { listen: true });
    const caller = await NatsEnd.open(url());
    const service = await caller.link(0);
    service.call(1);
    const asked = await worker.link(0);
    await asked.until(() => asked.frames.length === 1);
    await kill(service, asked);
    for (let id = 2; id <= 50; id++) service.call(id);
    for (let id = 1; id <= 50; id++) asked.link.send([`answer ${id}`]);
    await engine.start();
    await asked.until(() => asked.frames.length === 50);
    const member = await caller.link(1);
    await member.until(() => member.frames.length === 50);
    expect(asked.frames).toEqual(Array.from({ length: 50 }, (_, at) => `call ${at + 1}`));
    expect(member.frames).toEqual(Array.from({ length: 50 }, (_, at) => `answer ${at + 1}`));
    expect([service, asked, member].map(({ link, ends }) => [link.away, ends])).toEqual([
      [false, []],
      [false, []],
      [false, []],
    ]);
    expect(service.outcomes).toEqual([]);
  });

  it('is named by the error of a call that times out meanwhile', async () => {
    await using _worker = await Work.serve(url(), { logger: null, types: standardTypes });
    await using caller = await Work.invert().connect(url(), { logger: null, types: standardTypes });
    await engine.kill();
    await until(() => [...caller.peers.values()].every(({ isAway }) => isAway));
    await expect(caller.to(null, { timeout: 20 }).add({ a: 1, b: 2 })).rejects.toThrow(
      /^add was not answered in time: .*; the connection to the server of NATS is lost, and is being restored$/,
    );
  });

  it('waits for workers and callers that come back later', async () => {
    const late = { url: url(), reconnectTimeWait: 1_000, reconnectJitter: 0 };
    const worker = await NatsEnd.open(late, { listen: true });
    const caller = await NatsEnd.open(url());
    const service = await caller.link(0);
    service.call(1);
    const asked = await worker.link(0);
    await kill(service, asked);
    await engine.start();
    await until(() => service.link.away === false);
    for (let id = 2; id <= 5; id++) service.call(id);
    await asked.until(() => asked.frames.length === 5);
    expect(asked.frames).toEqual(['call 1', 'call 2', 'call 3', 'call 4', 'call 5']);
    expect(service.outcomes).toEqual([]);
  });

  it('ends the link of a worker that does not come back: a call to it was not carried out', async () => {
    const worker = await NatsEnd.open({ url: url(), maxReconnectAttempts: 1 }, { listen: true });
    const caller = await NatsEnd.open(url());
    const service = await caller.link(0);
    service.call(1);
    const asked = await worker.link(0);
    await kill(service, asked);
    service.call(2);
    await asked.until(() => asked.ends.length === 1);
    expect(asked.ends[0]).toMatchObject({ name: 'ConnectionLost', message: expect.stringContaining('was lost') });
    await engine.start();
    await service.settled();
    expect(service.outcomes[0]).toMatchObject([2, { maybeExecuted: false }]);
    service.call(3);
    await service.settled(2);
    expect(service.outcomes[1]).toMatchObject([3, { maybeExecuted: false }]);
  });

  it('closes during the outage at once, and flush waits for its end', async () => {
    const worker = await NatsEnd.open(url(), { listen: true });
    const caller = await NatsEnd.open(url());
    const service = await caller.link(0);
    service.call(1);
    const asked = await worker.link(0);
    await kill(service, asked);
    service.call(2);
    await caller.transport.close();
    expect(service.ends).toEqual([undefined]);
    asked.link.send(['answer']);
    const flushed = worker.transport.flush!();
    await engine.start();
    await flushed;
    expect(asked.link.away).toBe(false);
  });

  it('keeps no more for others than limits.bufferedBytes', async () => {
    const worker = await NatsEnd.open(url(), { listen: true, limits: { bufferedBytes: 100 } });
    const caller = await NatsEnd.open(url());
    const service = await caller.link(0);
    service.call(1);
    const asked = await worker.link(0);
    await kill(service, asked);
    for (let at = 0; at < 9; at++) worker.transport.broadcast?.(['x'.repeat(40)]);
    expect(worker.reports).toEqual([expect.stringContaining('too many wait until the connection is restored')]);
  });
});
