import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { ConnectionLost, UsageError } from '../../src/index.js';
import { testTransport } from '../../src/testing/index.js';
import { type GroupMessage, read, written } from '../../transports/discover/messages.js';
import discover from '../../transports/discover.js';
import { blocksOf } from '../docs/pages.js';
import { connect, Desk, endAll, Guest, group, later, raw, refusal, serve } from '../support/discovery.js';
import { freePort } from '../support/engines.js';
import { withTransports } from '../support/mux-wire.js';

afterEach(endAll);

const reason = await refusal();
if (reason === '') {
  const query = await group();
  testTransport(
    { describe, it },
    {
      name: 'discover: with tcp',
      first: (wire) => discover(parseAddress(`discover:desk(tcp://127.0.0.1:0)?${query}`), withTransports(wire)),
      second: (wire, address) => discover(parseAddress(`${address}&interface=127.0.0.1`), withTransports(wire)),
    },
  );
}

describe.skipIf(reason !== '')(`discover:${reason === '' ? '' : ` (n/a: ${reason})`}`, () => {
  it('finds a server by its name, and uses the address that its announcement came from', async () => {
    const query = await group();
    await serve(`discover:desk(tcp://0.0.0.0:0)?${query}`, 'the desk');
    await serve(`discover:other(tcp://0.0.0.0:0)?${query}`, 'another');
    const client = await connect(`discover:desk?${query}`);
    expect(await client.whoAreYou(null)).toBe('the desk');
    expect([...client.peers.values()][0]?.info.remoteAddress).toBe('127.0.0.1');
  });

  it.each([
    ['ws://127.0.0.1:0/desk', 'ws'],
    ['http://127.0.0.1:0/desk', 'http'],
  ])('finds a server at %s', async (url, scheme) => {
    const query = await group();
    await serve(`discover:desk(${url})?${query}`, 'the desk');
    const client = await connect(`discover:desk?${query}&schemes=${scheme}`);
    expect(await client.whoAreYou(null)).toBe('the desk');
  });

  it('waits for a server that starts later', async () => {
    const query = await group();
    const watcher = await raw(query);
    const connecting = connect(`discover:desk?${query}`);
    await watcher.until(() => watcher.heard.filter(({ method }) => method === 'seek').length > 1);
    await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, 'late');
    expect(await (await connecting).whoAreYou(null)).toBe('late');
  });

  it('spreads clients over the servers', async () => {
    const query = await group();
    for (const name of ['a', 'b']) await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, name);
    const names = await Promise.all(
      Array.from({ length: 24 }, async () => (await connect(`discover:desk?${query}`)).whoAreYou(null)),
    );
    expect([...new Set(names)].sort()).toEqual(['a', 'b']);
  });

  it('knows the servers that answered while it was busy', async () => {
    const query = await group();
    const other = await raw(query);
    const desks = await Promise.all(['a', 'b'].map((name) => serve('tcp://127.0.0.1:0', name)));
    const connecting = Array.from({ length: 24 }, () => connect(`discover:desk?${query}`));
    await other.until(() => other.heard.length > 0);
    await other.advertise(desks[0]?.address as string, 'the-id-of-server-a');
    await other.until(() => other.heard.some(({ method }) => method === 'advertise'));
    // All clients have heard of the first server when this round of the event loop is over.
    await new Promise((resolve) => setImmediate(resolve));
    void other.advertise(desks[1]?.address as string, 'the-id-of-server-b');
    await new Promise<void>((resolve) => process.nextTick(() => process.nextTick(resolve)));
    for (const end = performance.now() + 100; performance.now() < end; );
    const names = await Promise.all(connecting.map(async (client) => (await client).whoAreYou(null)));
    expect([...new Set(names)].sort()).toEqual(['a', 'b']);
  });

  it('with reconnect, finds another server when its own is gone', async () => {
    const query = await group();
    const first = await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, 'first');
    const client = await connect(`reconnect+discover:desk?${query}`);
    expect(await client.whoAreYou(null)).toBe('first');
    const again = new Promise((resolve) => client.on('reconnected', resolve));
    await first.close();
    await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, 'second');
    await again;
    expect(await client.whoAreYou(null)).toBe('second');
  });

  it('announces the end of a server that retires or closes', async () => {
    const query = await group();
    const watcher = await raw(query);
    const server = await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, 'short');
    await server.close();
    await watcher.until(() => watcher.heard.some(({ method }) => method === 'depart'));
    const [first, last] = watcher.heard;
    expect([first?.method, last?.method, watcher.heard.length]).toEqual(['advertise', 'depart', 2]);
    expect(last?.params).toEqual({ name: 'desk', id: first?.params.id });
    const left = connect(`discover:desk?${query}`, { limits: { connectMs: 300 } });
    await expect(left).rejects.toThrow(
      /no server of the name "desk" has answered in the group 239\.255\.79\.66:\d+ within 300 ms/,
    );
  });

  it('rejects with the reason of each server that cannot be reached', async () => {
    const query = await group();
    const other = await raw(query);
    const port = await freePort();
    const connecting = connect(`discover:desk?${query}`);
    await other.until(() => other.heard.length > 0);
    await other.advertise(`tcp://127.0.0.1:${port}`);
    const error = await connecting.catch((thrown: unknown) => thrown as Error);
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(String(error)).toContain(`none of the servers that have answered can be reached. tcp://127.0.0.1:${port}: `);
    expect((error as ConnectionLost).maybeExecuted).toBe(false);
  });

  it('goes on to the next server if the first one cannot be reached', async () => {
    const query = await group();
    const other = await raw(query);
    const port = await freePort();
    await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, 'alive');
    for (let round = 0; round < 8; round++) {
      const sought = other.heard.length;
      const connecting = connect(`discover:desk?${query}`);
      await other.until(() => other.heard.slice(sought).some(({ method }) => method === 'seek'));
      await other.advertise(`tcp://127.0.0.1:${port}`);
      expect(await (await connecting).whoAreYou(null)).toBe('alive');
    }
  });

  it('stops when it is closed while it seeks', async () => {
    const query = await group();
    const side = Guest.create({ transport: `discover:desk?${query}`, logger: null });
    const watcher = await raw(query);
    const opening = side.open();
    await watcher.until(() => watcher.heard.length > 0);
    await side.close();
    await expect(opening).rejects.toThrow(/closed/);
  });

  it.each([
    ['runs a program', 'process:node -e 1'],
    ['is a file', 'unix:/tmp/a-socket'],
    ['has an option that turns off a check', 'tls://127.0.0.1:1?rejectUnauthorized=off'],
    ['names another address within', 'reconnect+tcp://127.0.0.1:1'],
    ['has no port', 'tcp://127.0.0.1'],
    ['has a user and a password', 'ws://ann:secret@127.0.0.1:1/'],
    ['is too long', `ws://127.0.0.1:1/${'a'.repeat(300)}`],
  ])('ignores an announced address that %s', async (_what, address) => {
    const query = await group();
    const other = await raw(query);
    const connecting = connect(`discover:desk?${query}`, { limits: { connectMs: 400 } });
    await other.until(() => other.heard.length > 0);
    await other.advertise(address);
    await expect(connecting).rejects.toThrow(/no server of the name "desk" has answered/);
  });

  it('ignores datagrams that are no messages of a group', async () => {
    const query = await group();
    const other = await raw(query);
    await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, 'alive');
    for (const text of [
      '',
      '[]',
      'null',
      '{"method":"seek"}',
      '{"method":"seek","params":null}',
      '{"method":"advertise","params":{"name":5}}',
    ])
      await other.send(text === '' ? ' ' : text);
    await other.send({ method: 'seek', params: { name: 'desk', padding: 'x'.repeat(2_000) } });
    expect(await (await connect(`discover:desk?${query}`)).whoAreYou(null)).toBe('alive');
  });

  it('keeps 64 of the servers that somebody announces without end', async () => {
    const query = await group();
    const other = await raw(query);
    const port = await freePort();
    const connecting = connect(`discover:desk?${query}`);
    await other.until(() => other.heard.length > 0);
    for (let n = 0; n < 200; n++)
      await other.advertise(`tcp://127.0.0.1:${port}/`.replace(/\/$/, ''), `server-number-${n}`);
    const error = await connecting.catch((thrown: unknown) => thrown as Error);
    // The same address is tried once.
    expect(String(error).match(/ECONNREFUSED/g)).toHaveLength(1);
  });

  it('answers a flood of clients that seek with a few announcements to the group, and nobody directly', async () => {
    const query = await group();
    const flood = await raw(query);
    await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, 'alive');
    const begun = performance.now();
    for (let n = 0; n < 300; n++) await flood.send({ method: 'seek', params: { name: 'desk' } });
    // Datagrams may be lost; one that was sent after all others is repeated until it has arrived.
    const repeating = setInterval(() => void flood.send({ method: 'last' }), 20);
    later(() => clearInterval(repeating));
    await flood.until(() => flood.heard.some(({ method }) => method === 'last'));
    const announced = flood.heard.filter(({ method }) => method === 'advertise').length;
    expect(announced).toBeGreaterThan(0);
    expect(announced).toBeLessThanOrEqual(2 + (performance.now() - begun) / 100);
  });

  it('dials only the schemes that the option lists, and says what was announced', async () => {
    const query = await group();
    await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, 'plain');
    const connecting = connect(`discover:desk?${query}&schemes=tls,wss`, { limits: { connectMs: 300 } });
    await expect(connecting).rejects.toThrow(
      /a server at 127\.0\.0\.1 announces tcp:, which the option "schemes" does not list/,
    );
  });

  it('shares the calls among all servers, those that come later too, and leaves out those that end', async () => {
    const query = await group();
    const a = await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, 'a');
    await serve(`discover:desk(ws://127.0.0.1:0)?${query}`, 'b');
    const client = await connect(`discover:desk?${query}&all`);
    const among = async (names: readonly string[]) => {
      for (;;) {
        const answers = await Promise.all(names.map(() => client.whoAreYou(null)));
        if (answers.sort().join() === names.join()) return;
      }
    };
    await among(['a', 'b']);
    await serve(`discover:desk(tcp://127.0.0.1:0)?${query}`, 'c');
    await among(['a', 'b', 'c']);
    await a.close();
    await among(['b', 'c']);
    expect(await Promise.all(Array.from({ length: 4 }, () => client.whoAreYou(null)))).not.toContain('a');
  });

  it('with all, rejects if no server answers or can be reached', async () => {
    const query = await group();
    const other = await raw(query);
    const options = { limits: { connectMs: 400 } };
    await expect(connect(`discover:desk?${query}&all`, options)).rejects.toThrow(
      /no server of the name "desk" has answered/,
    );
    const sought = other.heard.length;
    const connecting = connect(`discover:desk?${query}&all`, options);
    await other.until(() => other.heard.length > sought);
    await other.advertise(`tcp://127.0.0.1:${await freePort()}`);
    await expect(connecting).rejects.toThrow(/no part of balance: can be reached/);
  });

  it('passes the options of `dial` and `transport` on', async () => {
    const query = await group();
    await serve(
      { url: `discover:desk?${query}`, transport: { url: 'tcp://0.0.0.0:0', framing: 'nul' } } as never,
      'nul',
    );
    const client = await connect({ url: `discover:desk?${query}`, dial: { keepAlive: 1_000 } } as never);
    expect(await client.whoAreYou(null)).toBe('nul');
    const wrong = connect({ url: `discover:desk?${query}`, dial: { kepAlive: 1_000 } } as never);
    await expect(wrong).rejects.toThrow(/has no option "kepAlive"; did you mean keepAlive/);
  });
});

