import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamMessageReader } from 'vscode-jsonrpc/node';
import type { Frame } from '../../src/contract/contract.js';
import { Code, ProtocolError } from '../../src/contract/errors.js';
import { headers } from '../../src/contract/framing/framings.js';
import { until } from '../support/core-waiting.js';

const body = (id: number): string => `{"jsonrpc":"2.0","id":${id},"method":"ask"}`;
const message = (id: number, { nl = '\r\n', off = 0, name = 'Content-Length: ' } = {}): string =>
  `${name}${body(id).length + off}${nl}${nl}${body(id)}`;
const rest = message(3) + message(4);

interface Read {
  readonly ids: number[];
  /** Text that is not a message, in chunks. */
  readonly bad: string[];
}

function ours(stream: string, byByte: boolean): Read {
  const framing = headers('text', 1_000_000);
  const frames: Frame[] = [];
  const bytes = Buffer.from(stream);
  const give = (frame: Frame): void => void frames.push(frame);
  if (byByte) for (const byte of bytes) framing.push(Uint8Array.of(byte), give);
  else framing.push(bytes, give);
  const ids: number[] = [];
  const bad: string[] = [];
  for (const frame of frames as string[]) {
    try {
      ids.push(JSON.parse(frame).id);
    } catch {
      bad.push(frame);
    }
  }
  return { ids, bad };
}

/** The messages that vscode-jsonrpc reads. It reports them asynchronously, so the stream is ended and its close is awaited. */
async function theirs(stream: string): Promise<number[]> {
  const input = new PassThrough();
  const reader = new StreamMessageReader(input);
  const ids: number[] = [];
  let closed = false;
  reader.onError(() => {});
  reader.onClose(() => {
    closed = true;
  });
  reader.listen((read) => void ids.push((read as unknown as { id: number }).id));
  for (const byte of stream) input.write(byte);
  input.end();
  await until(() => closed);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  return ids;
}

