import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codecFrom } from '../../src/api/resolve-options.js';
import type { Codec, Frame, FramingFactory } from '../../src/contract/contract.js';
import {
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  RpcError,
  type Sender,
} from '../../src/index.js';
import { testCodec } from '../../src/testing/codec.js';
import { failure, Log, until } from '../support/core-waiting.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) look(_sender: Sender, _args: { what: unknown }): Reply<unknown> {}
  @incoming({ hasReply: true }) fail(_sender: Sender, _args: { code: number }): Reply<null> {}
  @incoming tell(_sender: Sender, _args: { what: unknown }): void {}
  @outgoing({ hasReply: true }) ask(_to: Receivers, _args: { what: unknown }): Reply<unknown> {}
  @outgoing told(_to: Receivers, _args: { what: unknown }): void {}
}
const Visitor = Desk.invert();

const make = (read: string, written: string): Promise<Codec> => codecFrom({ in: read, out: written });

describe('what the dialect of one codec of a pair asks of HTTP', () => {
  it.each([
    ['jrpc?dialect=mcp', 'jrpc'],
    ['jrpc', 'jrpc?dialect=mcp'],
  ])('is asked of the pair: %s and %s', async (read, written) => {
    expect((await make(read, written)).http?.session).toBe('mcp-session-id');
    expect((await make('jrpc', 'terse')).http).toBeUndefined();
  });
});

const objectByPosition = 'in MessagePack-RPC one plain object by position looks like named arguments';
for (const [written, read] of [
  ['jrpc', 'msgpack'],
  ['msgpack', 'jrpc'],
  ['jrpc', 'terse'],
  ['terse', 'msgpack'],
] as const) {
  const [mine, theirs] = await Promise.all([make(read, written), make(written, read)]);
  const gaps = { 'carries a call with one positional argument that is an object': objectByPosition };
  testCodec(
    { describe, it },
    {
      name: `that writes ${written} and reads ${read}, read by the other side`,
      make: () => ({ ...mine, decode: theirs.decode }),
      ...(written === 'msgpack' && { gaps }),
    },
  );
}

describe('a pair of codecs', () => {
  it('has one name for both sides, and says hello if both codecs do', async () => {
    const [one, other] = await Promise.all([make('jrpc', 'msgpack'), make('msgpack', 'jrpc')]);
    expect([one.name, other.name]).toEqual(['jrpc+msgpack', 'jrpc+msgpack']);
    expect([one.hello, other.hello]).toEqual([true, true]);
    for (const pair of [make('jrpc', 'terse'), make('msgpack?dialect=nvim', 'jrpc')])
      expect((await pair).hello).toBe(false);
    expect((await make('jrpc?hello=off', 'jrpc')).name).toBe('jrpc');
  });

  it('produces bytes if one of the two does, and text if neither does', async () => {
    const forms = [make('jrpc', 'msgpack'), make('msgpack', 'terse'), make('jrpc', 'terse'), make('clone', 'clone')];
    expect((await Promise.all(forms)).map(({ form }) => form)).toEqual(['bytes', 'bytes', 'text', 'values']);
    const { encode } = await make('msgpack', 'jrpc');
    expect(Buffer.from(encode({ kind: 'reply', id: 1, value: 'ä' }) as Uint8Array).toString()).toBe(
      '{"jsonrpc":"2.0","id":1,"result":"ä"}',
    );
  });

  it('reads from bytes what its codec reads from text, and nothing else', async () => {
    const { decode } = await make('jrpc', 'msgpack');
    const reply = '{"jsonrpc":"2.0","id":1,"result":"ä"}';
    const given: unknown[] = [];
    decode(Buffer.from(reply), (message) => given.push(message), false);
    expect(given).toEqual([{ kind: 'reply', id: 1, value: 'ä' }]);
    for (const frame of [Buffer.from(`\u00a0${reply}`), Buffer.of(0xff), { values: [1], transfer: [], length: 1 }]) {
      expect(() => decode(frame, () => {}, false)).toThrow('Parse error');
    }
  });

  it('has the dialect of the codec that it writes, and answers only what that codec may answer', async () => {
    expect((await make('msgpack', 'jrpc?dialect=lsp')).words).toEqual(['rpc.cancel', 'rpc.progress']);
    expect((await make('jrpc?dialect=lsp', 'msgpack')).words).toBeUndefined();
    expect((await make('jrpc?dialect=mcp', 'msgpack')).answersCancelled).toBe(false);
    expect((await make('jrpc', 'terse')).answersUnreadable).toBe(true);
    expect((await make('jrpc', 'msgpack')).answersUnreadable).toBe(false);
  });

  it('cannot combine a codec of values with another', async () => {
    for (const [read, written] of [
      ['clone', 'jrpc'],
      ['msgpack', 'clone'],
    ] as const) {
      await expect(make(read, written)).rejects.toThrow(
        /the codec "clone" passes values, and "\w+" makes (text|bytes)/,
      );
    }
  });

  it('is refused if one of the two is missing', async () => {
    for (const codec of [
      { in: 'jrpc' },
      { out: 'jrpc' },
      { in: 'jrpc', out: 5 },
      { in: { in: 'jrpc', out: 'jrpc' }, out: 'jrpc' },
    ]) {
      expect(() => Desk.create({ transport: 'memory:refused', codec: codec as never })).toThrow(
        /\{ in, out \} with one/,
      );
    }
    await expect(make('jrpc', 'nonsense')).rejects.toThrow(/unknown codec "nonsense"/);
  });
});

