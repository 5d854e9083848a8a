import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConnectionLost,
  incoming,
  outgoing,
  ProtocolError,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  type TransportSource,
  UsageError,
} from 'obverse';
import { record, replay } from 'obverse/testing';
import { afterAll, afterEach, describe, expect, it } from 'vitest';

class NotFound extends Error {
  override name = 'NotFound';
}
class Shop extends RemoteAPI {
  @incoming({ hasReply: true, params: ['a', 'b'] }) add(_sender: Sender, _a: number, _b: number): Reply<number> {}
  @incoming({ hasReply: true }) find(_sender: Sender, _args: { name: string }): Reply<unknown> {}
  @incoming hint(_sender: Sender, _args: { text: string }): void {}
  @outgoing({ hasReply: true }) price(_receivers: Receivers, _args: { name: string }): Reply<number> {}
  @outgoing said(_receivers: Receivers, _args: { text: string }): void {}
}

const folder = mkdtempSync(join(tmpdir(), 'obverse-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});
let files = 0;
const file = (): string => join(folder, `${files++}.jsonl`);
type Codec = 'jrpc' | 'msgpack' | 'clone';

/** A server that calls back, broadcasts, and fails. */
async function shop(url: string, codec: Codec): Promise<Side<Shop>> {
  const server = await Shop.serve(url, { codec, errorClasses: [NotFound], logger: null });
  open.push(server);
  server.add.connect((_sender, a, b) => a + b);
  server.hint.connect((_sender, { text }) => server.said(null, { text: `heard ${text}` }));
  server.find.connect(async (sender, { name }) => {
    if (name === 'nothing') throw new NotFound(`there is no ${name}`);
    return { name, price: (await server.to(sender).price({ name })) * 2 };
  });
  return server;
}

/** The recorded program, and what it has seen. */
async function program(transport: TransportSource, codec: Codec, { second = 2, hint = 'hello' } = {}) {
  const seen: unknown[] = [];
  const client = Shop.invert().create({ transport, codec, errorClasses: [NotFound], logger: null });
  client.price.connect(async (_sender, { name }) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return name.length;
  });
  const told = new Promise<void>((resolve) => {
    client.said.connect((_sender, { text }) => {
      seen.push(text);
      resolve();
    });
  });
  await client.open();
  open.push(client);
  seen.push(await client.remote.add(1, second));
  client.remote.hint({ text: hint });
  seen.push(
    await Promise.all([client.remote.add(3, 4), client.remote.find({ name: 'apple' }), client.remote.add(5, 6)]),
  );
  seen.push(
    await client.remote.find({ name: 'nothing' }).catch((error: Error) => [error instanceof NotFound, error.message]),
  );
  await told;
  await client.close();
  return seen;
}
const expected = [3, 'heard hello', [7, { name: 'apple', price: 10 }, 11], [true, 'there is no nothing']];

describe.each(['jrpc', 'msgpack'] as const)('a conversation over tcp with %s', (codec) => {
  async function recorded(): Promise<string> {
    const to = file();
    const server = await shop('tcp://127.0.0.1:0', codec);
    expect(await program(record(server.address, to), codec)).toEqual(expected);
    await server.close();
    return to;
  }

  it('is recorded, and replayed without its server', async () => {
    const from = await recorded();
    for (let times = 0; times < 3; times++) {
      const replayed = replay(from);
      expect(await program(replayed, codec)).toEqual(expected);
      replayed.verify();
    }
  });

  it('can also be played from the other side, for another program', async () => {
    const to = file();
    // The server is recorded, and then its recording is played to it: its clients are simulated.
    const serve = async (transport: TransportSource): Promise<Side<Shop>> => {
      const side = Shop.create({ transport, codec, errorClasses: [NotFound], logger: null });
      side.add.connect((_sender, a, b) => a + b);
      side.hint.connect((_sender, { text }) => side.said(null, { text: `heard ${text}` }));
      side.find.connect(async (sender, { name }) => {
        if (name === 'nothing') throw new NotFound(`there is no ${name}`);
        return { name, price: (await side.to(sender).price({ name })) * 2 };
      });
      await side.open();
      open.push(side);
      return side;
    };
    const live = await serve(record('tcp-server://127.0.0.1:0', to));
    for (let visitors = 0; visitors < 2; visitors++) expect(await program(live.address, codec)).toEqual(expected);
    await live.close();
    const replayed = replay(to);
    const again = await serve(replayed);
    expect(again.address).toBe(live.address);
    await expect.poll(() => verdict(replayed.verify)).toBe('as it was');
    expect(again.peers.size).toBe(0);
  });

  it('reports a difference if a call has another argument', async () => {
    const replayed = replay(await recorded());
    const failure = program(replayed, codec, { second: 20 }).catch((error: unknown) => error);
    const error = (await failure) as Error;
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.message).toMatch(/^replay: frame \d to 127\.0\.0\.1:\d+ is not the one that was recorded/);
    const texts =
      codec === 'jrpc'
        ? [/recorded: .*"method":"add".*"b":2\}/, /sent: {5}.*"method":"add".*"b":20\}/]
        : [/recorded: call \d: add\(\{ a: 1, b: 2 \}\)/, /sent: {5}call \d: add\(\{ a: 1, b: 20 \}\)/];
    for (const text of texts) expect(error.message).toMatch(text);
    expect(() => replayed.verify()).toThrow(error.message);
  });

  it('reports a difference if a notification has another argument, and nobody waits', async () => {
    const replayed = replay(await recorded());
    await program(replayed, codec, { hint: 'bye' }).catch(() => {});
    expect(() => replayed.verify()).toThrow(/"?text"?: ?["']hello["'].*"?text"?: ?["']bye["']/s);
  });

  it('reports additional messages', async () => {
    const replayed = replay(await recorded());
    const client = Shop.invert().create({ transport: replayed, codec, logger: null });
    const program = new Promise((resolve) => client.on('disconnect', resolve));
    await client.open();
    await expect(client.remote.add(1, 2)).resolves.toBe(3);
    client.remote.hint({ text: 'hello' });
    await expect(client.remote.add(1, 2)).rejects.toThrow('is not the one that was recorded');
    await program;
    await client.close();
  });

  it('reports missing messages', async () => {
    const replayed = replay(await recorded());
    expect(() => replayed.verify()).toThrow('was not played');
    const client = await Shop.invert().connect(replayed, { codec });
    await client.remote.add(1, 2);
    await client.close();
    expect(() => replayed.verify()).toThrow(
      /6 frames of the recording to 127\.0\.0\.1:\d+ were not sent; the first is\n.*hello/,
    );
  });
});

