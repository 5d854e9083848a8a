import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type RpcError,
  type Sender,
  type Stream,
  standardTypes,
} from '../../src/index.js';
import { failure, until } from '../support/core-waiting.js';
import { Desk, handle, options } from './python-desk.js';

/*
 * The peer in Python, examples/python/obverse_peer.py, which is written from docs/wire.md: as a client of a side of
 * Obverse, as the server of one, and in the conversations of that page.
 */

const enough = 'import sys; sys.exit(sys.version_info < (3, 11))';
const absent = spawnSync('python3', ['-c', enough]).status !== 0;
const why = absent ? ' (n/a: there is no python3 of 3.11 or later)' : '';
const program = (name: string): string => fileURLToPath(new URL(`python/${name}.py`, import.meta.url));
const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };

/** The spec that demo.py serves. */
class Demo extends RemoteAPI {
  @outgoing({ hasReply: true }) add(_to: Receivers, _args: { a: number; b: number }): Reply<number> {}
  @outgoing({ hasReply: true, allowPositionalArgs: true }) echo(_to: Receivers, _value?: unknown): Reply<unknown> {}
  @outgoing({ hasReply: true }) greet(_to: Receivers): Reply<string> {}
  @outgoing({ hasReply: true }) fail(_to: Receivers, _args: { how: string }): Reply<null> {}
  @outgoing tell(_to: Receivers, _args: { text: string }): void {}
  @outgoing({ hasReply: true }) notes(_to: Receivers): Reply<object> {}
  @outgoing({ hasReply: true }) wait(_to: Receivers): Reply<null> {}
  @outgoing({ hasReply: true }) climb(_to: Receivers, _args: { to: number }): Reply<string, number> {}
  @outgoing({ hasReply: true }) ask(_to: Receivers, _args: { how: string }): Reply<string> {}
  @outgoing({ stream: true }) count(_to: Receivers, _args: { to: number }): Stream<number> {}
  @outgoing({ hasReply: true }) spell(_to: Receivers): Reply<string> {}
  @outgoing({ hasReply: true }) sum(_to: Receivers, _args: { numbers: AsyncIterable<number> }): Reply<number> {}
  @outgoing({ hasReply: true }) visit(_to: Receivers, _args: { each: (who: string) => string }): Reply<string> {}
  @outgoing({ hasReply: true }) visitor(_to: Receivers): Reply<(who: string) => Promise<string>> {}
  @incoming({ hasReply: true }) name(_from: Sender): Reply<string, string> {}
  @incoming({ stream: true }) letters(_from: Sender): Stream<string> {}
  @incoming told(_from: Sender, _args: { text: string }): void {}
}

describe.skipIf(absent)(`a client in Python, of a side of Obverse${why}`, () => {
  const found = new Map<string, string | null>();
  beforeAll(async () => {
    await using desk = await Desk.serve('tcp://127.0.0.1:0', options);
    handle(desk);
    const python = spawn('python3', [program('client'), new URL(desk.address).port], { env });
    python.stderr.pipe(process.stderr);
    for await (const line of createInterface(python.stdout)) found.set(...(JSON.parse(line) as [string, string]));
  }, 120_000);

  it.each([
    'calls',
    'called',
    'notifications',
    'errors',
    'metadata',
    'progress',
    'cancel',
    'cancelled',
    'timeouts',
    'streams',
    'streamed',
    'arguments',
    'functions',
    'values',
    'large',
    'ends',
  ])('%s', (name) => expect(found.get(name)).toBe(null));
});

