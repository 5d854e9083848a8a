import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { Link, Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { testTransport } from '../../src/testing/transport.js';
import reconnect from '../../transports/reconnect.js';
import tcp from '../../transports/tcp.js';
import ws from '../../transports/ws.js';
import { closeSides, Side, until, withTransports } from '../support/mux-wire.js';

// Once, and again after an hour: the suite wants no other link.
const hourly = { start: 'once', delay: 3_600_000 } as const;
testTransport(
  { describe, it },
  {
    name: 'reconnect: to tcp',
    first: (wire) => tcp(parseAddress('tcp://127.0.0.1:0'), wire),
    second: (wire, address) =>
      reconnect(parseAddress({ url: `reconnect+${address}`, ...hourly }), withTransports(wire)),
  },
);
testTransport(
  { describe, it },
  {
    name: 'reconnect: to ws',
    first: (wire) => ws(parseAddress('ws://127.0.0.1:0'), wire),
    second: (wire, address) =>
      reconnect(
        parseAddress({ url: 'reconnect:', transport: { url: address, client: 'ws' }, ...hourly }),
        withTransports(wire),
      ),
  },
);

afterEach(closeSides);

const LISTEN = { listen: true };

/** Notes what the transport of a link reports. */
function watched(link: Link): string[] {
  const told: string[] = [];
  link.redialer!.watch = {
    retired: () => {},
    waits: (attempt, ms, why) => void told.push(`${attempt}: ${why.message} (${ms >= 0})`),
    gaveUp: (why) => void told.push(`gave up: ${why.message}`),
  };
  return told;
}

describe('a transport that dials again', () => {
  it('brings up another link when one has ended, with the same redialer', async () => {
    const server = await Side.open('tcp://127.0.0.1:0', LISTEN);
    const client = await Side.open({ url: `reconnect+${server.transport.address}`, delay: [0, 10] });
    const told = watched(client.ears[0]!.link);
    await until(() => server.ears.length === 1);
    server.ears[0]!.link.close();
    await until(() => client.ears.length === 2);
    expect(told[0]).toMatch(/^1: the link to 127\.0\.0\.1:\d+ ended \(true\)$/);
    const [before, now] = client.ears.map(({ link }) => link.redialer);
    expect(now).toBe(before);
    await until(() => server.ears.length === 2);
    server.ears[1]!.link.send(['again']);
    await until(() => client.heard.length === 1);
    client.ears[1]!.link.send(['yes']);
    await until(() => server.heard.length === 1);
  });

  it('waits for a server that is away, and finds it on its return', async () => {
    const server = await Side.open('tcp://127.0.0.1:0', LISTEN);
    const { address } = server.transport;
    const client = await Side.open({ url: `reconnect+${address}`, delay: [1, 20] });
    const told = watched(client.ears[0]!.link);
    await server.transport.close();
    await until(() => told.length > 3);
    expect(told.slice(1).every((text) => text.includes('nobody listens there'))).toBe(true);
    await Side.open(address, LISTEN);
    await until(() => client.ears.length === 2);
  });

  it('never has two inner transports at a time', async () => {
    const server = await Side.open('tcp://127.0.0.1:0', LISTEN);
    const { address } = server.transport;
    const open = new Set<Transport>();
    let most = 0;
    const maker = async (wire: Wire): Promise<Transport> => {
      const inner = await wire.transport(address, false);
      return {
        address,
        open: (accept) => {
          most = Math.max(most, open.add(inner).size);
          return inner.open(accept);
        },
        close: async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          await inner.close();
          open.delete(inner);
        },
      };
    };
    const client = await Side.open({ url: 'reconnect:', delay: 0, transport: maker });
    for (let n = 1; n <= 5; n++) {
      await until(() => server.ears.length === n);
      server.ears[n - 1]!.link.close(new Error('again'));
      await until(() => client.ears.length === n + 1);
    }
    expect(most).toBe(1);
    await client.transport.close();
    expect(open.size).toBe(0);
  });

  it('dials no more once it is closed, and not within its wait', async () => {
    const server = await Side.open('tcp://127.0.0.1:0', LISTEN);
    const client = await Side.open({ url: `reconnect+${server.transport.address}`, delay: 0 });
    await client.transport.close();
    const other = await Side.open({ url: `reconnect+${server.transport.address}`, delay: 50 });
    other.ears[0]!.link.close();
    await until(() => other.ears[0]!.ends.length === 1);
    await other.transport.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([client.ears.length, other.ears.length]).toEqual([1, 1]);
  });

  it('stops after so many tries, and begins again when it is hurried', async () => {
    const server = await Side.open('tcp://127.0.0.1:0', LISTEN);
    const { address } = server.transport;
    const client = await Side.open({ url: `reconnect+${address}`, delay: 0, tries: 3 });
    const told = watched(client.ears[0]!.link);
    await server.transport.close();
    await until(() => told.at(-1)!.startsWith('gave up'));
    expect(told.map((text) => text.slice(0, 7))).toEqual(['1: the ', '2: cann', '3: cann', 'gave up']);
    await Side.open(address, LISTEN);
    client.ears[0]!.link.redialer!.hurry();
    await until(() => client.ears.length === 2);
  });

  it('lets a link stay and dials no more after end()', async () => {
    const server = await Side.open('tcp://127.0.0.1:0', LISTEN);
    const client = await Side.open({ url: `reconnect+${server.transport.address}`, delay: 0 });
    client.ears[0]!.link.redialer!.end();
    client.ears[0]!.link.send(['still here']);
    await until(() => server.heard.length === 1);
    server.ears[0]!.link.close();
    await until(() => client.ears[0]!.ends.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(server.ears).toHaveLength(1);
  });
});

describe('the first attempt', () => {
  it('rejects where nobody listens', async () => {
    const client = await Side.make({ url: 'reconnect+tcp://127.0.0.1:1' });
    await expect(client.open()).rejects.toThrow('cannot connect to tcp://127.0.0.1:1');
  });

  it("is repeated with start: 'retry'", async () => {
    const held = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => held.once('listening', resolve));
    const { port } = held.address() as net.AddressInfo;
    await new Promise((resolve) => held.close(resolve));
    const client = await Side.make({ url: `reconnect+tcp://127.0.0.1:${port}`, start: 'retry', delay: [1, 10] });
    const opening = client.open();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await Side.open(`tcp://127.0.0.1:${port}`, LISTEN);
    await opening;
    expect(client.ears).toHaveLength(1);
  });

  it('rejects with the last reason when the time for connecting is over', async () => {
    const client = await Side.make(
      { url: 'reconnect+tcp://127.0.0.1:1', start: 'retry', delay: [1, 10] },
      { limits: { connectMs: 100 } },
    );
    await expect(client.open()).rejects.toThrow('nobody listens there');
    await client.transport.close();
  });

  it('rejects at once when it is closed meanwhile', async () => {
    const client = await Side.make({ url: 'reconnect+tcp://127.0.0.1:1', start: 'retry', delay: 3_600_000 });
    const opening = client.open();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await client.transport.close();
    await expect(opening).rejects.toThrow(ConnectionLost);
  });

  it.each([
    ['reconnect+tcp://127.0.0.1:0', 'cannot be dialed: expected the port'],
    ['reconnect+nonsense:', 'unknown transport "nonsense"'],
    ['reconnect:(tcp-server://127.0.0.1:0)', 'does not dial a peer'],
  ])('of %s rejects at once, for another one would fail, too', async (address, text) => {
    const client = await Side.make({ url: address, start: 'retry' });
    const error: unknown = await client.open().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(text);
  });

  it('of a mux with two links is refused', async () => {
    const servers = [await Side.open('tcp://127.0.0.1:0', LISTEN), await Side.open('tcp://127.0.0.1:0', LISTEN)];
    const parts = servers.map(({ transport }) => transport.address);
    const client = await Side.make({ url: 'reconnect:', transport: parts, start: 'retry' });
    await expect(client.open()).rejects.toThrow('has several links; give each part a reconnect of its own');
  });
});

