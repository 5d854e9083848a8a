import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { closing } from '../support/closing.js';
import { Log, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<unknown> {}
}

const BOM = '\ufeff';
const keep = closing();

const call = '{"jsonrpc":"2.0","id":1,"method":"ask","params":{"n":7}}';
const reply = '{"jsonrpc":"2.0","id":1,"result":7}';
const lsp = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const sized = (body: string): string => {
  const size = Buffer.byteLength(body);
  return `\0\0${String.fromCharCode(size >> 8, size & 255)}${body}`;
};

/** The codec and the framing, and a message as it is in the stream. */
const ways: [name: string, codec: string, query: string, framed: (message: string) => string, line?: string][] = [
  ['jrpc', 'jrpc?hello=off', '', (text) => `${BOM}${text}\n`],
  ['a batch of jrpc', 'jrpc?hello=off', '', (text) => `${BOM}[${text}]\n`],
  ['mcp', 'jrpc?dialect=mcp', '', (text) => `${BOM}${text}\r\n`],
  ['quickrpc', 'jrpc?dialect=quickrpc', '', (text) => `${BOM}${text}\0`],
  ['jrpc with nul', 'jrpc?hello=off', '?framing=nul', (text) => `${BOM}${text}\0`],
  ['jrpc with sizes', 'jrpc?hello=off', '?framing=length', (text) => sized(`${BOM}${text}`)],
  ['lsp, before the headers', 'jrpc?dialect=lsp', '', (text) => `${BOM}${lsp(text)}`],
  ['lsp, within the body', 'jrpc?dialect=lsp', '', (text) => lsp(`${BOM}${text}`)],
  ['lsp, in both places', 'jrpc?dialect=lsp', '', (text) => `${BOM}${lsp(`${BOM}${text}`)}`],
  ['terse', 'terse', '', (text) => `${BOM}${text === call ? 'ask[1] n:7' : '[1]:7'}\n`],
];

describe.each(ways)('a byte order mark before the first message: %s', (_name, codec, query, framed) => {
  it.each(['in one piece', 'byte by byte'])('is skipped in what a side receives as a server, %s', async (how) => {
    const log = new Log();
    const server = keep(await Spec.serve(`tcp://127.0.0.1:0${query}`, { codec, logger: log }));
    server.ask.connect((_sender, { n }) => n);
    const socket = net.connect({ port: Number(/:(\d+)/.exec(server.address)?.[1]), noDelay: true });
    let heard = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
    });
    const bytes = Buffer.from(framed(call));
    for (const piece of how === 'in one piece' ? [bytes] : bytes) {
      socket.write(typeof piece === 'number' ? Uint8Array.of(piece) : piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => heard.includes('7'));
    socket.destroy();
    expect(log.warnings).toEqual([]);
  });

  it('is skipped in what a side receives as a client', async () => {
    const answer = framed(reply);
    const server = keep(
      net.createServer((socket) => socket.on('error', () => {}).once('data', () => socket.write(answer))),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `tcp://127.0.0.1:${(server.address() as net.AddressInfo).port}${query}`;
    const log = new Log();
    const client = keep(await Spec.invert().connect(address, { codec, logger: log }));
    const answered = await client.remote.ask({ n: 1 });
    expect(answered).toBe(7);
    expect(log.warnings).toEqual([]);
  });
});

describe('over ws, a byte order mark before the first message', () => {
  it('is skipped in what a side receives as a server', async () => {
    const log = new Log();
    const server = keep(await Spec.serve('ws://127.0.0.1:0', { logger: log }));
    server.ask.connect((_sender, { n }) => n);
    const socket = keep(new WebSocket(server.address));
    const answer = new Promise<string>((resolve) => socket.on('message', (data) => resolve(String(data))));
    socket.on('open', () => socket.send(`${BOM}${call}`));
    expect(await answer).toBe(reply);
    expect(log.warnings).toEqual([]);
  });

  it.each(['ws', 'standard'])('is skipped in what a side receives as a client, with the client %s', async (client) => {
    const server = keep(new WebSocketServer({ port: 0, host: '127.0.0.1' }));
    await new Promise((resolve) => server.on('listening', resolve));
    server.on('connection', (socket) => socket.on('message', () => socket.send(`${BOM}${reply}`)));
    const url = `ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    if (client === 'standard' && typeof globalThis.WebSocket !== 'function') return;
    const side = keep(
      await Spec.invert().connect(client === 'ws' ? { url, client: 'ws' } : url, {
        codec: 'jrpc?hello=off',
        logger: null,
      }),
    );
    expect(await side.remote.ask({ n: 1 })).toBe(7);
  });
});
