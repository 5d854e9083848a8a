import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TransportSource, topic, UsageError } from '../../src/index.js';
import { balance } from '../../transports/balance.js';
import { Jobs } from '../services/service-spec.js';
import { authority } from '../support/certificates.js';
import { compiledOnce } from '../support/compile-program.js';
import { failure, until } from '../support/core-waiting.js';
import { nats, startNats } from '../support/nats-server.js';
import { allUp, atEnd, balanced, connect, roomName, serve } from './sides.js';

const compiled = compiledOnce(new URL('served-program.ts', import.meta.url));
let program = '';
beforeAll(async () => {
  program = await compiled.path();
});
afterAll(() => compiled.remove());

/** The names that answer so many calls in a row. */
async function names(client: { remote: { who(): Promise<string> } }, count: number): Promise<Set<string>> {
  const found = new Set<string>();
  for (let n = 0; n < count; n++) found.add(await client.remote.who());
  return found;
}

describe('the parts of a balance', () => {
  it.each(['tls', 'wss'])('may be %s:, with certificates of their own', async (scheme) => {
    const known = authority();
    const { cert, key } = known.issue({ name: 'server', usage: 'server' });
    const servers = await Promise.all(
      ['s0', 's1'].map(async (name) => {
        const side = atEnd(await Jobs.serve({ url: `${scheme}://127.0.0.1:0`, cert, key }, { logger: null }));
        side.who.connect(() => name);
        return side;
      }),
    );
    const parts = servers.map(({ address }) => ({ url: address, ca: known.cert }) as TransportSource);
    const { client } = await balanced(parts);
    expect(await names(client, 4)).toEqual(new Set(['s0', 's1']));
    // A part whose certificate nobody knows is left out, and the reason is told.
    const wrong = balance([servers[0]?.address as string, parts[1] as TransportSource]);
    const other = await connect(wrong);
    expect(await names(other, 4)).toEqual(new Set(['s1']));
    await until(() => wrong.parts[0]?.why !== undefined);
    expect(wrong.parts[0]?.why?.message).toMatch(/certificate/);
  });

  it.each([
    ['processes', (): TransportSource => ({ url: 'process:', command: process.execPath, args: [program, 'stdio'] })],
    ['workers', (): TransportSource => `worker:${program}`],
  ])('may be %s, and one that ends is started again', async (_what, part) => {
    const { client, servers } = await balanced([part(), part()]);
    const before = [...(await names(client, 6))];
    expect(before).toHaveLength(2);
    client.told(null, { text: 'end' });
    await until(() => servers.parts.some(({ isUp }) => !isUp));
    await allUp(servers);
    const after = await names(client, 6);
    expect(after.size).toBe(2);
    expect([...after].filter((name) => before.includes(name))).toHaveLength(1);
  });

  it('may dial again by themselves, with reconnect+', async () => {
    const [first, second] = [await serve('s0'), await serve('s1')];
    const { address } = first;
    const { client, servers } = await balanced([{ url: `reconnect+${address}`, delay: 5 }, second]);
    expect(await names(client, 4)).toEqual(new Set(['s0', 's1']));
    await first.close();
    await until(() => servers.parts.some(({ isUp }) => !isUp));
    expect(await names(client, 6)).toEqual(new Set(['s1']));
    await serve('s2', address);
    await allUp(servers);
    expect(await names(client, 4)).toEqual(new Set(['s1', 's2']));
  });

  const needsOne = 'has no link of its own: each call is a request by itself';
  const service = 'is a service of several servers itself: use it without balance:';
  it.each([
    ['http:', () => 'http://127.0.0.1:1/', needsOne],
    ['sqlite:', () => `sqlite:${join(mkdtempSync(join(tmpdir(), 'balance-')), 'jobs.db')}`, needsOne],
    ['memory:?service', () => `${roomName()}?service`, service],
  ])('cannot be %s', async (_scheme, address, why) => {
    const error = await failure(connect(`balance:(${address()})`));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(`cannot be a part of balance:, because it ${why}`);
  });

  it.each(['udp://239.255.79.66:7967', 'memory:bus?bus', 'tcp-server://127.0.0.1:0'])(
    'cannot be %s',
    async (address) => {
      const error = await failure(connect(`balance:(${address})`));
      expect(error).toBeInstanceOf(UsageError);
      expect(error.message).toBe(
        `${error.message.split(' ')[0]} does not dial a peer: each part of balance: is an address that connects`,
      );
    },
  );

  it.skipIf(nats.absent)(`cannot be nats:, which is named${nats.why}`, async () => {
    const engine = await startNats();
    try {
      const error = await failure(connect(`balance:(nats://127.0.0.1:${engine.port}/jobs)`));
      expect(error).toBeInstanceOf(UsageError);
      expect(error.message).toContain(`cannot be a part of balance:, because it ${service}`);
    } finally {
      await engine.end();
    }
  });

  it('cannot be zmq+tcp:, which is named', async () => {
    const { address } = await serve('s0', 'zmq+tcp://127.0.0.1:*');
    const error = await failure(connect(`balance:(${address})`));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(`cannot be a part of balance:, because it ${service}`);
  });

  it('have no topics, and that is said at the call', async () => {
    const { client } = await balanced([await serve('s0')]);
    expect(() => client.to(topic('news')).told({ text: 'x' })).toThrow(
      /^balance: has no topics: to reach several peers/,
    );
    expect((await failure(client.subscribe('news'))).message).toMatch(/^balance: has no topics/);
  });
});
