import { createConnection, type NetConnectOpts, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  Code,
  ConnectionLost,
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type RpcError,
  type Sender,
  type Stream,
} from '../../src/index.js';
import { failure, Log, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { text?: string }): Reply<unknown> {}
  @incoming({ stream: true }) count(_sender: Sender): Stream<number> {}
  @incoming hear(_sender: Sender, _args: { text?: string }): void {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
}
type Side = Awaited<ReturnType<typeof Spec.serve<Spec>>>;

let files = 0;
const transports: [name: string, address: () => string][] = [
  ['tcp', () => 'tcp://127.0.0.1:0'],
  ['unix', () => `unix:${join(tmpdir(), `obverse-half-${process.pid}-${++files}`)}`],
];

/** A bare client that can end its own side only; it receives text. */
class Half {
  text = '';
  over = false;
  private constructor(readonly socket: Socket) {
    socket.setEncoding('utf8').on('error', () => {});
    socket.on('data', (chunk: string) => {
      this.text += chunk;
    });
    socket.on('close', () => {
      this.over = true;
    });
  }
  static async connect(address: string): Promise<Half> {
    const to = address.startsWith('unix:')
      ? { path: address.slice('unix:'.length).replace(/\?.*/, '') }
      : { port: Number(new URL(address).port), host: '127.0.0.1' };
    const socket = createConnection({ ...to, allowHalfOpen: true } as NetConnectOpts);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Half(socket);
  }
  get answers(): { id: number; result?: unknown; error?: { code: number; message: string } }[] {
    return this.text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  }
  /** Resolves when the other side has ended, too. */
  async ended(): Promise<this> {
    this.socket.once('end', () => this.socket.end());
    await until(() => this.over);
    return this;
  }
}