describe('addresses', () => {
  const make = (source: Parameters<typeof Side.make>[0], options = {}) => Side.make(source, options);

  it.each([
    ['reconnect+tcp://127.0.0.1:8', 'reconnect+tcp://127.0.0.1:8'],
    ['reconnect:(tcp://127.0.0.1:8)', 'reconnect:(tcp://127.0.0.1:8)'],
    ['restart:10:(process:node worker.js)', 'restart:10:(process:node worker.js)'],
    ['restart:2:tcp://127.0.0.1:8', 'restart:2:tcp://127.0.0.1:8'],
    ['restart::(tcp://127.0.0.1:8)', 'restart::(tcp://127.0.0.1:8)'],
  ])('%s is understood', async (given, address) => {
    expect((await make(given)).transport.address).toBe(address);
  });

  it.each<[Parameters<typeof Side.make>[0], string]>([
    ['reconnect:', 'does not say what to dial; expected an address, as in reconnect+tcp://127.0.0.1:8888'],
    ['restart:10:', 'does not say what to dial'],
    ['restart:0.5:(tcp://127.0.0.1:8)', '0.5 is not a whole number of seconds'],
    ['reconnect:(tcp://127.0.0.1:8)(tcp://127.0.0.1:9)', 'has 2 addresses; expected one'],
    [{ url: 'reconnect+tcp://127.0.0.1:8', tries: 0 }, 'the option "tries" must be a whole number of attempts from 1'],
    [{ url: 'reconnect+tcp://127.0.0.1:8', delay: [10, 1] }, 'the option "delay" must be a number of milliseconds'],
    [{ url: 'reconnect+tcp://127.0.0.1:8', start: 'soon' }, 'the option "start" must be "once" or "retry"'],
    [{ url: 'reconnect+tcp://127.0.0.1:8', transport: 'tcp://127.0.0.1:8' }, 'omit one of them'],
    [{ url: 'reconnect:', transport: 'tcp://127.0.0.1:8', framing: 'nul' }, 'reconnect: unknown option "framing"'],
  ])('%j is refused', async (source, text) => {
    const error: unknown = await make(source).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(text);
  });

  it('passes options of the inner transport on, and refuses those that it does not have', async () => {
    const server = await Side.open('tcp://127.0.0.1:0?framing=nul', LISTEN);
    const { address } = server.transport;
    expect(address).toContain('?framing=nul');
    await Side.open({ url: `reconnect+${address}`, keepAlive: 1_000 });
    const wrong = await make({ url: `reconnect+${address}`, keepalive: 1_000 });
    await expect(wrong.open()).rejects.toThrow('tcp: has no option "keepalive"');
  });

  it('cannot be served', async () => {
    await expect(make('reconnect+tcp://127.0.0.1:0', LISTEN)).rejects.toThrow('dials, and cannot be served');
  });
});
