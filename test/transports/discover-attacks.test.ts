import net, { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionLost, UsageError } from '../../src/index.js';
import { FoundServers } from '../../transports/discover/found.js';
import { connect, endAll, group, later, raw, refusal, serve } from '../support/discovery.js';
import { freePort } from '../support/engines.js';

afterEach(endAll);

const reason = await refusal();

/** A port that accepts connections, and never sends anything. */
async function silentPort(): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** Announces the same addresses again and again until the test ends. */
async function flood(query: string, addresses: readonly string[]): Promise<void> {
  const other = await raw(query);
  const timer = setInterval(() => {
    for (const [n, address] of addresses.entries()) void other.advertise(address, `forged-server-${n}`);
  }, 5);
  later(() => clearInterval(timer));
  await other.until(() => other.heard.length >= addresses.length);
}

describe.skipIf(reason !== '')(`a forged announcement${reason === '' ? '' : ` (n/a: ${reason})`}`, () => {
  it('of servers that accept a connection and stay silent does not use up the time for the real one', async () => {
    const query = await group();
    const port = await silentPort();
    await serve(`discover:desk(ws://127.0.0.1:0)?${query}`, 'real');
    await flood(
      query,
      Array.from({ length: 5 }, (_, n) => `ws://127.0.0.1:${port}/${n}`),
    );
    for (let round = 0; round < 6; round++) {
      const client = await connect(`discover:desk?${query}`, { limits: { connectMs: 5_000 } });
      expect(await client.whoAreYou(null)).toBe('real');
    }
  });

  it('of 64 closed ports does not keep the real server out', async () => {
    const query = await group();
    await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, 'real');
    await flood(
      query,
      Array.from({ length: 64 }, (_, n) => `tcp://127.0.0.1:${n + 1}`),
    );
    for (let round = 0; round < 4; round++) {
      const client = await connect(`discover:desk?${query}`, { limits: { connectMs: 10_000 } });
      expect(await client.whoAreYou(null)).toBe('real');
    }
  });

  it('of many closed ports makes no long error', async () => {
    const query = await group();
    await flood(
      query,
      Array.from({ length: 64 }, (_, n) => `tcp://127.0.0.1:${n + 1}`),
    );
    const error = await connect(`discover:desk?${query}`, { limits: { connectMs: 3_000 } }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(String(error)).toMatch(/none of the servers that have answered can be reached\. .*\. And \d+ more$/);
    expect(String(error).length).toBeLessThan(1_000);
    const all = await connect(`discover:desk?${query}&all`).catch((thrown: unknown) => thrown);
    expect(String(all)).toMatch(/no part of balance: can be reached: .*; and \d+ more$/);
    expect(String(all).length).toBeLessThan(1_500);
  });

  it('of an address that cannot be a part does not stop a side that shares its calls among all', async () => {
    const query = await group();
    await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, 'real');
    const port = await freePort();
    await flood(query, [`http://127.0.0.1:${port}/`, `tcp://127.0.0.1:${port}?framing=none`]);
    for (let round = 0; round < 4; round++) {
      const client = await connect(`discover:desk?${query}&all`);
      expect(await client.whoAreYou(null)).toBe('real');
    }
  });

  it('does not keep a server out that starts later, where calls are shared among all', async () => {
    const query = await group();
    await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, 'first');
    const client = await connect(`discover:desk?${query}&all`);
    await flood(
      query,
      Array.from({ length: 64 }, (_, n) => `tcp://127.0.0.1:${n + 1}`),
    );
    await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, 'second');
    const names = new Set<string>();
    while (names.size < 2) {
      names.add(await client.whoAreYou(null));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([...names].sort()).toEqual(['first', 'second']);
  }, 60_000);

  it.each(['', '&all', '&schemes=tls,wss'])(
    'is not waited for to find that options of "dial" are misspelt, with%s',
    async (more) => {
      const query = await group();
      for (const prefix of ['', 'reconnect+']) {
        if (prefix !== '' && more === '&all') continue;
        const url = `${prefix}discover:desk?${query}${more}`;
        const dialing = connect({ url, dial: { kepAlive: 1_000 } } as never);
        const error = await dialing.catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(UsageError);
        expect(String(error)).toMatch(/the option "dial" fits none of the transports that may be dialed: .*kepAlive/);
      }
    },
  );
});

