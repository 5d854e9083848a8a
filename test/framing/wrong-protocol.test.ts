import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import {
  incoming,
  outgoing,
  ProtocolError,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
} from '../../src/index.js';
import { closing } from '../support/closing.js';
import { failure, Log, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<unknown> {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: { n: number }): Reply<unknown> {}
}
const Client = Spec.invert();

const keep = closing();

/** The names of the two framings and codecs of an address in texts. */
const ways = {
  lines: { codec: 'jrpc', query: '' },
  nul: { codec: 'jrpc?dialect=quickrpc', query: '' },
  headers: { codec: 'jrpc?dialect=lsp', query: '' },
  length: { codec: 'jrpc', query: '?framing=length' },
  msgpack: { codec: 'msgpack', query: '' },
  'msgpack with sizes': { codec: 'msgpack', query: '?framing=length' },
  terse: { codec: 'terse', query: '' },
} as const;
type Way = keyof typeof ways;
/** Those that share a framing and differ in the codec: their frames can be read, and count as bad ones. */
const alike = (a: Way, b: Way): boolean =>
  a === b ||
  [a, b].every((way) => way === 'length' || way === 'msgpack with sizes') ||
  [a, b].every((way) => way === 'lines' || way === 'terse');
const all = Object.keys(ways) as Way[];
const pairs = all.flatMap((there) => all.filter((here) => !alike(there, here)).map((here) => [here, there] as const));
/** A line of text before headers may come from a program that prints: it is a bad frame, and does not end the link. */
const isPrinted = (here: Way, there: Way): boolean => here === 'headers' && there === 'terse';

async function serve(way: Way) {
  const log = new Log();
  const { codec, query } = ways[way];
  const server = keep(await Spec.serve(`tcp://127.0.0.1:0${query}`, { codec, logger: log }));
  server.ask.connect((_sender, { n }) => n);
  return { server, log, url: server.address, port: Number(/:(\d+)/.exec(server.address)?.[1]) };
}