/** The network interface with a link-local IPv6 address, which all interfaces with IPv6 have. */
const [zone = ''] = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
  addresses.some(({ address, internal }) => address.startsWith('fe80:') && !internal) ? [name] : [],
);

describe.skipIf(zone === '')(
  `discover: over IPv6${zone === '' ? ' (n/a: no interface has a link-local address)' : ''}`,
  () => {
    it.each([
      ['of the link', 'ff02', 'tcp'],
      ['of the site', 'ff05', 'tcp'],
    ])('finds a server in a group %s', async (_what, scope, scheme) => {
      const query = `group=[${scope}::4f42]:${await freePort()}&interface=::%25${zone}`;
      await serve(`discover:desk(${scheme}://[::]:0)?${query}`, 'the desk');
      const client = await connect(`discover:desk?${query}`);
      expect(await client.whoAreYou(null)).toBe('the desk');
      expect([...client.peers.values()][0]?.info.remoteAddress).toContain(':');
    });
  },
);

it.each([
  ['discover:', /has no name to discover/],
  ['discover:two words', /has no name to discover/],
  [
    'discover:desk(tcp://127.0.0.1:1)',
    /names where to listen, which is for the side that serves; expected discover:desk/,
  ],
  ['discover:desk?groop=1', /has no option "groop"; did you mean group/],
  ['discover:desk?ttl=0', /"ttl" must be a whole number from 1 to 255, not 0/],
  ['discover:desk?interface=eth0', /"interface" must be a local IP address, as in 192\.168\.1\.5, not "eth0"/],
  ['discover:desk?group=[ff02::1]:1&interface=::1%25', /"interface" must be a network, as in ::%eth0 /],
  ['discover:desk?group=[ff02::1]:1&interface=127.0.0.1', /"interface" must be a network, as in ::%eth0 /],
  ['discover:desk?group=239.1.1.1', /"group" must be an IP address and a port/],
  ['discover:desk?by=pending', /"by" says which of all servers gets a call; it needs the option "all"/],
  ['discover:desk?schemes=tcp,ftp', /"schemes" must be a list of tcp, tls, ws, wss, http, https, not "tcp,ftp"/],
])('refuses to connect to %s', async (url, text) => {
  const error = await Guest.connect(url as never, { logger: null }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  expect(String(error)).toMatch(text);
});

it.each([
  ['discover:desk', /does not say where to listen; expected an address in brackets, as in discover:desk\(tcp/],
  ['discover:desk(tcp://127.0.0.1:0)(ws://127.0.0.1:0)', /has 2 addresses; expected one/],
  ['discover:desk(memory:desk)', /memory:desk cannot be announced; expected an address of tcp, tls/],
  ['discover:desk(tcp://127.0.0.1:0)?schemes=tcp', /"schemes" is for the side that connects/],
])('refuses to serve %s', async (url, text) => {
  const error = await Desk.serve(url as never, { logger: null }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  expect(String(error)).toMatch(text);
});

it('writes and reads the datagrams of docs/wire.md', () => {
  const lines =
    blocksOf('docs/wire.md')
      .find(({ info }) => info === 'text datagrams of discover')
      ?.code.trim()
      .split('\n') ?? [];
  const id = 'Zm9vYmFyYmF6cXV4';
  const messages: GroupMessage[] = [
    { method: 'seek', name: 'chat' },
    { method: 'advertise', name: 'chat', address: 'tcp://*:4711', id },
    { method: 'depart', name: 'chat', id },
  ];
  expect(messages.map((message) => Buffer.from(written(message)).toString())).toEqual(lines);
  expect(lines.map((line) => read(Buffer.from(line)))).toEqual(messages);
});
