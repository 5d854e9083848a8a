import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { parseAddress } from '../../src/contract/address.js';
import { ConnectionLost, ProtocolError, UsageError } from '../../src/contract/errors.js';
import { defaultLimits } from '../../src/contract/limits.js';
import {
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type TransportSource,
} from '../../src/index.js';
import { testTransport } from '../../src/testing/transport.js';
import socket, { type Sockets, sockets } from '../../transports/socket.js';
import { until } from '../support/core-waiting.js';
import { accepting, wire } from './link-log.js';

/* Sockets of the package `ws`, which a program opens itself. `runtimes.test.ts` beside this file has those of other runtimes. */

let server: WebSocketServer;
let url: string;
let arrived: (socket: WebSocket, headers: object) => void = () => {};
beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (each, request) => arrived(each, request));
  await new Promise((resolve) => server.once('listening', resolve));
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

let transport: Sockets;
const given = (value: object) => parseAddress({ url: 'ws:', socket: value });

testTransport(
  { describe, it },
  {
    name: 'socket',
    first: (onWire) => {
      transport = sockets();
      const these = transport;
      arrived = (each, request) => {
        try {
          these.add(each, request);
        } catch {
          each.terminate();
        }
      };
      return transport(onWire);
    },
    second: (onWire) => socket(given(new WebSocket(url)), onWire),
    crash: async () => {
      const client = new WebSocket(url);
      await new Promise((resolve) => client.once('open', resolve));
      return () => client.terminate();
    },
    gaps: {
      'rejects open if nothing listens, and leaves nothing open': 'what listens is a server of the program',
      'buffers for the first end while it is paused, and reports when it has drained':
        'a socket of the program is not paused',
      'buffers for the second end while it is paused, and reports when it has drained':
        'a socket of the program is not paused',
    },
  },
);