describe('the framing of a pair', () => {
  const framings = async (read: string, written: string): Promise<[FramingFactory, FramingFactory]> => {
    const [mine, theirs] = await Promise.all([make(read, written), make(written, read)]);
    return [mine.framing as FramingFactory, theirs.framing as FramingFactory];
  };

  it.each([
    ['msgpack', 'jrpc'],
    ['msgpack', 'jrpc?dialect=lsp'],
    ['msgpack', 'jrpc?dialect=quickrpc'],
  ])('is that of each codec in its direction: %s and %s', async (read, written) => {
    const [mine, theirs] = await framings(read, written);
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\n\r\0]/.test(text));
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), sizes, (texts, sizes) => {
        const stream = Buffer.from(mine('bytes', 10_000).wrap(texts.map((one) => Buffer.from(one))));
        const reader = theirs('bytes', 10_000);
        const given: Frame[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const to = at + (sizes[turn % sizes.length] as number);
          reader.push(stream.subarray(at, to), (frame) => given.push(frame));
          at = to;
        }
        reader.end((frame) => given.push(frame));
        expect(given.map((frame) => Buffer.from(frame as Uint8Array).toString())).toEqual(texts);
      }),
    );
  });

  it('is the common one if both have the same', async () => {
    expect((await make('jrpc', 'jrpc?dialect=mcp')).framing).toBe('lines');
    expect((await make('msgpack', 'msgpack?hello=off')).framing).toBe((await codecFrom('msgpack')).framing);
  });

  it('applies the limits and the checks at the end of both', async () => {
    const [mine, theirs] = await framings('msgpack', 'jrpc');
    const give = (): void => {};
    expect(() => theirs('bytes', 10).push(Buffer.alloc(11, 0x20), give)).toThrow(/at most 10 bytes/);
    expect(() => mine('bytes', 10).push(Buffer.of(0xc6, 0, 0, 1, 0), give)).toThrow(/at most 10 bytes/);
    const cut = mine('bytes', 10);
    cut.push(Buffer.of(0x92, 1), give);
    expect(() => cut.end(give)).toThrow(/in the middle of a frame/);
    const last: Frame[] = [];
    const unended = theirs('bytes', 10);
    unended.push(Buffer.from('{"a":1}'), (frame) => last.push(frame));
    unended.end((frame) => last.push(frame));
    expect(last).toEqual([new TextEncoder().encode('{"a":1}')]);
  });

  it('fails at the first byte that cannot begin a text', async () => {
    const [, theirs] = await framings('msgpack', 'jrpc');
    for (const first of [0x80, 0x93, 0xbf]) {
      expect(() => theirs('bytes', 10).push(Buffer.of(first), () => {})).toThrow(/expected text, but bytes arrived/);
    }
    const good = theirs('bytes', 10);
    good.push(Buffer.from('\xc3'), () => {});
    good.push(Buffer.of(0x93), () => {});
  });
});

const wide = { text: 'ä 漢 🙂', list: [1, [2, { three: null }]], long: 'x'.repeat(100_000) };

describe.each([
  ['tcp://127.0.0.1:0', {}],
  ['tcp://127.0.0.1:0?framing=length', {}],
  ['ws://127.0.0.1:0', {}],
  ['tcp://127.0.0.1:0', { security: 'user?user=ann' }],
  ['memory:codec-pair', {}],
] as [string, Partial<Options>][])('over %s %j', (url, options) => {
  it.each([
    ['jrpc', 'msgpack'],
    ['msgpack', 'jrpc'],
    ['jrpc?dialect=lsp', 'msgpack'],
    ['jrpc', 'terse'],
  ])('calls work both ways where the server reads %s and writes %s', async (read, written) => {
    const log = new Log();
    await using desk = await Desk.serve(url, { ...options, codec: { in: read, out: written }, logger: log });
    const heard: unknown[] = [];
    desk.look.connect(async (visitor, { what }) => [what, await desk.ask(visitor, { what })]);
    desk.tell.connect((visitor, { what }) => {
      heard.push(what);
      desk.told(visitor, { what });
    });
    desk.fail.connect((_visitor, { code }) => {
      throw new RpcError('refused', code, { code });
    });
    const away = { ...options, codec: { in: { url: written }, out: await codecFrom(read) }, logger: log };
    await using visitor = await Visitor.connect(desk.address, away);
    visitor.ask.connect((_desk, { what }) => what);
    visitor.told.connect((_desk, { what }) => void heard.push(what));
    expect(await visitor.remote.look({ what: wide })).toEqual([wide, wide]);
    visitor.remote.tell({ what: wide });
    await until(() => heard.length === 2);
    expect(heard).toEqual([wide, wide]);
    expect(await failure(visitor.remote.fail({ code: 77 }))).toMatchObject({
      code: 77,
      message: 'refused',
      data: { code: 77 },
    });
    const many = await Promise.all(Array.from({ length: 500 }, (_, at) => visitor.remote.look({ what: at })));
    expect(many).toEqual(Array.from({ length: 500 }, (_, at) => [at, at]));
    expect([...log.warnings, ...log.errors]).toEqual([]);
  });
});