describe('around a message of LSP', () => {
  it.each<[what: string, stream: string, ids: number[], bad: string[]]>([
    ['nothing', message(1) + message(2) + rest, [1, 2, 3, 4], []],
    ['a line feed behind the body', `${message(1)}\n${message(2)}${rest}`, [1, 2, 3, 4], []],
    ['a CRLF behind the body', `${message(1)}\r\n${message(2)}${rest}`, [1, 2, 3, 4], []],
    ['empty lines behind the body', `${message(1)}\r\n\r\n\n${message(2)}${rest}`, [1, 2, 3, 4], []],
    ['a CRLF before the first header', `\r\n${message(1)}${message(2)}${rest}`, [1, 2, 3, 4], []],
    ['a log line first', `starting\n${message(1)}${message(2)}${rest}`, [1, 2, 3, 4], ['(not a header) starting']],
    ['a log line between', `${message(1)}a b\r\n${message(2)}${rest}`, [1, 2, 3, 4], ['(not a header) a b']],
    [
      'several lines between',
      `${message(1)}a b\n\n"c"\n${message(2)}${rest}`,
      [1, 2, 3, 4],
      ['(not a header) a b', '(not a header) "c"'],
    ],
    ['a log line like a header', `${message(1)}INFO: x\n${message(2)}${rest}`, [1, 2, 3, 4], []],
    [
      'such a line and an empty one',
      `${message(1)}INFO: x\n\n${message(2)}${rest}`,
      [1, 2, 3, 4],
      ['(no Content-Length) INFO: x'],
    ],
    ['a log line without its end', `${message(1)}[a] b${message(2)}${rest}`, [1, 2, 3, 4], ['(not a header) [a] b']],
    [
      'a log line of JSON first',
      `{"level":30}\n${message(1)}${message(2)}${rest}`,
      [1, 2, 3, 4],
      ['(not a header) {"level":30}'],
    ],
    [
      'a log line within the headers',
      `${message(1)}Content-Length: ${body(2).length}\r\na b\n\r\n${body(2)}${rest}`,
      [1, 2, 3, 4],
      ['(not a header) a b'],
    ],
    [
      'a length that is too small',
      message(1) + message(2, { off: -5 }) + rest,
      [1, 3, 4],
      [body(2).slice(0, -5), '(not a header) ask"}'],
    ],
    [
      'a length that is too large',
      message(1) + message(2, { off: 5 }) + rest,
      [1, 4],
      [`${body(2)}Conte`, `(no Content-Length) nt-Length: ${body(3).length}`, `(not a header) ${body(3)}`],
    ],
    ['unknown headers', `${message(1)}X-A: b\r\n${message(2)}${rest}`, [1, 2, 3, 4], []],
    ['a header in lower case', message(1, { name: 'content-length: ' }) + message(2) + rest, [1, 2, 3, 4], []],
    ['a header without the space', message(1, { name: 'Content-Length:' }) + message(2) + rest, [1, 2, 3, 4], []],
    ['line feeds alone', message(1, { nl: '\n' }) + message(2, { nl: '\n' }) + rest, [1, 2, 3, 4], []],
    ['the charset utf8', `Content-Type: a; charset=utf8\r\n${message(1)}${message(2)}${rest}`, [1, 2, 3, 4], []],
    ['the charset utf-8', `${message(1)}Content-Type: a; charset=utf-8\r\n${message(2)}${rest}`, [1, 2, 3, 4], []],
    [
      'no length',
      `${message(1)}X: y\r\n\r\n${body(2)}${rest}`,
      [1, 3, 4],
      ['(no Content-Length) X: y', `(not a header) ${body(2)}`],
    ],
    [
      'an invalid length',
      `${message(1)}Content-Length: abc\r\nX: y\r\n\r\n${body(2)}${rest}`,
      [1, 3, 4],
      ['(Content-Length is not a number) Content-Length: abc', `(not a header) ${body(2)}`],
    ],
    ['no headers', `${message(1)}${body(2)}\n${rest}`, [1, 3, 4], [`(not a header) ${body(2)}`]],
    ['an empty body', `${message(1)}Content-Length: 0\r\n\r\n${rest}`, [1, 3, 4], ['']],
  ])('%s: every readable message is read, as by vscode-jsonrpc', async (_what, stream, ids, bad) => {
    expect(ours(stream, false)).toEqual({ ids, bad });
    expect(ours(stream, true)).toEqual({ ids, bad });
    expect(ids).toEqual(expect.arrayContaining(await theirs(stream)));
  });

  it.each<[what: string, stream: string, ids: number[], bad: string[]]>([
    [
      'two different lengths',
      `${message(1)}Content-Length: 3\r\n${message(2)}${rest}`,
      [1, 3, 4],
      [`(another Content-Length) Content-Length: ${body(2).length}`, `(not a header) ${body(2)}`],
    ],
    [
      'another charset',
      `${message(1)}Content-Type: a; charset=utf-16\r\n${message(2)}${rest}`,
      [1, 3, 4],
      ['(charset is not utf-8) Content-Type: a; charset=utf-16'],
    ],
  ])('%s: vscode-jsonrpc reads the body, and Obverse refuses it', async (_what, stream, ids, bad) => {
    expect(ours(stream, false)).toEqual({ ids, bad });
    expect(ours(stream, true)).toEqual({ ids, bad });
    expect(await theirs(stream)).toEqual([1, 2, 3, 4]);
  });

  it('any other lines are skipped, wherever the stream is cut, and every message is read', () => {
    const line = fc.string({ unit: fc.constantFrom('a', ' ', '"', '{', '}', ':', '[', 'ä', '\r', 'Content-Length') });
    // A line that looks like a header is one; so is a length at the end of a line.
    const junk = line.filter((text) => !/^[\w-]+[ \t]*:|content-length[ \t]*:/i.test(text));
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(junk, { maxLength: 8 }), sizes, (lines, cuts) => {
        const stream = Buffer.from(lines.map((text, id) => `${message(id)}${text}\n`).join('') + message(lines.length));
        const framing = headers('text', 1_000);
        const ids: number[] = [];
        const give = (frame: Frame): void => {
          if ((frame as string).startsWith('{')) ids.push(JSON.parse(frame as string).id);
          else expect(frame).toMatch(/^\(not a header\) /);
        };
        for (let at = 0, turn = 0; at < stream.length; ) {
          const to = at + (cuts[turn++ % cuts.length] as number);
          framing.push(stream.subarray(at, to), give);
          at = to;
        }
        framing.end(give);
        expect(ids).toEqual([...lines.keys(), lines.length]);
      }),
    );
  });

  it('skipped text is never read as a message', () => {
    const text = '{"jsonrpc":"2.0","method":"evil"}';
    expect(ours(`${message(1)}${text}\n${message(2)}`, false)).toEqual({
      ids: [1, 2],
      bad: [`(not a header) ${text}`],
    });
    // A text within a message cannot contain a header: JSON escapes its line feed.
    const trap = JSON.stringify({ id: 5, text: `x\r\nContent-Length: ${text.length}\r\n\r\n${text}` });
    const short = `Content-Length: 9\r\n\r\n${trap}${message(2)}`;
    expect(ours(short, false).ids).toEqual([2]);
  });
});

