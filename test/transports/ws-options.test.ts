import http from 'node:http';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { parseAddress } from '../../src/contract/address.js';
import type { AddressObject } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import browser from '../../transports/ws.browser.js';
import ws from '../../transports/ws.js';
import { certificate } from '../support/ws-certificate.js';
import { closeSides, connect, connectStandard, Side, serve, wire } from '../support/ws-sides.js';

// Node 20 has no WebSocket; that of the package has the standard interface too.
const runtime = globalThis as unknown as { WebSocket: typeof WebSocket };
beforeAll(() => {
  runtime.WebSocket ??= WebSocket;
});
afterEach(closeSides);

type Source = string | AddressObject;
const listen = (source: Source) => (): unknown => ws(parseAddress(source), wire({ listen: true }));
const dial = (source: Source) => () => ws(parseAddress(source), wire());
const inBrowser = (source: Source, listening = false) => {
  return () => browser(parseAddress(source), wire({ listen: listening }));
};

describe('invalid options', () => {
  it.each<[string, () => unknown]>([
    ['carries text or bytes, not values', () => ws(parseAddress('ws://h:1'), { ...wire(), form: 'values' })],
    ['carries text or bytes, not values', () => browser(parseAddress('ws://h:1'), { ...wire(), form: 'values' })],
    ['has no option "heders"', dial({ url: 'ws://h:1', heders: {} })],
    ['has no option "heders"', listen({ url: 'ws://h:1', heders: {} })],
    ['has no option "headers"; there are protocols', inBrowser({ url: 'ws://h:1', headers: {} })],
    ['"server" is for the side that listens', dial({ url: 'ws://h:1', server: http.createServer() })],
    ['"headers" is for the side that dials', listen({ url: 'ws://h:1', headers: {} })],
    ['"origins" is for the side that listens', dial({ url: 'ws://h:1', origins: ['*'] })],
    ['"hosts" is for the side that listens', dial({ url: 'ws://h:1', hosts: ['*'] })],
    ['"origins" must be a list of "https://example.com"', listen({ url: 'ws://h:1', origins: ['https://a.example/'] })],
    ['"https://*.example.com", "null", or "*" for all, not "a.example"', listen('ws://h:1?origins=*,a.example')],
    ['"origins" must be a list of', listen({ url: 'ws://h:1', origins: true })],
    ['"origins" must be a list of', listen('ws://h:1?origins=https://a.*.example')],
    ['"hosts" must be a list of "example.com"', listen({ url: 'ws://h:1', hosts: ['https://a.example'] })],
    ['"hosts" must be a list of "example.com"', listen({ url: 'ws://h:1', hosts: [5] })],
    ['"client" is for the side that dials', listen({ url: 'ws://h:1', client: 'ws' })],
    ['must be ws or native, not "nativ"', dial({ url: 'ws://h:1', client: 'nativ' })],
    ['does not support "ca"', dial({ url: 'wss://h:1', client: 'native', ca: 'ca.pem' })],
    ['does not support "headers"', dial({ url: 'ws://h:1', client: 'native', headers: {} })],
    ['"headers" must be an object', dial({ url: 'ws://h:1', headers: 'x: y' })],
    ['"protocols" must be names', dial({ url: 'ws://h:1', protocols: 'a b' })],
    ['"protocols" must be names', listen({ url: 'ws://h:1', protocols: [1] })],
    ['must be a server of node:http', listen({ url: 'ws:', server: {} })],
    ['"cert" cannot be combined with "server"', listen({ url: 'wss:', server: http.createServer(), cert: 'cert.pem' })],
    ['needs the certificate of this side and its key', listen('wss://127.0.0.1:0')],
    ['is not encrypted, so "cert" has no effect', listen({ url: 'ws://127.0.0.1:0', cert: 'cert.pem' })],
    ['has no port', listen('ws://127.0.0.1')],
    ['99999 is not a port, which is a number from 0 to 65535', listen('ws://127.0.0.1:99999')],
    ['99999 is not a port, which is a number from 0 to 65535', dial('ws://127.0.0.1:99999/path')],
    ['x is not a port, which is a number', dial('ws://127.0.0.1:x')],
    ['99999 is not a port, which is a number', inBrowser('ws://127.0.0.1:99999')],
    ['has no option "token"', listen('ws://127.0.0.1:0/?token=1')],
    ['expected a path without query', listen('ws://127.0.0.1:0/?(')],
    ['expected ws:// and a host', dial('ws:8888')],
    ['expected ws:// and a host', dial('ws:///path')],
    ['expected a URL', dial('ws://h:99999')],
    ['no #fragment', dial('ws://h:1/#top')],
    ['expected the port', dial('ws://127.0.0.1:0')],
    ['a browser cannot serve', inBrowser('ws://127.0.0.1:0', true)],
  ])('%s', (text, make) => {
    expect(make).toThrow(UsageError);
    expect(make).toThrow(text);
  });

  it('a runtime without a WebSocket, if one is needed', async () => {
    vi.stubGlobal('WebSocket', undefined);
    try {
      expect(inBrowser('ws://h:1')).toThrow('this runtime has no WebSocket');
      await expect(connect({ url: 'ws://127.0.0.1:9', client: 'native' })).rejects.toThrow('npm install ws');
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('an address that the WebSocket of the runtime refuses', async () => {
    vi.stubGlobal(
      'WebSocket',
      class {
        constructor() {
          throw new Error('an insecure WebSocket may not be opened from a secure page');
        }
      },
    );
    try {
      const opening = connectStandard('ws://127.0.0.1:9');
      await expect(opening).rejects.toThrow(UsageError);
      await expect(opening).rejects.toThrow('insecure WebSocket');
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe('a dialed address', () => {
  it.each([
    ['by the package', connect],
    ['by the standard WebSocket', connectStandard],
  ])('has the query of the application, %s, which the shown address does not contain', async (_name, open) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => server.once('listening', resolve));
    const asked: (string | undefined)[] = [];
    server.on('connection', (_socket, request) => asked.push(request.url));
    const { port } = server.address() as { port: number };
    const client = await open(`ws://127.0.0.1:${port}/rpc?token=secret&tls=1&client=me`);
    expect(asked).toEqual(['/rpc?token=secret&tls=1&client=me']);
    expect(client.address).toBe(`ws://127.0.0.1:${port}/rpc`);
    expect((await client.ear()).link.peer).toBe(`127.0.0.1:${port}`);
    await closeSides();
    server.close();
  });

  it.each([
    ['ws://example.org', 'ws://example.org'],
    ['wss://user:password@example.org/a%20b?x=1', 'wss://example.org/a%20b'],
    ['ws://[::1]:8888/', 'ws://[::1]:8888'],
  ])('%s is shown as %s', (url, shown) => {
    expect(dial(url)().address).toBe(shown);
  });

  it('is sent the headers of the application', async () => {
    const server = http.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const seen: unknown[] = [];
    server.on('upgrade', (request) => seen.push(request.headers.authorization));
    const { address } = await serve({ url: 'ws:', server });
    await connect({ url: address, headers: { authorization: 'Bearer me' } });
    expect(seen).toEqual(['Bearer me']);
    await closeSides();
    server.close();
  });

  it('is not trusted without a valid certificate', async () => {
    const { address } = await serve({ url: 'wss://127.0.0.1:0', ...certificate() });
    expect(address).toMatch(/^wss:/);
    const opening = connect(address);
    await expect(opening).rejects.toThrow(ConnectionLost);
    await expect(opening).rejects.toThrow('self-signed');
  });

  it.each([
    ['native', {}],
    ['native', { client: 'native' }],
    ['package', { client: 'ws' }],
    ['package', { headers: { authorization: 'Bearer me' } }],
  ])('is dialed with the %s WebSocket for %j', async (by, options) => {
    const server = await serve();
    let natives = 0;
    vi.stubGlobal(
      'WebSocket',
      class extends runtime.WebSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols);
          natives++;
        }
      },
    );
    try {
      const client = new Side(ws(parseAddress({ url: server.address, ...options }), wire()));
      await client.open();
      expect(natives).toBe(by === 'native' ? 1 : 0);
      (await client.ear()).link.send(['hello']);
      expect(await (await server.ear()).heard(1)).toEqual(['hello']);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('is refused without a reason if the WebSocket of the runtime dials', async () => {
    const { address } = await serve('ws://127.0.0.1:0/rpc');
    const opening = connectStandard(address.replace('/rpc', '/other'));
    await expect(opening).rejects.toThrow(ConnectionLost);
    await expect(opening).rejects.toThrow(`cannot connect to ${address.replace('/rpc', '/other')}: `);
  });

  it('is in the error if nobody is there, with the reason and without secrets', async () => {
    const { address, transport } = await serve();
    await transport.close();
    const opening = connect(`${address}/?token=secret`);
    await expect(opening).rejects.toThrow(`cannot connect to ${address}: nobody listens there`);
    await expect(connectStandard(address)).rejects.toThrow(`cannot connect to ${address}: `);
  });
});

describe('the package ws', () => {
  it('is required only when it is needed, and its absence is reported then', async () => {
    const { address } = await serve();
    vi.resetModules();
    vi.doMock('ws', () => {
      throw new Error("Cannot find package 'ws'");
    });
    const { default: bare } = await import('../../transports/ws.js');
    const { UsageError } = await import('../../src/contract/errors.js');
    try {
      vi.stubGlobal('WebSocket', undefined);
      for (const listening of [true, false]) {
        const transport = bare(parseAddress('ws://127.0.0.1:1'), wire({ listen: listening }));
        const opening = transport.open(() => expect.fail('there is no link'));
        await expect(opening).rejects.toThrow(UsageError);
        // The test runner wraps that error in its own.
        await expect(opening).rejects.toThrow(
          'the transport ws: needs the package ws, which was found, but failed to load',
        );
        await transport.close();
      }
      vi.stubGlobal('WebSocket', WebSocket);
      const client = bare(parseAddress(address), wire());
      await client.open(() => ({ receive() {}, drained() {}, closed() {} }));
      await client.close();
    } finally {
      vi.unstubAllGlobals();
      vi.doUnmock('ws');
      vi.resetModules();
    }
  });
});