it('each direction carries the values of its codec', async () => {
  await using desk = await Desk.serve('tcp://127.0.0.1:0', { codec: { in: 'msgpack', out: 'jrpc' } });
  const seen: unknown[] = [];
  desk.look.connect((_visitor, { what }) => {
    seen.push(what);
    return what;
  });
  await using visitor = await Visitor.connect(desk.address, { codec: { in: 'jrpc', out: 'msgpack' } });
  expect(await visitor.remote.look({ what: new Date(0) })).toBe('1970-01-01T00:00:00.000Z');
  expect(seen).toEqual([new Date(0)]);
});

it('a batch of a peer that is not Obverse is answered in the codec that is written', async () => {
  await using desk = await Desk.serve('tcp://127.0.0.1:0', { codec: { in: 'jrpc', out: 'msgpack' } });
  desk.look.connect((_visitor, { what }) => what);
  const socket = connect(Number(new URL(desk.address).port), '127.0.0.1');
  const batch = [1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'look', params: { what: id } }));
  socket.write(`${JSON.stringify(batch)}\n`);
  const came: number[] = [];
  for await (const chunk of socket) {
    came.push(...(chunk as Buffer));
    if (came.length >= 10) break;
  }
  expect(came).toEqual([0x94, 1, 1, 0xc0, 1, 0x94, 1, 2, 0xc0, 2]);
});

describe('a side with another codec', () => {
  const pair = { in: 'jrpc', out: 'msgpack' };
  const timeout = 300;

  it.each(['jrpc', 'msgpack'])('is refused over ws: %s', async (codec) => {
    await using desk = await Desk.serve('ws://127.0.0.1:0', { codec: pair, logger: null });
    await expect(Visitor.connect(desk.address, { codec, logger: null })).rejects.toThrow(
      /this server uses the codec jrpc\+msgpack, not (jrpc|msgpack)/,
    );
    await using plain = await Desk.serve('ws://127.0.0.1:0', { codec: 'jrpc', logger: null });
    await expect(Visitor.connect(plain.address, { codec: pair })).rejects.toThrow(
      'this server uses the codec jrpc, not jrpc+msgpack',
    );
  });

  it('that sends bytes where text is expected is disconnected at once, and both sides report it', async () => {
    const log = new Log();
    await using desk = await Desk.serve('tcp://127.0.0.1:0', { codec: pair, logger: log });
    for (const codec of ['msgpack', pair]) {
      const visitor = await Visitor.connect(desk.address, { codec, logger: null, timeout: 10_000 });
      expect(await failure(visitor.remote.look({ what: 1 }))).toMatchObject({ name: 'ConnectionLost' });
      await visitor.close();
    }
    await until(() => log.warnings.length === 2);
    expect(log.texts).toEqual(Array(2).fill(expect.stringContaining('expected text, but bytes arrived')));
  });

  it('that sends text where bytes are expected is disconnected at once, and both sides report it', async () => {
    const log = new Log();
    await using desk = await Desk.serve('tcp://127.0.0.1:0', { codec: { in: 'msgpack', out: 'jrpc' }, logger: log });
    const visitorLog = new Log();
    await using visitor = await Visitor.connect(desk.address, { codec: 'jrpc', logger: visitorLog, timeout: 10_000 });
    expect(await failure(visitor.remote.look({ what: 1 }))).toMatchObject({ name: 'ConnectionLost' });
    const text = 'this side expects MessagePack, but the data that arrived begins with "{\\"jsonrpc\\"';
    expect(log.texts).toEqual([expect.stringContaining(text)]);
    expect(visitorLog.warnings).toEqual([
      [expect.stringContaining('refused the connection: this side expects MessagePack')],
    ]);
  });

  it('that cannot read the answers is detected by the hello, and one that is not understood is disconnected', async () => {
    await using desk = await Desk.serve('tcp://127.0.0.1:0', { codec: pair, logger: null });
    desk.look.connect((_visitor, { what }) => what);
    await using visitor = await Visitor.connect(desk.address, { codec: 'jrpc', logger: null, timeout });
    expect(await failure(visitor.remote.look({ what: 1 }))).toMatchObject({ name: 'ConnectionLost' });
    await using plain = await Desk.serve('tcp://127.0.0.1:0', { codec: 'jrpc', logger: null });
    await using lost = await Visitor.connect(plain.address, { codec: pair, logger: null, timeout: 10_000 });
    expect(await failure(lost.remote.look({ what: 1 }))).toMatchObject({ name: 'ConnectionLost' });
  });
});
