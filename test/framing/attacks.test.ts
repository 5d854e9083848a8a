import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { FramingFactory } from '../../src/contract/contract.js';
import { Code, ProtocolError } from '../../src/contract/errors.js';
import { headers, length, lines, nul } from '../../src/contract/framing/framings.js';
import { readAll } from './read-all.js';

/** The frames of a stream, and the error that ended it. */
const read = (make: FramingFactory, limit: number, ...chunks: (string | Uint8Array)[]) =>
  readAll(make('text', limit), ...chunks);

describe('lines', () => {
  it('accepts a CR, and a last line without a line feed', () => {
    expect(read(lines, 9, 'a\r\n\r\n\n\rb\nc\r')).toEqual({ frames: ['a', '\rb', 'c'], error: undefined });
    expect(read(lines, 9, 'a\r', '\n', '\r', '\n', 'b', '\r')).toEqual({ frames: ['a', 'b'], error: undefined });
  });

  it('throws if the stream ends in an object or a list, and only then', () => {
    for (const make of [lines, nul]) {
      const end = make === lines ? '\n' : '\0';
      for (const cut of ['{', '[{}', ' {"a":"b', '{"a":"}', '{"a":"\\"}', '{"a":"\\', '\ufeff[', '{"a":"b"'])
        expect(read(make, 99, `{}${end}${cut}`), cut).toMatchObject({
          frames: ['{}'],
          error: { code: Code.ParseError },
        });
      for (const rest of ['{}', '[{"a":"\\"}"}] ', '{"a":1,}', '}', ' ', 'a {', '(a) [', '"{', '{]'])
        expect(read(make, 99, `{}${end}${rest}`), rest).toEqual({ frames: ['{}', rest], error: undefined });
    }
  });

  it('does not count the CR in the size of a line, wherever it is cut', () => {
    for (const chunks of [
      ['abc\r\n'],
      ['abc', '\r', '\n'],
      ['abc\r', '\n'],
      ['a', 'bc\r\n'],
      ['abc\r'],
      ['abc', '\r'],
    ]) {
      expect(read(lines, 3, ...chunks)).toEqual({ frames: ['abc'], error: undefined });
      expect(read(lines, 2, ...chunks).error).toMatchObject({ code: Code.TooLarge });
    }
    expect(read(lines, 3, 'abc\r', 'd').error).toMatchObject({ code: Code.TooLarge });
    expect(read(lines, 3, 'abc\r', '\r\n').error).toMatchObject({ code: Code.TooLarge });
    expect(read(nul, 3, 'abc\r', '\0').error).toMatchObject({ code: Code.TooLarge });
  });

  it('checks each line of a chunk that is larger than the limit', () => {
    expect(read(lines, 3, 'a\nbcd\r\n\nefg\nh')).toEqual({ frames: ['a', 'bcd', 'efg', 'h'], error: undefined });
    expect(read(lines, 3, 'a\nbcd\nefgh\ni')).toMatchObject({ frames: ['a', 'bcd'], error: { code: Code.TooLarge } });
    // The limit counts bytes: a character of two bytes in UTF-8 counts as two.
    expect(read(lines, 3, 'a\nää\nb')).toMatchObject({ frames: ['a'], error: { code: Code.TooLarge } });
  });

  it('decodes invalid UTF-8 as U+FFFD, within its frame', () => {
    const stream = Buffer.from([0x61, 0xff, 0x0a, 0xe6, 0xbc, 0x0a, 0x62, 0x0a]);
    expect(read(lines, 9, stream).frames).toEqual(['a\ufffd', '\ufffd', 'b']);
  });
});

describe('nul', () => {
  it('keeps a CR and a line feed, and skips empty frames', () => {
    expect(read(nul, 9, '\0\0a\r\n\0\0b').frames).toEqual(['a\r\n', 'b']);
  });
});