describe('attacks on headers', () => {
  const LIMIT = 100_000;
  function feed(stream: Iterable<string>): { frames: string[]; most: number; read: number; error: Error | undefined } {
    const framing = headers('text', LIMIT);
    const seen = { frames: [] as string[], most: 0, read: 0, error: undefined as Error | undefined };
    try {
      for (const piece of stream) {
        const chunk = Buffer.from(piece);
        framing.push(chunk, (frame) => void seen.frames.push(frame as string));
        seen.read += chunk.length;
        seen.most = Math.max(seen.most, framing.held ?? 0);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
      seen.error = error as Error;
    }
    return seen;
  }
  function* times(count: number, piece: string): Iterable<string> {
    for (let n = 0; n < count; n++) yield piece;
  }

  it.each([
    ['in large pieces', 1_000, '"x'.repeat(1_000)],
    ['byte by byte', 300_000, '"'],
    ['with endless lengths', 100_000, '"content-length: '],
  ])(
    'an endless line that is not a header is refused at the limit on frames, and takes little memory: %s',
    (_how, count, piece) => {
      const { frames, most, read, error } = feed(times(count, piece));
      expect(error).toMatchObject({ code: Code.TooLarge, message: expect.stringContaining('which begins with "\\"') });
      expect(frames).toEqual([]);
      expect(read).toBeLessThan(LIMIT + 10_000);
      expect(most).toBeLessThanOrEqual(16 * 1024);
    },
  );

  it('a line of as many bytes as a frame may have is skipped, and a longer one refused, however it is cut', () => {
    for (const [size, fits] of [
      [LIMIT, true],
      [LIMIT + 1, false],
    ] as const) {
      const line = `"${'x'.repeat(size - 1)}\n${message(1)}`;
      for (const pieces of [[line], line, line.match(/.{1,4999}|\s/g) as string[]]) {
        const { frames, error } = feed(pieces);
        expect(frames).toHaveLength(fits ? 2 : 0);
        if (!fits) expect(error).toMatchObject({ code: Code.TooLarge });
      }
    }
  });

  it('the body of a refused block is skipped as one bad frame, and shown in part', () => {
    const long = `{"a":"${'x'.repeat(90_000)}"}`;
    for (const pieces of [
      [`Content-Length: abc\r\n\r\n${long}${message(1)}`],
      `Content-Length: abc\r\n\r\n${long}${message(1)}`,
    ]) {
      const { frames, error } = feed(pieces);
      expect(error).toBeUndefined();
      expect(frames).toHaveLength(3);
      expect(frames[1]).toMatch(/^\(not a header\) \{"a":"x{194}$/);
      expect(frames[2]).toBe(body(1));
    }
  });

  it('endless empty lines take no memory, and are not bad frames', () => {
    expect(feed(times(1_000, '\r\n\n'.repeat(1_000)))).toMatchObject({ frames: [], error: undefined });
    expect(feed(times(10_000, '\n')).most).toBe(0);
  });

  it('endless names of headers are refused at 8 KiB', () => {
    expect(feed(times(100_000, 'x')).error).toMatchObject({ code: Code.TooLarge });
    expect(feed(times(100_000, 'x')).most).toBeLessThanOrEqual(16 * 1024);
  });
});
