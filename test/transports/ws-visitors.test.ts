import http from 'node:http';
import { type AddressInfo, connect as connectSocket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { certificate } from '../support/ws-certificate.js';
import { closeSides, connect, serve } from '../support/ws-sides.js';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await closeSides();
  for (const end of ends.splice(0).reverse()) await end();
});

interface Answered {
  readonly status: number;
  readonly text: string;
}

/** Requests an upgrade with these headers, byte for byte; `Host` is that of the address by default. */
function shake(
  address: string,
  headers: Readonly<Record<string, string | undefined>>,
  version = '1.1',
): Promise<Answered> {
  const { hostname, port, host, pathname } = new URL(address);
  const all: Record<string, string | undefined> = {
    Host: host,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return new Promise((resolve, reject) => {
    const socket = connectSocket(Number(port), hostname.replace(/[[\]]/g, ''));
    let came = '';
    const done = (): void => {
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(came)?.[1]);
      socket.destroy();
      resolve({ status, text: came.slice(came.indexOf('\r\n\r\n') + 4) });
    };
    socket.setEncoding('utf8').on('data', (text) => {
      came += text;
      if (came.startsWith('HTTP/1.1 101') && came.includes('\r\n\r\n')) done();
    });
    socket.on('error', reject).on('end', done);
    socket.write([`GET ${pathname} HTTP/${version}`, ...lines, '', ''].join('\r\n'));
  });
}
const statusOf = async (address: string, headers: Record<string, string | undefined>): Promise<number> =>
  (await shake(address, headers)).status;

