import http from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { RawClient } from '../support/ws-raw.js';
import {
  closeSides,
  connect,
  connectStandard,
  lendWebSocket,
  otherServers,
  type SideOptions,
  serve,
  until,
} from '../support/ws-sides.js';

lendWebSocket();

const strangers = otherServers();
afterEach(closeSides);

/** What the peer has seen of a message. */
type Seen = [text: string, binary: boolean];

async function strangeServer(): Promise<{ url: string; seen: Seen[]; sockets: WebSocket[] }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  strangers.push(server);
  const seen: Seen[] = [];
  const sockets: WebSocket[] = [];
  server.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('message', (data, binary) => seen.push([String(data), binary]));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return { url: `ws://127.0.0.1:${(server.address() as { port: number }).port}`, seen, sockets };
}

const BYTES: SideOptions = { form: 'bytes', codec: 'msgpack' };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const hex = (text: string): string => Buffer.from(text).toString('hex');

for (const [name, dial] of [
  ['the package', connect],
  ['the standard WebSocket', connectStandard],
] as const) {
  describe(`a server that is not Obverse, dialed by ${name}`, () => {
    it('sees a text message for each text frame', async () => {
      const { url, seen } = await strangeServer();
      (await (await dial(url)).ear()).link.send(['one', '', 'três']);
      await until(() => seen.length === 3);
      expect(seen).toEqual([
        ['one', false],
        ['', false],
        ['três', false],
      ]);
    });

    it('sees a binary message for each frame of bytes, unchanged', async () => {
      const { url, seen } = await strangeServer();
      const frame = bytes('one');
      (await (await dial(url, BYTES)).ear()).link.send([frame, bytes('')]);
      await until(() => seen.length === 2);
      expect(seen).toEqual([
        ['one', true],
        ['', true],
      ]);
      expect(frame).toEqual(bytes('one'));
    });

    it('can send either kind of message, which arrives in the form that the codec reads', async () => {
      const { url, sockets } = await strangeServer();
      const [text, binary] = [await (await dial(url)).ear(), await (await dial(url, BYTES)).ear()];
      for (const socket of sockets) {
        socket.send('é');
        // A byte order mark at the beginning is a part of the text, and must not be lost by decoding.
        socket.send(bytes('\uFEFFé'));
      }
      expect(await text.heard(2)).toEqual(['é', '\uFEFFé']);
      expect(await binary.heard(2)).toEqual([hex('é'), hex('\uFEFFé')]);
    });
  });
}

describe('a client that is not Obverse', () => {
  it('sends and receives plain messages', async () => {
    const server = await serve();
    const client = new WebSocket(server.address);
    const seen: Seen[] = [];
    client.on('message', (data, binary) => seen.push([String(data), binary]));
    await new Promise((resolve) => client.once('open', resolve));
    const ear = await server.ear();
    expect(ear.link.agreed).toBe(false);
    client.send('one');
    client.send(bytes('two'));
    expect(await ear.heard(2)).toEqual(['one', 'two']);
    ear.link.send(['three']);
    await until(() => seen.length === 1);
    expect(seen).toEqual([['three', false]]);
    client.close(1000);
    expect(await ear.ended()).toBeUndefined();
  });

  it('can split its messages into fragments, with pings between them', async () => {
    const server = await serve();
    const raw = await RawClient.dial(server.address);
    raw.frame(1, 'one ', false);
    raw.frame(9, 'are you there?');
    raw.frame(0, 'message');
    expect(await (await server.ear()).heard(1)).toEqual(['one message']);
    await until(() => raw.received.length > 0);
    expect(raw.received.subarray(2).toString()).toBe('are you there?');
    raw.socket.destroy();
  });
});

describe('the frames of one send', () => {
  it.each([
    ['text', {}, (text: string) => text],
    ['bytes', BYTES, bytes],
  ] as const)('are written at once, as %s', async (_form, options, frame) => {
    const http1 = http.createServer();
    const sockets: Socket[] = [];
    http1.on('connection', (socket) => sockets.push(socket));
    await new Promise<void>((resolve) => http1.listen(0, '127.0.0.1', resolve));
    const server = await serve({ url: 'ws:', server: http1 }, options);
    const client = await connect(server.address, options);
    const writev = vi.spyOn(sockets[0]!, '_writev');
    const write = vi.spyOn(sockets[0]!, '_write');
    (await server.ear()).link.send(Array.from({ length: 50 }, (_, n) => frame(`frame ${n}`)));
    expect(await (await client.ear()).heard(50)).toHaveLength(50);
    expect([writev.mock.calls.length, write.mock.calls.length]).toEqual([1, 0]);
    await closeSides();
    http1.close();
  });
});