describe.skipIf(absent)(`a server in Python${why}`, () => {
  let python: ChildProcess;
  let port: number;
  beforeAll(async () => {
    python = spawn('python3', [program('demo')], { env });
    python.stderr?.resume();
    const [line] = await once(createInterface(python.stdout as NonNullable<typeof python.stdout>), 'line');
    port = Number(line);
  }, 60_000);
  afterAll(() => python.stdin?.end());

  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  const ann = (from: Sender): string => {
    from.progress('half');
    return `ann ${JSON.stringify(from.metadata)}`;
  };
  async function dialed(name: (from: Sender) => string | Promise<string> = ann) {
    const demo = await Demo.connect(`tcp://127.0.0.1:${port}`, { types: [standardTypes], logger: null });
    ends.push(() => demo.close());
    demo.name.connect(name);
    demo.letters.connect(() => ['a', 'b']);
    return demo;
  }

  it('answers calls by name and by position, and calls back', async () => {
    const demo = await dialed();
    expect(await demo.add(null, { a: 2, b: 40 })).toBe(42);
    expect(await demo.echo(null, 'by position')).toBe('by position');
    expect(await demo.greet(null)).toBe('hello ann {}');
    const sums = Array.from({ length: 1_000 }, (_, n) => demo.add(null, { a: n, b: 1 }));
    expect((await Promise.all(sums)).at(-1)).toBe(1_000);
  });

  it('receives notifications, and sends them', async () => {
    const demo = await dialed();
    const heard: string[] = [];
    demo.told.connect((_from, { text }) => void heard.push(text));
    demo.tell(null, { text: 'hello' });
    await until(() => heard.length === 1);
    expect(heard).toEqual(['hello']);
  });

  it('answers with errors that have a code, data, a name and a cause', async () => {
    const demo = await dialed();
    const own = await failure<RpcError>(demo.fail(null, { how: 'own' }));
    expect(own).toMatchObject({ message: 'out of reach', code: 4_001, data: { away: 384_400 } });
    const known = await failure<RpcError>(demo.fail(null, { how: 'caused' }));
    expect(known).toMatchObject({ remoteName: 'NotFound', data: { shelf: 3 }, cause: { message: '3 is too high' } });
    expect(await failure(demo.fail(null, { how: 'other' }))).toBeInstanceOf(TypeError);
    expect(await failure(demo.add(null, { a: 1 } as never))).toMatchObject({ code: -32602 });
  });

  it('carries metadata in both directions, and progress', async () => {
    const demo = await dialed();
    const { value, metadata } = await demo.to(null, { metadata: { trace: 'b2' } }).detailed.notes();
    expect([value, metadata]).toEqual([{ trace: 'b2' }, { served: 'here' }]);
    expect(await demo.ask(null, { how: 'with metadata' })).toBe('ann {"trace":"a1"}');
    const steps: number[] = [];
    expect(await demo.to(null, { onProgress: (step) => void steps.push(step as number) }).climb({ to: 3 })).toBe(
      'at the top',
    );
    expect(steps).toEqual([1, 2, 3]);
  });

  it('cancels calls that are cancelled or late, in both directions', async () => {
    const signals: AbortSignal[] = [];
    const demo = await dialed((from) => {
      signals.push(from.signal as AbortSignal);
      from.progress('hm');
      return new Promise(() => {});
    });
    const gone = new AbortController();
    const waiting = failure(demo.to(null, { signal: gone.signal }).wait());
    gone.abort();
    expect((await waiting).name).toBe('Aborted');
    expect((await failure(demo.to(null, { timeout: 50 }).wait())).name).toBe('TimeoutError');
    expect(await demo.ask(null, { how: 'and give up' })).toBe('never mind');
    await until(() => signals[0]?.aborted === true);
  });

  it('streams in both directions, with credit, also as an argument', async () => {
    const demo = await dialed();
    const items: number[] = [];
    for await (const n of demo.to(null, { window: { items: 16, bytes: 500 } }).count({ to: 1_000 })) items.push(n);
    expect(items).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 1));
    for await (const n of demo.count(null, { to: 1e9 })) if (n === 1_000) break;
    expect(await demo.spell(null)).toBe('ab');
    async function* numbers() {
      for (let n = 0; n < 1_000; n++) yield n;
    }
    expect(await demo.sum(null, { numbers: numbers() })).toBe(499_500);
  });

  it('calls functions that are passed, and passes its own', async () => {
    const demo = await dialed();
    expect(await demo.visit(null, { each: (who) => `hello ${who}` })).toBe('hello ann');
    const greet = await demo.visitor(null);
    expect(await greet('bo')).toBe('hello bo');
    expect(await demo.visit(null, { each: greet as never })).toBe('hello ann');
  });

  it.each([
    [new Date(0)],
    [
      new Map<unknown, unknown>([
        [1, 'one'],
        ['two', new Date(0)],
      ]),
    ],
    [new Set(['a', 1])],
    [2n ** 70n],
    [Number.NEGATIVE_INFINITY],
    [-0],
    [Uint8Array.of(0, 255)],
    [Int16Array.of(1, -2)],
    [{ $rpc: 5 }],
    ['\ud800 ä€😀'],
    [9_007_199_254_740_992],
    ['x'.repeat(900_000)],
  ])('returns %o unchanged', async (value) => {
    const demo = await dialed();
    expect(await demo.echo(null, value)).toEqual(value);
  });

  it('fails the open calls when the link ends, and goes on serving', async () => {
    const demo = await dialed();
    const waiting = failure(demo.wait(null));
    await demo.close();
    expect((await waiting).name).toBe('ConnectionLost');
    expect(await (await dialed()).add(null, { a: 1, b: 2 })).toBe(3);
  });

  async function raw(): Promise<{ socket: Socket; lines: string[]; over: () => boolean }> {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    ends.push(() => socket.destroy());
    await once(socket, 'connect');
    const lines: string[] = [];
    createInterface(socket)
      .on('line', (line) => lines.push(line))
      .on('error', () => {});
    let over = false;
    socket.on('close', () => {
      over = true;
    });
    return { socket, lines, over: () => over };
  }
  const CALL = '{"jsonrpc":"2.0","id":1,"method":"add","params":{"a":1,"b":2}}';

  it.each([
    ['no JSON', -32700],
    ['{"jsonrpc":"2.0","id":2,"method":"echo","params":[NaN]}', -32700],
    ['\xff\xfe\x00', -32700],
    ['['.repeat(100_000), -32700],
    ['[1,2]', -32600],
    ['{"id":2,"method":"echo"}', -32600],
    ['{"jsonrpc":"2.0","id":{},"method":"echo"}', -32600],
    ['{"jsonrpc":"2.0","id":2,"method":5}', -32600],
    ['{"jsonrpc":"2.0","id":2,"method":"echo","params":5}', -32600],
  ])('refuses %.60s, and goes on', async (line, code) => {
    const { socket, lines } = await raw();
    socket.write(Buffer.from(`${line}\n${CALL}\n`, 'latin1'));
    await until(() => lines.length === 2);
    expect(JSON.parse(lines[0] as string).error.code).toBe(code);
    expect(JSON.parse(lines[1] as string)).toEqual({ jsonrpc: '2.0', id: 1, result: 3 });
  });

  it.each([
    'rpc.cancel","params":{"id":1}',
    'rpc.cancel","params":[[]]',
    'rpc.about","params":[]',
    'rpc.about","params":{"call":{},"metadata":5,"timeout":"x"}',
    'rpc.about","params":{"answer":[]}',
    'rpc.next","params":[77,[1]]',
    'rpc.pull","params":[{},"x"]',
    'rpc.keep","params":[[],77]',
    'rpc.unknown',
  ])('ignores a malformed extension: %s', async (member) => {
    const { socket, lines } = await raw();
    const text = member.includes('"params"') ? member : `${member}"`;
    socket.write(`{"jsonrpc":"2.0","method":"${text}}\n${CALL}\n`);
    await until(() => lines.length > 0);
    expect(JSON.parse(lines[0] as string)).toEqual({ jsonrpc: '2.0', id: 1, result: 3 });
  });

  it('ends a link with eleven bad frames in a row, and one with a line without an end', async () => {
    const bad = await raw();
    bad.socket.write('no JSON\n'.repeat(20));
    await until(bad.over);
    expect(bad.lines).toHaveLength(11);
    const long = await raw();
    long.socket.write('x'.repeat(3 * 2 ** 20));
    await until(long.over);
  });

  it('reads a line that is longer than the 64 KiB of asyncio', async () => {
    const { socket, lines } = await raw();
    socket.write(`{"jsonrpc":"2.0","id":1,"method":"echo","params":["${'x'.repeat(500_000)}"]}\n`);
    await until(() => lines.length === 1);
    expect(JSON.parse(lines[0] as string).result).toHaveLength(500_000);
  });
});