/** Whether it throws, and what. */
function verdict(verify: () => void): string {
  try {
    verify();
    return 'as it was';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a recording', () => {
  it('consists of lines of JSON, with text as text and bytes as base64', async () => {
    for (const [codec, key] of [
      ['jrpc', 'text'],
      ['msgpack', 'bytes'],
    ] as const) {
      const to = file();
      const server = await shop('tcp://127.0.0.1:0', codec);
      await program(record(server.address, to), codec);
      const [head, ...steps] = readFileSync(to, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(head).toEqual({ obverse: 'recording', version: 1, form: key, codec });
      const peer = server.address.replace('tcp://', '');
      expect(steps[0]).toEqual({ at: expect.any(Number), peer, link: { dialed: true } });
      expect(steps).toContainEqual({ at: expect.any(Number), address: server.address });
      const frames = steps.filter((step) => 'in' in step || 'out' in step);
      expect(frames.length).toBeGreaterThan(10);
      for (const frame of frames) {
        expect(frame.peer).toBe(peer);
        expect(typeof (frame.in ?? frame.out)[key]).toBe('string');
      }
      expect(steps.at(-1)).toEqual({ at: expect.any(Number), peer, close: null });
      const times = steps.map(({ at }) => at);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
  });

  it('can be written to a function, and read from lines', async () => {
    const lines: string[] = [];
    const server = await shop('memory:replay-lines', 'jrpc');
    expect(
      await program(
        record(server.address, (line) => lines.push(line)),
        'jrpc',
      ),
    ).toEqual(expected);
    const replayed = replay(lines);
    expect(await program(replayed, 'jrpc')).toEqual(expected);
    replayed.verify();
  });

  it('can hold values of structured clone', async () => {
    const values = {
      nothing: undefined,
      numbers: [0, -0, Number.NaN, Number.NEGATIVE_INFINITY, 2n ** 70n],
      date: new Date(5),
      map: new Map<unknown, unknown>([['a', new Set([1, { $: 'money' }])]]),
      bytes: Uint8Array.of(1, 2, 255),
      floats: new Float64Array([0.5, Number.NaN]),
      buffer: Uint8Array.of(7).buffer,
      pattern: /a+"/giu,
      error: new RangeError('wrong', { cause: 'a reason' }),
      $: ['Map', []],
    };
    const lines: string[] = [];
    const server = await Shop.serve('memory:replay-values', { codec: 'clone' });
    server.find.connect(() => values);
    const client = await Shop.invert().connect(
      record(server.address, (line) => lines.push(line)),
      { codec: 'clone' },
    );
    open.push(server, client);
    expect(await client.remote.find({ name: 'all' })).toEqual(values);
    await client.close();
    const replayed = replay(lines);
    const again = await Shop.invert().connect(replayed, { codec: 'clone' });
    open.push(again);
    const given = await again.remote.find({ name: 'all' });
    expect(given).toEqual(values);
    expect(Object.is((given as typeof values).numbers[1], -0)).toBe(true);
    replayed.verify();
  });

  it('refuses values that cannot be recorded, and reports which', async () => {
    const { port1, port2 } = new MessageChannel();
    const { transfer } = await import('obverse/codecs/clone');
    const server = await Shop.serve('memory:replay-port', { codec: 'clone' });
    const client = await Shop.invert().connect(
      record(server.address, () => {}),
      { codec: 'clone', logger: null },
    );
    open.push(server, client);
    server.find.connect(() => transfer({ port: port1 }, [port1 as never]));
    const asked = client.remote.find({ name: 'a port' });
    await expect(asked).rejects.toThrow(ConnectionLost);
    await expect(asked).rejects.toThrow(/\.port is of the class MessagePort, which a recording cannot write down/);
    port2.close();
  });

  it('must have the codec with which it is played', async () => {
    const lines = ['{"obverse":"recording","version":1,"form":"text","codec":"jrpc"}'];
    await expect(Shop.connect(replay(lines), { codec: 'msgpack' })).rejects.toThrow(
      'of the codec jrpc (text), and this side has msgpack (bytes)',
    );
    const replayed = replay(lines);
    open.push(await Shop.connect(replayed));
    await expect(Shop.connect(replayed)).rejects.toThrow('plays a recording once');
  });

  it('is refused if it is malformed', () => {
    expect(() => replay(join(folder, 'nothing.jsonl'))).toThrow('ENOENT');
    expect(() => replay([])).toThrow(UsageError);
    expect(() => replay(['{"hello":1}'])).toThrow('is not a recording');
    expect(() => replay(['{"obverse":"recording","version":2}'])).toThrow('is of version 2');
    expect(() => replay(['{"obverse":"recording","version":1}', '{'])).toThrow('line 2 is not JSON');
    expect(() => replay([], { speed: 2 } as never)).toThrow('unknown option "speed"; there is same');
  });

  it('is for one transport', async () => {
    const server = await shop('memory:replay-once', 'jrpc');
    const recording = record(server.address, () => {});
    open.push(await Shop.invert().connect(recording));
    await expect(Shop.invert().connect(recording)).rejects.toThrow('one recording of one transport');
  });

  it('contains what could not be opened', async () => {
    const lines: string[] = [];
    const live = Shop.connect(record('memory:replay-nobody', (line) => lines.push(line)));
    await expect(live).rejects.toThrow('nobody serves memory:replay-nobody');
    await expect(Shop.connect(replay(lines))).rejects.toThrow('nobody serves memory:replay-nobody');
  });

  it('ends its links as they have ended', async () => {
    const lines: string[] = [];
    const server = await Shop.serve('memory:replay-end');
    const client = await Shop.invert().connect(record(server.address, (line) => lines.push(line)));
    open.push(server, client);
    server.find.connect(() => new Promise(() => {}));
    const asked = client.remote.find({ name: 'long' }).catch((error: Error) => error.message);
    await expect.poll(() => lines.some((line) => line.includes('long'))).toBe(true);
    for (const peer of server.peers.values()) void peer.close(new Error('enough'));
    const why = await asked;
    expect(why).toContain('closed the link abruptly');
    const again = await Shop.invert().connect(replay(lines));
    open.push(again);
    await expect(again.remote.find({ name: 'long' })).rejects.toThrow(why as string);
  });

  it('allows frames to differ with an option', async () => {
    const lines: string[] = [];
    const server = await shop('memory:replay-same', 'jrpc');
    const ask = async (transport: TransportSource, text: string): Promise<number> => {
      const client = await Shop.invert().connect(transport, { logger: null });
      open.push(client);
      client.remote.hint({ text });
      const sum = await client.remote.add(1, 1);
      await client.close();
      return sum;
    };
    expect(
      await ask(
        record(server.address, (line) => lines.push(line)),
        'at 10:00',
      ),
    ).toBe(2);
    await expect(ask(replay(lines), 'at 11:00')).rejects.toThrow('the option `same`');
    const timeless = (frame: unknown): string => String(frame).replace(/at \d+:\d+/, 'at …');
    const replayed = replay(lines, { same: (recorded, sent) => timeless(recorded) === timeless(sent) });
    expect(await ask(replayed, 'at 11:00')).toBe(2);
    replayed.verify();
  });
});