describe('a peer with another framing or codec', () => {
  it.each(pairs)(
    '%s connects to %s: its call fails at once, and the log of the server shows what it received and what it expects',
    async (here, there) => {
      const { log, port } = await serve(there);
      const { codec, query } = ways[here];
      const client = keep(await Client.connect(`tcp://127.0.0.1:${port}${query}`, { codec, logger: null }));
      const error = await failure(client.remote.ask({ n: 1 }));
      expect(error).toMatchObject({ name: expect.stringMatching(/ConnectionLost|ProtocolError/) });
      await until(() => log.texts.length > 0);
      expect(log.texts[0]).toMatch(
        isPrinted(there, here)
          ? /^Parse error.*: "\(not a header\) /
          : /^this side expects .*, but the data that arrived begins with ("|the bytes).* which looks like/,
      );
    },
  );

  it.each(pairs.filter(([here, there]) => here !== 'terse' && !isPrinted(here, there)))(
    '%s is called by %s: the call fails at once with an error that shows what was received',
    async (here, there) => {
      // Both sides send: the one that has connected reads something unexpected.
      const { codec, query } = ways[here];
      const answers = await speaking(ways[there]);
      const log = new Log();
      const client = keep(await Client.connect(`tcp://127.0.0.1:${answers.port}${query}`, { codec, logger: log }));
      const error = await failure(client.remote.ask({ n: 1 }));
      expect(error).toBeInstanceOf(ProtocolError);
      expect((error as Error).message).toMatch(/^this side expects .* begins with ("|the bytes).* which looks like/);
      expect(log.texts).toContain((error as Error).message);
    },
  );
});

/** A server that calls each peer in its own protocol, and reads nothing. */
async function speaking({ codec, query }: { codec: string; query: string }) {
  const pieces: Buffer[] = [];
  const sink = keep(
    net.createServer((socket) => socket.on('data', (chunk) => pieces.push(chunk)).on('error', () => {})),
  );
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
  const caller = await Spec.invert().connect(`tcp://127.0.0.1:${(sink.address() as net.AddressInfo).port}${query}`, {
    codec,
    logger: null,
  });
  caller.remote.ask({ n: 1 }).catch(() => {});
  await until(() => Buffer.concat(pieces).toString('latin1').includes('ask'));
  await caller.close();
  const server = keep(
    net.createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .write(Buffer.concat(pieces)),
    ),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as net.AddressInfo).port };
}

describe.each(all)('a side that reads %s', (way) => {
  it('ends the link to a browser at once, with an answer that the browser shows, and logs the request', async () => {
    const { log, port } = await serve(way);
    const body = await new Promise<string>((resolve, reject) => {
      http
        .get(`http://127.0.0.1:${port}/index.html`, (response) => {
          let text = `${response.statusCode} `;
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () => resolve(text));
        })
        .on('error', reject);
    });
    expect(body).toMatch(/^400 this side expects .*"GET \/index\.html HTTP\/1\.1\\r\\n.* looks like an HTTP request/);
    await until(() => log.texts.length > 0);
    expect(log.texts).toEqual([
      expect.stringMatching(/"GET \/index\.html HTTP\/1\.1\\r\\n.* looks like an HTTP request/),
    ]);
  });

  it('ends the link to a TLS client at once', async () => {
    const { log, port } = await serve(way);
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await new Promise((resolve) => socket.on('error', resolve).on('close', resolve));
    await until(() => log.texts.length > 0);
    expect(log.texts).toEqual([expect.stringContaining('which looks like TLS')]);
  });

  it('reports to the caller if the server that it has connected to speaks HTTP', async () => {
    const server = keep(http.createServer((_request, response) => response.end('hello')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { codec, query } = ways[way];
    const log = new Log();
    const address = `tcp://127.0.0.1:${(server.address() as net.AddressInfo).port}${query}`;
    const client = keep(await Client.connect(address, { codec, logger: log }));
    // Some servers wait for the end of what they consider a request: any other line ends it.
    const asked = failure(client.remote.ask({ n: 1 }));
    if (way === 'nul' || way === 'length' || way.startsWith('msgpack')) server.closeAllConnections();
    const error = (await asked) as Error;
    if (server.listening && error instanceof ProtocolError) {
      expect(error.message).toContain('which looks like an HTTP response');
      expect(log.texts).toContain(error.message);
    } else expect(error).toMatchObject({ name: 'ConnectionLost' });
  });

  it('recognizes another protocol however its first bytes are cut', async () => {
    const { log, port } = await serve(way);
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    let over = false;
    socket
      .on('error', () => {})
      .on('close', () => {
        over = true;
      });
    const bytes = Buffer.from('GET /index.html HTTP/1.1\r\n');
    for (const byte of bytes) {
      if (over) break;
      socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() =>
      log.texts.some((text) => /^this side expects .* which looks like (an HTTP request|text)/.test(text)),
    );
    socket.destroy();
  });
});

describe('a child process that prints to the stream of messages', () => {
  it('has its output logged, with advice; the link continues', async () => {
    const log = new Log();
    const code = `
      console.log('listening on port 3000');
      process.stdin.once('data', () => {
        process.stdout.write('{"jsonrpc":"2.0","id":1,"result":7}\\n');
      });`;
    const side = keep(
      await Client.connect(
        { url: 'process:', command: process.execPath, args: ['-e', code] },
        { codec: 'jrpc?hello=off', logger: log },
      ),
    );
    expect(await side.remote.ask({ n: 1 })).toBe(7);
    await until(() => log.texts.length > 0);
    expect(log.texts[0]).toMatch(
      /^Parse error: "listening on port 3000" \(if the program prints this, .*standard error/,
    );
  });

  it('is disconnected after ten lines, and its caller sees the last of them', async () => {
    const code = `for (let n = 0; n < 20; n++) console.log('tick ' + n); setInterval(() => {}, 1000);`;
    const side = keep(
      await Client.connect(
        { url: 'process:', command: process.execPath, args: ['-e', code] },
        { codec: 'jrpc', logger: null },
      ),
    );
    const error = (await failure(side.remote.ask({ n: 1 }))) as Error;
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.message).toMatch(
      /^11 messages in a row could not be read; the last one: Parse error: "tick 10" .*standard error/,
    );
  });

  it('is disconnected at once if bytes are expected', async () => {
    const code = `console.log('listening on port 3000'); setInterval(() => {}, 1000);`;
    const side = keep(
      await Client.connect(
        { url: 'process:', command: process.execPath, args: ['-e', code] },
        { codec: 'msgpack', logger: null },
      ),
    );
    const error = (await failure(side.remote.ask({ n: 1 }))) as Error;
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.message).toMatch(
      /^this side expects MessagePack, .*"listening on port 3000\\n", which looks like text.*standard error/,
    );
  });
});
