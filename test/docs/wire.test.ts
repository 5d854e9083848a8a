import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import clone from '../../codecs/clone.js';
import msgpack from '../../codecs/msgpack.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Frame, FramingName, Message, Outbound, Parcel } from '../../src/contract/contract.js';
import { framingFor } from '../../src/contract/framing/framings.js';
import { playedOverHttp } from './http-talk.js';
import { blocksOf, nameOf, root } from './pages.js';
import { bare, evaluated, played, type Serve, unescaped } from './wire-talk.js';

/*
 * The bytes in docs/wire.md agree with the library: its conversations are played, its lists are encoded and decoded.
 */
const blocks = blocksOf('docs/wire.md');
const block = (info: string): string => blocks.find((each) => each.info === info)?.code ?? '';
/** The lines of a list: two columns, separated by at least two blanks. */
const listed = (info: string): (readonly [string, string])[] =>
  block(info)
    .trimEnd()
    .split('\n')
    .map((line) => [/^.*?(?=\s{2,}|$)/.exec(line)?.[0] ?? '', line.replace(/^.*?\s{2,}/, '')]);
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const folder = `${root}/test/docs/.blocks/wire`;
let serve: Serve;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/demo.ts`, blocks.find((each) => nameOf(each) === 'demo.ts')?.code ?? '');
  const { Demo, serveDemo } = await import(/* @vite-ignore */ `${folder}/demo.ts`);
  // As the page says of them.
  const beat = Number.POSITIVE_INFINITY;
  serve = (at, { dials, ...plan }) =>
    dials ? Demo.connect(at, { beat, ...plan }) : serveDemo(at, { beat, ...plan, logger: null });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the conversations', () => {
  const conversations = blocks.filter(({ info }) => info.startsWith('wire '));
  it('are found', () => expect(conversations.length).toBeGreaterThan(15));
  for (const { info, line, code } of conversations) {
    it(`docs/wire.md:${line}: ${info}`, async () => expect(await played(info, code, serve)).toBe(code));
  }
});

describe('the conversations over HTTP', () => {
  const conversations = blocks.filter(({ info }) => info.startsWith('http '));
  it('are found', () => expect(conversations).toHaveLength(2));
  for (const { info, line, code } of conversations) {
    it(`docs/wire.md:${line}: ${info}`, async () =>
      expect(await playedOverHttp(info.slice('http '.length), code, serve)).toBe(code));
  }
});

describe('the framings', () => {
  const frame = '{"a":1}';
  it.each(listed('text framings'))('%s', (name, written) => {
    const framing = framingFor(name as FramingName, { form: 'text', framing: undefined })('text', 1_000);
    const bytes = unescaped(written);
    expect(Buffer.from(framing.wrap([frame, frame]))).toEqual(Buffer.concat([bytes, bytes]));
    const given: Frame[] = [];
    for (const byte of bytes) framing.push(Buffer.of(byte), (each) => given.push(each));
    expect(given).toEqual([frame]);
  });
  it('are complete', () =>
    expect(listed('text framings').map(([name]) => name)).toEqual(['lines', 'nul', 'headers', 'length', 'json']));
});

describe('the values of msgpack', () => {
  const codec = msgpack(parseAddress('msgpack'));
  const lines = block('hex msgpack').trimEnd().split('\n');
  it.each(lines)('%s', (line) => {
    const [bytes = '', expression = ''] = line.split(/\s+# /);
    const value = evaluated(expression);
    const frame = codec.encode({ kind: 'reply', id: 5, value }) as Uint8Array;
    expect(hexOf(frame.subarray(4))).toBe(bytes.replaceAll(' ', ''));
    const given: Message[] = [];
    codec.decode(frame, (message) => given.push(message), false);
    expect(given).toEqual([{ kind: 'reply', id: 5, value }]);
  });
});

describe('the parcels of clone', () => {
  const codec = clone(parseAddress('clone'));
  it.each(block('js clone').trimEnd().split('\n'))('%s', (line) => {
    const values = evaluated(line) as unknown[];
    const given: Message[] = [];
    codec.decode({ values, transfer: [], length: 0 }, (message) => given.push(message), false);
    expect(given.map(({ kind }) => kind)).not.toContain('bad');
    const written = given.flatMap((message) => (codec.encode(message as Outbound) as Parcel).values);
    expect(written).toEqual(values);
  });
});

describe('the subprotocols of WebSockets', () => {
  const offers = new Map(listed('text offers'));
  it.each([
    ['the package ws', 'ws'],
    ["the runtime's WebSocket", 'native'],
  ])('that %s offers', async (name, client) => {
    const standard = globalThis as { WebSocket?: unknown };
    const had = standard.WebSocket;
    if (client === 'native') standard.WebSocket ??= WebSocket;
    const server = http.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const offered = once(server, 'upgrade').then(([request, socket]) => {
      socket.destroy();
      return request.headers['sec-websocket-protocol'] as string;
    });
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const dialing = serve({ url, client }, { codec: 'jrpc', dials: true }).catch(() => {});
    try {
      expect((await offered).split(/, */).join(', ')).toBe(offers.get(name));
    } finally {
      server.removeAllListeners('upgrade').on('upgrade', (_request, socket) => socket.destroy());
      await dialing;
      server.close();
      standard.WebSocket = had;
    }
  });

  /** The response of a server to an offer; `whole`: until the server ends the connection. */
  async function answer(offered: string, whole = false): Promise<string> {
    const served = await serve('ws://127.0.0.1:0', { codec: 'jrpc', dials: false });
    const socket = net.connect(Number(new URL(served.address).port), '127.0.0.1');
    socket.write(
      [
        'GET / HTTP/1.1',
        'Host: 127.0.0.1',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        `Sec-WebSocket-Protocol: ${offered}`,
        '\r\n',
      ].join('\r\n'),
    );
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      if (!whole && text.startsWith('HTTP/1.1 101') && text.includes('\r\n\r\n')) socket.destroy();
    });
    await once(socket, 'close');
    await served.close();
    return text;
  }

  it.each(listed('text takes'))('offered to a server: %s', async (offered, taken) => {
    const [, took = '(nothing)'] = /^sec-websocket-protocol: (.*)\r$/im.exec(await answer(offered)) ?? [];
    expect(took).toBe(bare(taken));
  });
  it('offered to a server of another codec', async () => {
    expect((await answer('msgpack, obverse.msgpack')).replaceAll('\r', '')).toBe(block('http').trimEnd());
    const said = await answer('msgpack, obverse.msgpack, obverse', true);
    expect(said).toMatch(/^sec-websocket-protocol: obverse\r$/im);
    const reason = 'this server uses the codec jrpc, not msgpack';
    const frame = Buffer.concat([Buffer.of(0x88, reason.length + 2, 1002 >> 8, 1002 & 255), Buffer.from(reason)]);
    expect(said.slice(said.indexOf('\r\n\r\n') + 4)).toBe(frame.toString('latin1'));
  });
});

describe('the peer in Python', () => {
  const absent = spawnSync('python3', ['--version']).status !== 0;
  it.skipIf(absent)(`calls and is called${absent ? ' (n/a: there is no python3)' : ''}`, async () => {
    const served = await serve('tcp://127.0.0.1:0', { codec: 'jrpc', dials: false });
    const python = spawn('python3', ['-c', block('python'), '127.0.0.1', new URL(served.address).port]);
    let printed = '';
    for (const stream of [python.stdout, python.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed += chunk;
      });
    }
    await once(python, 'close');
    await served.close();
    expect(printed).toBe('1 42\n2 hello ann\n');
  });
});