/** A server of the application that listens on loopback. */
async function application(): Promise<http.Server> {
  const server = http.createServer((_request, response) => response.end('page'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return server;
}
const portOf = (server: http.Server): number => (server.address() as AddressInfo).port;

describe.each([
  ['a server of its own', async (options: object) => (await serve({ url: 'ws://127.0.0.1:0', ...options })).address],
  [
    'a server of the application',
    async (options: object) => {
      const server = await application();
      await serve({ url: 'ws:', server, ...options });
      return `ws://127.0.0.1:${portOf(server)}`;
    },
  ],
])('%s', (_name, open) => {
  it('is not hijacked by a page of another site: its Origin differs from the Host', async () => {
    const address = await open({});
    const { host, port } = new URL(address);
    const origins = [
      'https://evil.example',
      'http://evil.example',
      `http://evil.example:${port}`,
      'null',
      'file://',
      '',
    ];
    const looks = [
      `http://127.0.0.1.evil.example:${port}`,
      `http://localhost.evil.example`,
      `http://${host}@evil.example`,
    ];
    const others = [
      'http://1270.0.0.1',
      'http://localhostile',
      'chrome-extension://abcdefgh',
      `https://evil.example, http://${host}`,
    ];
    for (const Origin of [...origins, ...looks, ...others])
      expect([Origin, await statusOf(address, { Origin })]).toEqual([Origin, 403]);
  });

  it('accepts clients without an Origin, and pages of its own host', async () => {
    const address = await open({});
    expect(await statusOf(address, {})).toBe(101);
    expect(await statusOf(address, { Origin: address.replace('ws:', 'http:') })).toBe(101);
  });

  it.each(['localhost', 'app.localhost', '127.0.0.1', '127.1.2.3', '[::1]', 'LOCALHOST', 'localhost.'])(
    'accepts pages of %s at any port, for development servers, and that Host',
    async (name) => {
      const address = await open({});
      for (const Origin of [`http://${name}:5173`, `https://${name}`, `http://${name}`])
        expect(await statusOf(address, { Origin })).toBe(101);
      expect(await statusOf(address, { Host: name, Origin: 'http://localhost:5173' })).toBe(101);
      expect(await statusOf(address, { Host: `${name}:1`, Origin: 'http://localhost:5173' })).toBe(101);
      expect(await statusOf(address, { Host: name })).toBe(101);
    },
  );

  it('is protected against DNS rebinding: another Host over loopback', async () => {
    const address = await open({});
    const { port } = new URL(address);
    for (const Host of [
      `evil.example:${port}`,
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '10.0.0.1',
    ]) {
      expect(await statusOf(address, { Host, Origin: `http://${Host}` })).toBe(403);
      expect(await statusOf(address, { Host })).toBe(403);
    }
  });

  it.each([
    ['X-Forwarded-For', '203.0.113.7'],
    ['Forwarded', 'for=203.0.113.7;proto=https'],
  ])('can be reached through a proxy on the same machine that sends %s', async (name, value) => {
    const address = await open({});
    const proxied = { Host: 'chat.example.com', [name]: value };
    expect(await statusOf(address, proxied)).toBe(101);
    // The proxy has ended TLS, or has not; a default port may be written out, or not.
    for (const Origin of ['https://chat.example.com', 'http://chat.example.com', 'https://CHAT.example.com'])
      expect(await statusOf(address, { ...proxied, Origin })).toBe(101);
    expect(
      await statusOf(address, { ...proxied, Host: 'chat.example.com:443', Origin: 'https://chat.example.com' }),
    ).toBe(101);
    expect(
      await statusOf(address, { ...proxied, Host: 'chat.example.com:8443', Origin: 'https://chat.example.com:8443' }),
    ).toBe(101);
    for (const Origin of [
      'https://evil.example',
      'https://example.com',
      'https://chat.example.com:8443',
      'http://chat.example.com:443',
      'http://localhost:5173',
      'null',
    ])
      expect([Origin, await statusOf(address, { ...proxied, Origin })]).toEqual([Origin, 403]);
  });

  it('accepts the configured origins, and no others', async () => {
    const address = await open({
      origins: ['https://example.com', 'https://*.example.org', 'http://dev.test:*', 'null'],
    });
    const taken = [
      'https://example.com',
      'https://example.com:443',
      'https://a.example.org',
      'https://a.b.example.org',
      'http://dev.test:3000',
      'http://dev.test',
      'null',
    ];
    const refused = [
      'http://example.com',
      'https://example.com:444',
      'https://a.example.com',
      'https://example.org',
      'https://badexample.org',
      'https://dev.test',
      'http://localhost',
      'file://',
      `${address.replace('ws', 'http')}`,
    ];
    for (const Origin of taken) expect([Origin, await statusOf(address, { Origin })]).toEqual([Origin, 101]);
    for (const Origin of refused) expect([Origin, await statusOf(address, { Origin })]).toEqual([Origin, 403]);
    expect(await statusOf(address, {})).toBe(101);
  });

  it('accepts all origins with *, but still no other Host', async () => {
    const address = await open({ origins: ['*'] });
    for (const Origin of ['https://evil.example', 'null', 'file://'])
      expect(await statusOf(address, { Origin })).toBe(101);
    expect(await statusOf(address, { Host: 'evil.example' })).toBe(403);
  });

  it('accepts the configured hosts, and no others', async () => {
    const address = await open({ hosts: ['chat.example.com', '*.example.org', 'one.test:8080', '[::1]'] });
    const taken = [
      'chat.example.com',
      'chat.example.com:81',
      'CHAT.example.com.',
      'a.example.org:1',
      'one.test:8080',
      '[::1]',
      '[::1]:5',
    ];
    const refused = ['example.com', 'example.org', 'one.test', 'one.test:80', '127.0.0.1', 'localhost', ''];
    for (const Host of taken) expect([Host, await statusOf(address, { Host })]).toEqual([Host, 101]);
    for (const Host of refused) expect([Host, await statusOf(address, { Host })]).toEqual([Host, 403]);
    expect(await statusOf(address, { Host: 'evil.example', 'X-Forwarded-For': '203.0.113.7' })).toBe(403);
  });

  it('reports which option to set, on both sides, and quotes the received value', async () => {
    const address = await open({});
    const evil = `https://evil.example/${'x'.repeat(5_000)}`;
    const { status, text } = await shake(address, { Origin: evil });
    expect(status).toBe(403);
    expect(text).toMatch(
      /^the Origin "https:\/\/evil\.example\/x+"… \(\d+ more characters\) is not accepted: it differs from the Host, "127\.0\.0\.1:\d+"; to accept it, add it to the option "origins" of the ws: address$/,
    );
    expect((await shake(address, { Host: 'evil.example' })).text).toBe(
      'the Host "evil.example" is not accepted: this server is reached over a loopback address, and not through a proxy; to accept it, add it to the option "hosts" of the ws: address',
    );
    await expect(connect({ url: address, headers: { Origin: 'https://evil.example' } })).rejects.toThrow(
      'refused the handshake: 403 Forbidden: the Origin "https://evil.example" is not accepted',
    );
  });
});

describe('a refused client', () => {
  it('is reported to the logger once for each reason, not once for each of a flood, with the option and the received value', async () => {
    const said: string[] = [];
    const logger = { warn: (text: string) => said.push(text), error: () => {} };
    const { address } = await serve(undefined, { logger });
    for (let n = 0; n < 20; n++) await shake(address, { Origin: 'https://evil.example' });
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`${address} refused a connection: the Origin "https://evil.example" is not accepted`);
    expect(said[0]).toContain('the option "origins"');
    for (let n = 0; n < 20; n++) await shake(address, { Host: 'evil.example' });
    expect(said).toHaveLength(2);
    expect(said[1]).toContain('the Host "evil.example" is not accepted');
    expect(said[1]).toContain('the option "hosts"');
  });

  it('is refused before it counts as a peer, also by a server of wss:', async () => {
    const { address } = await serve(undefined, { limits: { peers: 1 } });
    expect(await statusOf(address, { Origin: 'https://evil.example' })).toBe(403);
    await connect(address);
    const secure = await serve({ url: 'wss://127.0.0.1:0', ...certificate() });
    const dial = (headers: object) => connect({ url: secure.address, verify: 'none', headers });
    await expect(dial({ Origin: 'https://evil.example' })).rejects.toThrow('403 Forbidden');
    await expect(dial({ Host: 'evil.example' })).rejects.toThrow('403 Forbidden');
    await dial({ Origin: 'https://localhost:5173' });
  });
});

describe('the public name of a server', () => {
  it('is accepted as the Host, if its address has one', async () => {
    const server = await application();
    await serve({ url: 'ws://chat.example.com/rpc', server });
    const address = `ws://127.0.0.1:${portOf(server)}/rpc`;
    expect(await statusOf(address, { Host: 'chat.example.com' })).toBe(101);
    expect(await statusOf(address, { Host: 'chat.example.com', Origin: 'https://chat.example.com' })).toBe(101);
    expect(await statusOf(address, { Host: 'evil.example' })).toBe(403);
  });

  it('can be a list in the query of its address', async () => {
    const { address } = await serve('ws://127.0.0.1:0?origins=https://a.example, https://*.b.example&hosts=*');
    expect(await statusOf(address, { Origin: 'https://a.example', Host: 'any.example' })).toBe(101);
    expect(await statusOf(address, { Origin: 'https://c.b.example' })).toBe(101);
    expect(await statusOf(address, { Origin: 'https://c.example' })).toBe(403);
  });
});

describe('a side with all options', () => {
  class Desk extends RemoteAPI {
    @incoming({ hasReply: true }) ask(_sender: Sender): Reply<string> {}
  }
  it('answers accepted clients', async () => {
    await using server = await Desk.serve(
      { url: 'ws://127.0.0.1:0', origins: ['https://app.example'] },
      { logger: null },
    );
    server.ask.connect(() => 'here');
    const dial = (Origin: string) =>
      Desk.invert().connect({ url: server.address, headers: { Origin } }, { logger: null });
    await using client = await dial('https://app.example');
    expect(await client.remote.ask()).toBe('here');
    await expect(dial('https://evil.example')).rejects.toThrow('403 Forbidden');
  });
});