class Talk extends RemoteAPI {
  @incoming({ hasReply: true }) twice(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming({ hasReply: true }) blob(_sender: Sender, _args: { bytes: Uint8Array }): Reply<Uint8Array> {}
  @outgoing told(_receivers: Receivers, _args: { n: number }): void {}
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(options: Options = {}) {
  const these = sockets();
  arrived = (each, request) => these.add(each, request);
  const side = await Talk.serve(these, options);
  ends.push(() => side.close());
  side.twice.connect((_sender, { n }) => n * 2);
  side.blob.connect((_sender, { bytes }) => bytes.slice().reverse());
  return { side, these };
}

async function connect(transport: TransportSource, options: Options = {}) {
  const side = await Talk.invert().connect(transport as string, options);
  ends.push(() => side.close());
  return side;
}

const accepted = (): Promise<WebSocket> =>
  new Promise((resolve) => {
    arrived = resolve;
  });

describe('sockets of a program', () => {
  it.each(['jrpc', 'msgpack'] as const)('carry calls of several clients both ways: %s', async (codec) => {
    const { side } = await serve({ codec });
    const dialing = await connect(url, { codec });
    const opening = await connect({ url: 'ws:', socket: new WebSocket(url) }, { codec });
    for (const client of [dialing, opening]) {
      expect(await client.remote.twice({ n: 21 })).toBe(42);
      const bytes = new Uint8Array(100_000).map((_, n) => n);
      if (codec === 'msgpack') expect(await client.remote.blob({ bytes })).toEqual(bytes.slice().reverse());
    }
    const told: number[] = [];
    dialing.told.connect((_sender, { n }) => void told.push(n));
    opening.told.connect((_sender, { n }) => void told.push(n));
    side.told(null, { n: 7 });
    await until(() => told.length === 2);
    expect(told).toEqual([7, 7]);
  });

  it('show what is known of a peer', async () => {
    const { side } = await serve();
    await connect(`${url}/room?of=ann`);
    const { info } = [...side.peers.values()][0]!;
    expect(info).toMatchObject({ url: '/room?of=ann', headers: { upgrade: 'websocket' } });
    const client = await connect({ url: 'socket:', socket: new WebSocket(url), info: { name: 'the server' } });
    expect([...client.peers.values()][0]?.info).toEqual({ name: 'the server' });
  });

  it('tell Obverse clients by the subprotocol, and take it from the header or the request', async () => {
    const { these } = await serve();
    expect(these.subprotocol('mcp, jrpc, obverse.jrpc')).toBe('obverse.jrpc');
    expect(these.subprotocol({ headers: { 'sec-websocket-protocol': 'obverse.jrpc' } })).toBe('obverse.jrpc');
    expect(these.subprotocol(new Request(url, { headers: { 'Sec-WebSocket-Protocol': 'jrpc' } }))).toBe('jrpc');
    expect(these.subprotocol(new Request(url))).toBeUndefined();
    expect(these.subprotocol('obverse.msgpack')).toBeUndefined();
    expect(() => these.subprotocol(7 as never)).toThrow(UsageError);
  });

  it.each([
    ['obverse.jrpc', true],
    ['', undefined],
  ])('have agreed only with the subprotocol "%s"', async (protocol, agreed) => {
    const { accept, logs } = accepting();
    const fake = Object.assign(new EventTarget(), { readyState: 1, protocol, send() {}, close() {} });
    for (const listen of [true, false]) {
      const transport = socket(given(Object.assign(new EventTarget(), { ...fake })), wire({ listen }));
      await transport.open(accept);
      expect(logs.at(-1)!.link).toMatchObject({ dialed: !listen });
      expect(logs.at(-1)!.link.agreed).toBe(agreed);
    }
  });

  it('end with the reason of the other side, or cleanly', async () => {
    const server = accepted();
    const { accept, logs } = accepting();
    await socket(given(new WebSocket(url)), wire()).open(accept);
    (await server).close(4000, 'enough');
    expect(await logs[0]!.ended()).toBeInstanceOf(ConnectionLost);
    expect(logs[0]!.ends[0]?.message).toContain('4000: enough');
    const again = accepted();
    await socket(given(new WebSocket(url)), wire()).open(accept);
    (await again).terminate();
    expect((await logs[1]!.ended())?.message).toContain('was lost');
    const third = accepted();
    await socket(given(new WebSocket(url)), wire()).open(accept);
    (await third).close(1000);
    expect(await logs[2]!.ended()).toBeUndefined();
  });

  it('refuse a larger frame than they can send, and one that is larger than the bound', async () => {
    await serve({ codec: 'msgpack' });
    const client = await connect({ url: 'ws:', socket: new WebSocket(url), maxFrame: 1_000 }, { codec: 'msgpack' });
    await expect(client.remote.blob({ bytes: new Uint8Array(2_000) })).rejects.toThrow(
      'the most that the link carries',
    );
    const server = accepted();
    const { accept, logs } = accepting();
    const limits = { ...defaultLimits, frameBytes: 1_000 };
    await socket(given(new WebSocket(url)), wire({ limits })).open(accept);
    (await server).send('.'.repeat(1_001));
    expect(await logs[0]!.ended()).toBeInstanceOf(ProtocolError);
  });

  it('are found in what upgradeWebSocket of Hono passes', async () => {
    const these = sockets();
    arrived = (each) => these.add({ raw: each, send() {}, close() {}, readyState: 1 });
    const side = await Talk.serve(these);
    ends.push(() => side.close());
    side.twice.connect((_sender, { n }) => n + 1);
    expect(await (await connect(url)).remote.twice({ n: 1 })).toBe(2);
  });

  it('without events get what happens from the handlers of the program', async () => {
    const these = sockets();
    arrived = (each) => {
      const bare = {
        readyState: 1,
        getBufferedAmount: () => each.bufferedAmount,
        send: (data: string) => each.send(data),
        close: (code: number, reason: string) => each.close(code, reason),
      };
      these.add(bare);
      each.on('message', (data: RawData, isBinary) => these.received(bare, isBinary ? (data as Buffer) : String(data)));
      each.on('close', (code, reason) => these.ended(bare, code, String(reason)));
    };
    const side = await Talk.serve(these);
    ends.push(() => side.close());
    const gone: unknown[] = [];
    side.on('disconnect', ({ id }) => void gone.push(id));
    side.twice.connect((_sender, { n }) => n * 2);
    const client = await connect(url);
    expect(await client.remote.twice({ n: 4 })).toBe(8);
    await client.close();
    await until(() => gone.length === 1);
    expect(side.peers.size).toBe(0);
    expect(() =>
      these.received(
        new WebSocket(url, { handshakeTimeout: 1 }).on('error', () => {}),
        '',
      ),
    ).toThrow('has events');
  });

  it('are refused at the limit of peers, and in a side that retires', async () => {
    const { side } = await serve({ limits: { peers: 1 }, logger: null });
    await connect(url);
    const second = new WebSocket(url);
    const [code, reason] = await new Promise<[number, Buffer]>((resolve) =>
      second.once('close', (...end) => resolve(end)),
    );
    expect([code, String(reason)]).toEqual([4400, 'this server has reached its maximum of peers (limits.peers)']);
    expect(side.peers.size).toBe(1);
  });
});

describe('what is not an open socket', () => {
  const open = (options: object) => Talk.invert().connect({ url: 'ws:', ...options } as never);

  it.each([
    [{}, '"ws:" has no host; expected ws://host:port'],
    [{ socket: 7 }, 'not 7'],
    [{ socket: {} }, 'not an object without them'],
    [{ socket: new Map() }, 'not an object of Map'],
    [{ socket: { send() {}, close() {} } }, 'has no addEventListener(), such as those of Bun.serve'],
    [{ sokcet: 1 }, 'ws: has no option "sokcet"; did you mean socket?'],
    [
      { socket: Object.assign(new EventTarget(), { send() {}, close() {}, ordered: false }) },
      'without the options ordered',
    ],
    [
      { socket: Object.assign(new EventTarget(), { send() {}, close() {}, ordered: true, maxRetransmits: 3 }) },
      'may lose messages',
    ],
    [{ socket: Object.assign(new EventTarget(), { send() {}, close() {} }), maxFrame: 0 }, '"maxFrame" must be'],
    [{ socket: Object.assign(new EventTarget(), { send() {}, close() {} }), info: 'ann' }, 'the option "info"'],
    [{ url: 'ws://a:1', socket: {} }, 'is an address to dial'],
  ])('is refused: %o', async (options, text) => {
    const refused = await open(options).catch((error: Error) => error);
    expect(refused).toBeInstanceOf(UsageError);
    expect((refused as Error).message).toContain(text);
  });

  it.each([2, 3, 'closing', 'closed'])('is reported in the state %s', async (readyState) => {
    const closed = Object.assign(new EventTarget(), { send() {}, close() {}, readyState });
    const lost = await open({ socket: closed }).catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(ConnectionLost);
    expect(lost).toMatchObject({ maybeExecuted: false, message: expect.stringContaining('closed already') });
  });

  it('is reported where the handshake fails, or takes too long', async () => {
    const nobody = new WebSocket('ws://127.0.0.1:9');
    await expect(open({ socket: nobody })).rejects.toThrow(/closed before it was open: .*ECONNREFUSED/);
    const slow = Object.assign(new EventTarget(), { send() {}, close() {}, readyState: 0 });
    await expect(Talk.invert().connect({ url: 'ws:', socket: slow }, { limits: { connectMs: 20 } })).rejects.toThrow(
      'was not open within 20 ms (limits.connectMs)',
    );
  });

  it('is refused where it has a link already', async () => {
    await serve();
    const twice = new WebSocket(url);
    await connect({ url: 'ws:', socket: twice });
    await expect(open({ socket: twice })).rejects.toThrow('has a link already');
  });

  it('is refused by sockets() without an open side', () => {
    expect(() => sockets().add(new EventTarget())).toThrow('no side is open that uses these sockets');
    expect(() => sockets({ maxFrme: 1 } as never)).toThrow('has no option "maxFrme"');
  });
});
