import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/contract/contract.js';
import { Code, ProtocolError, UsageError } from '../../src/contract/errors.js';
import { framingFor, json } from '../../src/contract/framing/framings.js';
import { testFraming } from '../../src/testing/framing.js';
import type { Random } from '../../src/testing/random.js';
import { readAll } from './read-all.js';

testFraming(
  { describe, it },
  {
    name: 'json',
    make: json,
    form: 'text',
    frame(random: Random, bytes: number) {
      let text = random.of(['x', 'ä', '漢', '{', ']', '"', '\\']).repeat(bytes > 1_000 ? bytes / 2 : 0);
      while (text.length < bytes) text += random.text(Math.min(bytes, 50)) || 'x';
      return JSON.stringify(
        random.of<unknown>([{ a: text }, [text], [[], { b: [{}, text] }]]),
        undefined,
        random.of([0, 2]),
      );
    },
  },
);

const read = (limit: number, ...chunks: (string | Uint8Array)[]) => readAll(json('text', limit), ...chunks);
const bytewise = (stream: string): Uint8Array[] => [...Buffer.from(stream)].map((byte) => Uint8Array.of(byte));

describe('json', () => {
  it.each<[string, string, string[]]>([
    ['messages without anything between them', '{"a":1}{"b":2}[3]', ['{"a":1}', '{"b":2}', '[3]']],
    [
      'line feeds, CRs, NULs, record separators and blanks between them',
      '\n{"a":1}\r\n\0\x1e [2] \t{}',
      ['{"a":1}', '[2]', '{}'],
    ],
    ['a byte order mark', '\ufeff{"a":1}\ufeff{}', ['{"a":1}', '{}']],
    [
      'messages over several lines',
      '{\n  "a": [\n    1\n  ]\n}\n{\r\n"b":2\r\n}',
      ['{\n  "a": [\n    1\n  ]\n}', '{\r\n"b":2\r\n}'],
    ],
    ['brackets and quotes within strings', '{"}\\"{":"]\\\\"}["\\\\\\"["]', ['{"}\\"{":"]\\\\"}', '["\\\\\\"["]']],
    ['characters of several bytes', '{"ä漢🙂":"\\u00e4"}{}', ['{"ä漢🙂":"\\u00e4"}', '{}']],
    ['a line of garbage', 'listening {"a":1}\r\n{"b":2}', ['listening {"a":1}', '{"b":2}']],
    ['values that are not objects', '5\n"x"\nnull\n{}', ['5', '"x"', 'null', '{}']],
    ['a bracket too much', '{"a":1}}\n{"b":2}', ['{"a":1}', '}', '{"b":2}']],
    ['a string that never ends', '{"a":"x\n{"b":2}', ['{"a":"x', '{"b":2}']],
    ['a string that is cut behind a backslash', '{"a":"x\\\n{"b":2}', ['{"a":"x\\', '{"b":2}']],
    ['brackets that do not match', '{"a":[1}}{"b":2}', ['{"a":[1}}', '{"b":2}']],
    ['garbage without an end', '{"a":1}bye', ['{"a":1}', 'bye']],
    ['nothing but white space', ' \n\r\n\t', []],
  ])('separates %s, in one piece and byte by byte', (_name, stream, frames) => {
    expect(read(100, stream)).toEqual({ frames, error: undefined });
    expect(read(100, ...bytewise(stream))).toEqual({ frames, error: undefined });
    for (let at = 1; at < Buffer.byteLength(stream); at++) {
      const bytes = Buffer.from(stream);
      expect(read(100, bytes.subarray(0, at), bytes.subarray(at))).toEqual({ frames, error: undefined });
    }
  });

  it('separates any values that JSON.stringify has written, however they are delimited and cut', () => {
    const value = fc.oneof(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.array(fc.jsonValue()));
    const message = fc.tuple(
      value,
      fc.constantFrom(0, 1, 2, '\t'),
      fc.constantFrom('', '', '\n', '\r\n', ' ', '\0', '\n\n\x1e'),
    );
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (messages, sizes) => {
        const texts = messages.map(([given, indent]) => JSON.stringify(given, undefined, indent));
        const stream = Buffer.from(texts.map((text, at) => text + messages[at]?.[2]).join(''));
        const chunks: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < stream.length; ) {
          const to = at + (sizes[turn++ % sizes.length] as number);
          chunks.push(stream.subarray(at, to));
          at = to;
        }
        expect(read(10_000_000, ...chunks)).toEqual({ frames: texts, error: undefined });
      }),
    );
  });

  it('drops no part of any text, and separates it in the same way wherever it is cut in two', () => {
    const unit = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ',',
      ':',
      '1',
      'a',
      ' ',
      '\n',
      'ä',
      '"a":',
      '{}',
      '[1]',
    );
    fc.assert(
      fc.property(fc.array(unit), fc.array(unit), (before, after) => {
        const stream = before.join('') + after.join('');
        const whole = read(1_000, stream);
        const cut = read(1_000, before.join(''), after.join(''));
        expect(cut.frames).toEqual(whole.frames);
        // Nothing is dropped but what is between messages, and an incomplete end.
        const squeezed = (text: string): string => text.replace(/[\s\0]/g, '');
        expect(squeezed(stream).startsWith(squeezed(whole.frames.join('')))).toBe(true);
        if (whole.error === undefined) expect(squeezed(whole.frames.join(''))).toBe(squeezed(stream));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is written as lines', () => {
    expect(json('text', 9).wrap(['{}', '[]'])).toBe('{}\n[]\n');
    expect(json('text', 9).wrap(['{}'])).toBe('{}\n');
  });

  it('carries text only, and is selected by name', () => {
    expect(framingFor('json', { form: 'text', framing: 'lines' })).toBe(json);
    expect(() => framingFor('json', { form: 'bytes', framing: 'length' })).toThrow(UsageError);
  });
});

