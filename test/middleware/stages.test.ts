import { deflateSync, inflateSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { Code, type Frame, type Message, type Options, UsageError } from '../../src/index.js';
import { closeAll, meet, until, ways } from './sides.js';

afterEach(closeAll);

const compress = (frame: Frame): Uint8Array => deflateSync(frame as Uint8Array);
const toText = { outgoing: compress, incoming: (frame: Frame) => inflateSync(frame as Uint8Array).toString() };
const toBytes = { outgoing: compress, incoming: (frame: Frame) => new Uint8Array(inflateSync(frame as Uint8Array)) };

describe.each(ways)('over %s with %s, stages', (...way) => {
  const binary = way[1] === 'msgpack';

  it('compress outgoing and expand incoming frames, in both directions', async () => {
    const stages = { ...(binary ? toBytes : toText), form: 'bytes' } as const;
    const { server, client } = await meet(way, { stages }, { stages });
    const long = 'a'.repeat(100_000);
    server.add.connect((_from, a, b) => a + b);
    client.ask.connect((_from, { text }) => text);
    expect(await Promise.all([1, 2, 3].map((n) => client.add(null, n, n)))).toEqual([2, 4, 6]);
    expect(await server.ask(null, { text: long })).toBe(long);
  });

  it('count bytes and log frames without changing them', async () => {
    let out = 0;
    const seen: Frame[] = [];
    const stages = {
      outgoing: (frame: Frame) => {
        out += frame.length;
      },
      incoming: [(frame: Frame) => void seen.push(frame), (frame: Frame) => frame],
    };
    const { server, client } = await meet(way, { stages });
    server.add.connect((_from, a, b) => a + b);
    expect(await client.add(null, 1, 2)).toBe(3);
    expect(out).toBeGreaterThan(5);
    expect(out).toBeLessThan(200);
    expect(seen.map((frame) => typeof frame)).toContain(binary ? 'object' : 'string');
  });

  it('of messages run before the encoder and after the decoder', async () => {
    const kinds: string[] = [];
    const note = (arrow: string) => (message: Message) => void kinds.push(`${arrow} ${message.kind}`);
    const messages = {
      outgoing: [note('>'), (message: Message) => (message.kind === 'reply' ? { ...message, value: 42 } : message)],
      incoming: [
        note('<'),
        (message: Message) =>
          message.kind === 'call' ? { ...message, method: message.method.replace('old.', '') } : message,
      ],
    } as const;
    const { server, client } = await meet(way, { stages: { messages } as NonNullable<Options['stages']> });
    server.add.connect((_from, a, b) => a + b);
    expect(await client.add(null, 1, 2)).toBe(42);
    await until(() => kinds.includes('> reply'));
    expect(kinds.filter((kind) => !kind.endsWith('rpc'))).toEqual(expect.arrayContaining(['< call', '> reply']));
  });

  it('that return another frame without declaring its form are refused, and the call fails', async () => {
    const { client } = await meet(
      way,
      {},
      { stages: { outgoing: (frame) => `${String(frame)} `, incoming() {} }, codec: way[1] },
    );
    const answer = client.add(null, 1, 2);
    await expect(answer).rejects.toThrow(UsageError);
    await expect(answer).rejects.toThrow('set the option "form" of the stages');
  });

  it('that cannot read a frame count as a codec that cannot', async () => {
    const told: unknown[] = [];
    const stages = { ...(binary ? toBytes : toText), form: 'bytes' } as const;
    const { client } = await meet(
      way,
      { stages, logger: { warn: (_text, error) => told.push(error), error() {} } },
      // The frame is sent unchanged, in the same framing.
      {
        stages: {
          outgoing: (frame) => (typeof frame === 'string' ? new TextEncoder().encode(frame) : frame),
          form: 'bytes',
        },
      },
    );
    client.note(null, { text: 'x' });
    await until(() => told.length > 0);
    expect(told[0]).toMatch(/^Parse error: ./);
  });
});

it('stages prevent the messages of a turn from being joined', async () => {
  const frames: Frame[] = [];
  const keep = (frame: Frame): void => void frames.push(frame);
  const stages = { ...toText, outgoing: [compress, keep], form: 'bytes' } as const;
  const { server, client } = await meet(['ws://127.0.0.1:0', 'jrpc'], { stages }, { stages });
  server.add.connect((_from, a, b) => a + b);
  expect(await Promise.all([1, 2, 3].map((n) => client.add(null, n, n)))).toEqual([2, 4, 6]);
  // Three calls and three answers, and the hello of each side.
  expect(frames).toHaveLength(8);
});

it('stages do not make a frame with deep values small enough to be accepted', async () => {
  const stages = { ...toText, form: 'bytes' } as const;
  const { server, client } = await meet(['tcp://127.0.0.1:0', 'jrpc'], { stages, limits: { depth: 100 } }, { stages });
  server.each.connect(() => 1);
  let nested: unknown = 1;
  for (let level = 0; level < 150; level++) nested = [nested];
  await expect(client.each(null, nested as never, undefined as never)).rejects.toMatchObject({ code: Code.TooLarge });
  expect(await client.each(null, [1], undefined as never)).toBe(1);
});

it.each([
  ['outgoing', { outgoing: 'gzip' }],
  ['an unknown name', { sideways() {} }],
  ['form', { form: 'values' }],
  ['messages', { messages: { outgoing: 1 } }],
  ['not an object', 'gzip'],
])('an invalid option stages is refused: %s', async (_what, stages) => {
  await expect(meet(undefined, { stages: stages as never })).rejects.toThrow(
    'the option "stages" must be an object with outgoing and incoming',
  );
});