const call = (id: number, method = 'ask', text = `${id}`): string =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method, params: { text } })}\n`;
const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
/** A handler that never ends, and the signals of its calls. */
function waiting(server: Side): AbortSignal[] {
  const signals: AbortSignal[] = [];
  server.ask.connect((sender) => {
    signals.push(sender.signal as AbortSignal);
    return new Promise(() => {});
  });
  return signals;
}

describe.each(transports)('a peer on %s that is not Obverse and ends its side of the link', (_name, address) => {
  it('receives the answer of an asynchronous handler, and then the link ends', async () => {
    await using server = await Spec.serve(address(), { logger: null });
    server.ask.connect(async (_sender, { text }) => {
      await later();
      return text;
    });
    const client = await Half.connect(server.address);
    client.socket.end(call(1) + call(2));
    expect((await client.ended()).answers).toMatchObject([
      { id: 1, result: '1' },
      { id: 2, result: '2' },
    ]);
    await until(() => server.peers.size === 0);
  });

  it('receives the answer to a last line without a line feed, also of a synchronous handler', async () => {
    await using server = await Spec.serve(address(), { logger: null });
    server.ask.connect((_sender, { text }) => text);
    const client = await Half.connect(server.address);
    client.socket.end(call(1).trimEnd());
    expect((await client.ended()).answers).toMatchObject([{ id: 1, result: '1' }]);
  });

  it('receives the answers that are due although its last line is incomplete, which is reported', async () => {
    const logger = new Log();
    await using server = await Spec.serve(address(), { logger });
    server.ask.connect(async (_sender, { text }) => {
      await later();
      return text;
    });
    const client = await Half.connect(server.address);
    client.socket.end(call(1) + call(2).slice(0, -5));
    expect((await client.ended()).answers.filter(({ id }) => id === 1)).toMatchObject([{ id: 1, result: '1' }]);
    await until(() => server.peers.size === 0);
    expect(logger.warnings.flat().map(String).join(' ')).toMatch(/in the middle of a frame/);
  });

  it('receives the answers to queued calls', async () => {
    await using server = await Spec.serve(address(), { logger: null, concurrency: 1 });
    server.ask.connect(async (_sender, { text }) => {
      await new Promise((resolve) => setImmediate(resolve));
      return text;
    });
    const client = await Half.connect(server.address);
    client.socket.end(Array.from({ length: 50 }, (_, id) => call(id)).join(''));
    expect((await client.ended()).answers.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, id) => id));
  });

  it('receives a large answer completely', async () => {
    await using server = await Spec.serve(address(), { logger: null });
    server.ask.connect(async () => {
      await later();
      return 'x'.repeat(5_000_000);
    });
    const client = await Half.connect(server.address);
    client.socket.end(call(1));
    expect((await client.ended()).answers[0]?.result).toHaveLength(5_000_000);
  });

  it('ends the link at once when nothing is left to answer', async () => {
    await using server = await Spec.serve(address(), { logger: null });
    const client = await Half.connect(server.address);
    client.socket.end();
    await client.ended();
    await until(() => server.peers.size === 0);
  });

  it('rejects at once calls to it, both pending and new', async () => {
    await using server = await Spec.serve(address(), { logger: null });
    waiting(server);
    const client = await Half.connect(server.address);
    client.socket.write(call(1));
    await until(() => server.peers.size === 1);
    const [peer] = server.peers.values();
    const open = failure<RpcError>(server.question(peer as never, {}));
    client.socket.end();
    const error = await open;
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error.message).toMatch(/^question: \S+ has ended its side of the link, so no answer can come from it$/);
    expect(server.peers.size).toBe(1);
    expect(await failure(server.question(peer as never, {}))).toBeInstanceOf(ConnectionLost);
    // It is still read, as long as it is answered.
    client.socket.destroy();
  });

  it('has its notifications handled to the end', async () => {
    await using server = await Spec.serve(address(), { logger: null });
    let ended = false;
    server.hear.connect(async (sender) => {
      await later();
      ended = !(sender.signal as AbortSignal).aborted;
    });
    const client = await Half.connect(server.address);
    client.socket.end('{"jsonrpc":"2.0","method":"hear","params":{}}\n');
    await until(() => server.peers.size === 0 && client.text === '');
    await until(() => ended);
  });

  it('receives a stream up to its window, and then an error', async () => {
    await using server = await Spec.serve(address(), { logger: null });
    let closed = false;
    server.count.connect(async function* () {
      try {
        for (let n = 0; ; n++) {
          yield n;
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        closed = true;
      }
    });
    const client = await Half.connect(server.address);
    client.socket.end(
      '{"jsonrpc":"2.0","method":"rpc.about","params":{"call":1,"window":[40,100000]}}\n' +
        '{"jsonrpc":"2.0","id":1,"method":"count"}\n',
    );
    const { answers } = await client.ended();
    const items = answers.flatMap((said) => {
      const [id, some] = (said as unknown as { params?: [id: number | null, items: number[]] }).params ?? [];
      return id === 1 && some !== undefined ? some : [];
    });
    expect(items).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(answers.at(-1)).toMatchObject({ id: 1, error: { message: expect.stringMatching('its window is full') } });
    expect(closed).toBe(true);
  });

  it('is not waited for longer than lingerMs: then the signals of its handlers abort', async () => {
    await using server = await Spec.serve(address(), { logger: null, limits: { lingerMs: 50 } });
    const signals = waiting(server);
    const client = await Half.connect(server.address);
    client.socket.end(call(1));
    await client.ended();
    await until(() => server.peers.size === 0);
    expect(signals.map(({ aborted, reason }) => [aborted, String(reason)])).toEqual([
      [true, expect.stringMatching(/longer than 50 ms \(limits.lingerMs\)/)],
    ]);
  });

  it('is disconnected at the first write that fails', async () => {
    await using server = await Spec.serve(address(), { logger: null, limits: { lingerMs: 60_000 } });
    const signals: AbortSignal[] = [];
    const answers: ((answer: string) => void)[] = [];
    server.ask.connect((sender) => {
      signals.push(sender.signal as AbortSignal);
      return new Promise((resolve) => answers.push(resolve));
    });
    const client = await Half.connect(server.address);
    const ids = [1, 2, 3, 4, 5];
    client.socket.write(ids.map((id) => call(id)).join(''));
    await until(() => signals.length === ids.length);
    client.socket.destroy();
    await later();
    expect(server.peers.size).toBe(1);
    // The system accepts the first answer for a socket that is gone, and refuses the next.
    for (const answer of answers.slice(0, -1)) {
      answer('too late');
      await later();
    }
    await until(() => server.peers.size === 0);
    expect(signals.at(-1)?.aborted).toBe(true);
  });
});

describe('an Obverse peer that ends its side', () => {
  it.each(transports)('ends the link on %s at once: its calls are cancelled', async (_name, address) => {
    await using server = await Spec.serve(address(), { logger: null });
    const signals = waiting(server);
    const client = await Half.connect(server.address);
    client.socket.write('{"jsonrpc":"2.0","method":"rpc.hello","params":{"obverse":1,"codec":"jrpc"}}\n');
    client.socket.end(call(1));
    await until(() => signals.length === 1 && server.peers.size === 0);
    expect(signals[0]?.aborted).toBe(true);
    await client.ended();
  });
});

it('half-closed links are answered in the framing of a language server, too', async () => {
  await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: null, codec: 'jrpc?dialect=lsp' });
  server.ask.connect(async (_sender, { text }) => {
    await later();
    return text;
  });
  const client = await Half.connect(server.address);
  const body = call(7).trimEnd();
  client.socket.end(`Content-Length: ${body.length}\r\n\r\n${body}`);
  expect((await client.ended()).text).toMatch(/^Content-Length: \d+\r\n\r\n\{.*"result":"7".*\}$/);
});

it('a call without hello rejects at once when the server closes', async () => {
  const log = new Log();
  await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: log, codec: 'jrpc?hello=off' });
  const client = await Spec.invert().connect(server.address, { logger: log, codec: 'jrpc?hello=off' });
  waiting(server);
  await until(() => server.peers.size === 1);
  const asked = failure<RpcError>(client.remote.ask({}));
  const gone = server.close();
  const error = await asked;
  expect(error).toBeInstanceOf(ConnectionLost);
  expect(error.code).toBe(Code.ConnectionLost);
  await gone;
  await client.close();
});
