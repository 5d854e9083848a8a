import { afterEach, expect, it } from 'vitest';
import { endpointOf } from '../../src/api/side-class.js';
import type { SessionJournal } from '../../src/extensions/resume/session-journal.js';
import type { RpcSession } from '../../src/session/rpc-session.js';
import { stopClock } from '../../src/testing/clock.js';
import { until } from '../support/core-waiting.js';
import { atEnd, clear, Desk, serve } from './resuming.js';

afterEach(clear);

it.each([
  ['ws://127.0.0.1:0', 'jrpc'],
  ['ws://127.0.0.1:0', 'msgpack'],
  ['tcp://127.0.0.1:0', 'jrpc'],
] as const)(
  'a client whose link was cut because it was stalled goes on over another one: %s, %s',
  async (address, codec) => {
    const { server, seen } = await serve(address, {
      resume: { bytes: 64 * 1024 },
      codec,
      limits: { stalledMs: 20_000 },
    });
    const client = await Desk.invert().connect(server.address, { codec, logger: null, reconnect: { delay: 1 } });
    atEnd(() => client.close());
    client.told.connect((_sender, { n }) => void seen.told.push(n));
    for (const event of ['disconnect', 'resumed', 'lost'] as const)
      client.on(event, () => void seen.client.push(event));
    await client.remote.ask({ n: 1 });
    const [session] = endpointOf(client).peerRegistry.allSessions() as RpcSession[];
    const journal = session?.journal as SessionJournal;
    const acknowledge = journal.acknowledge.bind(journal);
    journal.acknowledge = () => {};
    const clock = stopClock();
    atEnd(() => clock.restore());
    for (let n = 0; n < 40; n++) server.remote.told({ n, text: 'x'.repeat(4_000) });
    await until(() => seen.told.length > 10);
    expect(seen.told.length).toBeLessThan(40);
    await clock.turn(21_000);
    journal.acknowledge = acknowledge;
    clock.restore();
    await until(() => seen.told.length === 40);
    expect(seen.told).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(await client.remote.ask({ n: 2 })).toBe(4);
    expect(seen.client).toEqual(['resumed']);
    expect(seen.server).toEqual(['connect', 'resumed']);
  },
);