describe('attacks on json', () => {
  const feed = (
    stream: Iterable<Uint8Array>,
    limit: number,
  ): { frames: number; most: number; error: unknown; read: number } => {
    const framing = json('text', limit);
    const seen = { frames: 0, most: 0, error: undefined as unknown, read: 0 };
    try {
      for (const chunk of stream) {
        framing.push(chunk, () => seen.frames++);
        seen.read += chunk.length;
        seen.most = Math.max(seen.most, framing.held ?? 0);
      }
    } catch (error) {
      seen.error = error;
    }
    return seen;
  };
  function* times(count: number, chunk: string | Uint8Array): Iterable<Uint8Array> {
    const bytes = Buffer.from(chunk as string);
    for (let n = 0; n < count; n++) yield bytes;
  }
  function* first(head: string, rest: Iterable<Uint8Array>): Iterable<Uint8Array> {
    yield Buffer.from(head);
    yield* rest;
  }

  it('endless white space takes no memory', () => {
    expect(feed(times(1_000, ' \n\r\t'.repeat(1_000)), 1_000)).toMatchObject({ frames: 0, most: 0, error: undefined });
    expect(feed(times(100_000, ' '), 1_000)).toMatchObject({ frames: 0, most: 0, error: undefined });
  });

  it.each<[string, () => Iterable<Uint8Array>]>([
    ['garbage without a line feed', () => times(1_000, 'x'.repeat(500))],
    ['garbage byte by byte', () => times(100_000, 'x')],
    ['a string without end', () => first('{"a":"', times(1_000, 'y'.repeat(500)))],
    ['a string of backslashes', () => first('{"a":"', times(1_000, '\\'.repeat(500)))],
    ['nesting without end', () => times(1_000, '['.repeat(500))],
    ['nesting byte by byte', () => times(100_000, '{')],
    ['white space within a message', () => first('{', times(1_000, ' '.repeat(500)))],
    ['empty objects in a list without end', () => first('[', times(1_000, '{},'.repeat(200)))],
  ])('%s is refused at the limit, and the error shows how it began', (_name, stream) => {
    const { frames, most, error, read } = feed(stream(), 10_000);
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({
      code: Code.TooLarge,
      message: expect.stringMatching(/begins with ".*limits\.frameBytes/),
    });
    expect(frames).toBe(0);
    expect(read).toBeLessThanOrEqual(10_000);
    expect(most).toBeLessThanOrEqual(20_000);
  });

  it('nesting of a million levels is handled like anything else', () => {
    const deep = '['.repeat(1_000_000) + ']'.repeat(1_000_000);
    expect(read(10_000_000, deep, '{}').frames.map((frame) => (frame as string).length)).toEqual([2_000_000, 2]);
  });

  it('a message of a million bytes that arrives byte by byte is scanned once', () => {
    // Scanning all bytes again for each that arrives would take 500 billion steps, and minutes.
    const text = JSON.stringify({ a: 'x"{'.repeat(250_000) });
    const given: Frame[] = [];
    const framing = json('text', 10_000_000);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at++) framing.push(bytes.subarray(at, at + 1), (frame) => given.push(frame));
    expect(given).toEqual([text]);
    expect(framing.held).toBe(0);
  });
});