describe('headers', () => {
  const block = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`;

  it('reads the length in any case, among other headers, and without the CR', () => {
    const type = 'Content-Type: application/vscode-jsonrpc; charset=utf-8';
    for (const head of [
      block('Content-Length: 5'),
      block('content-length:5'),
      block('CONTENT-LENGTH:   5  '),
      block(type, 'Content-Length: 5'),
      block('Content-Length: 5', 'Content-Type: text/json; charset="utf8"', 'X-Other: a: b'),
      block('Content-Length: 5', 'Content-Length: 5'),
      'Content-Length: 5\n\n',
    ]) {
      expect(read(headers, 9, `${head}h\u00e4\r\n${head}abcde`)).toEqual({
        frames: ['hä\r\n', 'abcde'],
        error: undefined,
      });
    }
  });

  it('writes the length in bytes, not in characters', () => {
    expect(headers('text', 9).wrap(['ä', ''])).toBe('Content-Length: 2\r\n\r\näContent-Length: 0\r\n\r\n');
  });

  it('refuses an invalid length', () => {
    for (const value of ['-1', 'NaN', '', '1e3', '0x10', '5 5', '5, 5', '+5', '5.0', 'Infinity', '\u0665']) {
      expect(read(headers, 9, block(`Content-Length: ${value}`)), value).toMatchObject({
        frames: [`(Content-Length is not a number) Content-Length: ${value}`],
        error: undefined,
      });
    }
    expect(read(headers, 9, block('Content-Length: 5', 'Content-Length: 6')).frames).toEqual([
      '(another Content-Length) Content-Length: 6',
    ]);
  });

  it('refuses a length above the limit before the body has arrived, however large', () => {
    for (const value of ['10', '4294967296', '99999999999999999999', '9'.repeat(400)]) {
      expect(read(headers, 9, `Content-Length: ${value}\r\n`).error, value).toMatchObject({ code: Code.TooLarge });
    }
  });

  it('refuses a block without a length, and a line that is not a header', () => {
    const given = (...chunks: string[]) => read(headers, 9, ...chunks).frames;
    expect(given(block('Content-Type: a'))).toEqual(['(no Content-Length) Content-Type: a']);
    expect(given('\r\n')).toEqual([]);
    expect(given('hello\r\n')).toEqual(['(not a header) hello']);
    expect(given(block('Content-Length: 2', 'Content-Type: a; charset=utf-16'), '{}')).toEqual([
      '(charset is not utf-8) Content-Length: 2',
    ]);
    expect(read(headers, 9, '{"jsonrpc":"2.0"}\r\n').error).toMatchObject({ code: Code.ParseError });
    for (const stream of ['hello\r\n', block('Content-Type: a'), block('Content-Length: x')]) {
      expect(() => headers('bytes', 9).push(Buffer.from(stream), () => {})).toThrow(ProtocolError);
    }
  });

  it('refuses a giant block of headers, in one line, in many, and byte by byte', () => {
    const many = `${'X-A: b\r\n'.repeat(2_000)}Content-Length: 1\r\n\r\na`;
    const one = `X-A: ${'b'.repeat(20_000)}`;
    for (const stream of [many, one]) {
      expect(read(headers, 1e9, stream)).toMatchObject({ frames: [], error: { code: Code.TooLarge } });
      expect(read(headers, 1e9, ...stream)).toMatchObject({ frames: [], error: { code: Code.TooLarge } });
    }
    const shown = read(headers, 1e9, many).error as Error;
    expect(shown.message).toMatch(/^a header block has at most 8192 bytes, .* begins with "X-A: b"$/);
  });

  it('accepts a block of 8,192 bytes and refuses a larger one', () => {
    const ofSize = (bytes: number): string => {
      const short = 'X-A: b\r\n'.repeat(500);
      const end = 'Content-Length: 1\r\n\r\n';
      return `${short}X: ${'c'.repeat(bytes - short.length - end.length - 5)}\r\n${end}`;
    };
    for (const cut of [(stream: string) => [stream], (stream: string) => [...stream]]) {
      expect(read(headers, 9, ...cut(`${ofSize(8_192)}a`))).toEqual({ frames: ['a'], error: undefined });
      expect(read(headers, 9, ...cut(`${ofSize(8_193)}a`)).error).toMatchObject({ code: Code.TooLarge });
    }
  });

  it('counts the bytes of each block separately', () => {
    const stream = `X-A: ${'b'.repeat(5_000)}\r\nContent-Length: 1\r\n\r\na`.repeat(5);
    expect(read(headers, 9, stream).frames).toHaveLength(5);
  });

  it('throws if the stream ends in a header, before a body and in a body', () => {
    for (const stream of [
      'C',
      'Content-Length: 1\r\n',
      'Content-Length: 1\r\n\r',
      block('Content-Length: 1'),
      `${block('Content-Length: 3')}ab`,
    ]) {
      expect(read(headers, 9, stream).error, JSON.stringify(stream)).toMatchObject({ code: Code.ParseError });
    }
  });
});

describe('length', () => {
  it('refuses a length above the limit at once', () => {
    expect(read(length, 9, Uint8Array.of(0, 0, 0, 10)).error).toMatchObject({ code: Code.TooLarge });
    expect(read(length, 9, Uint8Array.of(0xff, 0xff, 0xff), Uint8Array.of(0xff)).error).toMatchObject({
      code: Code.TooLarge,
    });
  });

  it('allocates no memory for an announced frame', () => {
    const before = process.memoryUsage().arrayBuffers;
    const framings = Array.from({ length: 100 }, () => {
      const framing = length('bytes', 2 ** 30);
      for (const byte of [0x30, 0, 0, 0, 1, 2, 3, 4]) framing.push(Uint8Array.of(byte), () => {});
      return framing;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
    expect(framings).toHaveLength(100);
  });

  it('throws if the stream ends in a length or in a frame', () => {
    for (const chunk of [[0], [0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 2, 65]]) {
      expect(read(length, 9, Uint8Array.from(chunk)).error).toMatchObject({ code: Code.ParseError });
    }
  });
});

describe('memory', () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const used = async (): Promise<number> => {
    // The memory of a buffer is freed some time after the buffer itself.
    for (let times = 0; times < 3; times++) {
      collect();
      await nextTurn();
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };

  it('of a frame that arrives byte by byte is little more than its bytes', async () => {
    for (const [make, form] of [
      [lines, 'text'],
      [nul, 'text'],
      [length, 'bytes'],
      [headers, 'bytes'],
    ] as const) {
      const framing = make(form, 1_000_000);
      if (make === length) framing.push(Uint8Array.of(0, 8, 0, 0), () => {});
      if (make === headers) framing.push(Buffer.from('Content-Length: 900000\r\n\r\n'), () => {});
      const before = await used();
      for (let at = 0; at < 200_000; at++) framing.push(Buffer.from('x'), () => {});
      expect((await used()) - before).toBeLessThan(2_000_000);
      if (form === 'bytes') expect(() => framing.end(() => {})).toThrow(ProtocolError);
      else framing.end((frame) => expect(frame).toHaveLength(200_000));
    }
  });

  it('of an idle framing is close to zero', async () => {
    for (const make of [lines, nul, length, headers]) {
      const held: number[] = [];
      // Whatever else this process allocates meanwhile counts too, but not every time.
      for (let round = 0; round < 3; round++) {
        const before = await used();
        const framings = Array.from({ length: 1_000 }, () => {
          const framing = make('text', 1_000_000);
          for (const chunk of [framing.wrap(['a'.repeat(5_000)])]) {
            const bytes = Buffer.from(chunk as string);
            framing.push(bytes.subarray(0, 3_000), () => {});
            framing.push(bytes.subarray(3_000), () => {});
          }
          return framing;
        });
        held.push(((await used()) - before) / framings.length);
      }
      expect(Math.min(...held)).toBeLessThan(300);
    }
  });
});