it.each([[[]], ['tcp'], [null], [{ url: 'tcp://127.0.0.1:1' }]])(
  'refuses %j as the options of what is dialed',
  async (dial) => {
    const error = await connect({ url: 'discover:desk', dial } as never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toMatch(/"dial" must be an object with the options of the transport that connects/);
  },
);

describe('the list of servers that were found', () => {
  const advertise = (id: number | string, address: string) =>
    ({ method: 'advertise', name: 'desk', id: `server-${id}`, address }) as const;
  const list = () => new FoundServers('desk', { allowed: ['tcp'], otherwise: '' });

  it('has room for each machine, although one announces servers without end', () => {
    const found = list();
    for (let n = 0; n < 1_000; n++) found.take(advertise(n, `tcp://10.0.0.1:${n}`), '10.0.0.1');
    expect(found.servers.size).toBe(64);
    for (let n = 0; n < 8; n++) expect(found.take(advertise(0, 'tcp://*:1'), `10.0.0.${n + 10}`)).toBe(true);
    for (let n = 0; n < 1_000; n++) found.take(advertise(n, `tcp://10.0.0.1:${n + 5_000}`), '10.0.0.1');
    expect(found.servers.size).toBe(64);
    for (let n = 0; n < 8; n++) expect(found.addresses).toContain(`tcp://10.0.0.${n + 10}:1`);
  });

  it('keeps what is in use', () => {
    const found = list();
    found.isUsed = (address) => address === 'tcp://10.0.0.1:7';
    for (let n = 0; n < 1_000; n++) found.take(advertise(n, `tcp://10.0.0.1:${n}`), '10.0.0.1');
    expect(found.addresses).toContain('tcp://10.0.0.1:7');
    found.isUsed = () => true;
    expect(found.take(advertise(0, 'tcp://*:1'), '10.0.0.2')).toBe(false);
  });

  it('is dialed in turns of the machines that have announced, and each address once', () => {
    const found = list();
    for (let n = 0; n < 60; n++) found.take(advertise(n, `tcp://10.0.0.1:${n}`), '10.0.0.1');
    found.take(advertise(0, 'tcp://*:1'), '10.0.0.2');
    expect([found.next(), found.next()]).toContain('tcp://10.0.0.2:1');
    expect(found.servers.size).toBe(59);
    expect(found.take(advertise(99, 'tcp://10.0.0.2:1'), '10.0.0.3')).toBe(false);
  });

  it('loses and changes no server by messages from another machine', () => {
    const found = list();
    found.take(advertise(1, 'tcp://*:1'), '10.0.0.1');
    expect(found.take({ method: 'depart', name: 'desk', id: 'server-1' }, '10.0.0.2')).toBe(false);
    found.take(advertise(1, 'tcp://*:2'), '10.0.0.2');
    expect([...found.addresses]).toEqual(['tcp://10.0.0.1:1', 'tcp://10.0.0.2:2']);
    expect(found.take({ method: 'depart', name: 'desk', id: 'server-1' }, '10.0.0.1')).toBe(true);
    expect([...found.addresses]).toEqual(['tcp://10.0.0.2:2']);
  });

  it.each([
    ...['127.0.0.1', '127.1', '0.0.0.0', '0', '2130706433', '0x7f000001', '017700000001', '0x7f.1', 'localhost'],
    ...['LOCALHOST.', 'a.localhost', '[::1]', '[0:0:0:0:0:0:0:1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
    ...['[::1%251]', '[::1%lo]', '256.1.1.1', '[::ffff:10.0.0.1]'],
  ])('has no server of another machine at %s', (host) => {
    const found = list();
    expect(found.take(advertise(1, `tcp://${host}:1`), '192.0.2.9')).toBe(false);
  });

  it.each([
    '10.0.0.1',
    'desk.example',
    '127.example',
    '[fe80::1%25eth0]',
    '[2001:db8::1]',
    '[::1:1]',
    'localhost.example',
  ])('has a server of another machine at %s', (host) => {
    const found = list();
    expect(found.take(advertise(1, `tcp://${host}:1`), '192.0.2.9')).toBe(true);
  });
});
