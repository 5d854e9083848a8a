import { describe, expect, it } from 'vitest';
import { framingFor } from '../../src/contract/framing/framings.js';

const BOM = '\ufeff';
const message = '{"jsonrpc":"2.0","id":1,"method":"ask","params":{"n":7}}';
const pretty = JSON.stringify(JSON.parse(message), undefined, 2);
const sized = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** Valid beginnings of a stream that look like something else as long as a part is missing. */
const streams: [framing: string, name: string, stream: string, frames: string[]][] = [
  ['nul', 'a message on several lines', `${pretty}\0`, [pretty]],
  ['nul', 'a message on several lines behind a byte order mark', `${BOM}${pretty}\0`, [BOM + pretty]],
  ['nul', 'a blank line', `\r\n${message}\0`, [`\r\n${message}`]],
  ['nul', 'a message that ends with a line feed', `${pretty}\n\0`, [`${pretty}\n`]],
  ['nul', 'empty frames, which look like a size', `\0\0\0\0${message}\0`, [message]],
  ['lines', 'blank lines', `\n\r\n\n${message}\n`, [message]],
  ['lines', 'a byte order mark', `${BOM}${message}\n`, [BOM + message]],
  ['headers', 'a byte order mark', `${BOM}${sized(message)}`, [message]],
  ['headers', 'a header with a long name', `X-What-No-Reader-Of-Frames-Knows: 1\r\n${sized(message)}`, [message]],
];

describe.each(streams)('%s: a stream that begins with %s', (name, _what, stream, frames) => {
  const bytes = Buffer.from(stream);
  const read = (...cuts: number[]): string[] => {
    const framing = framingFor(name, { form: 'text', framing: undefined })('text', 1_000_000);
    const given: string[] = [];
    let from = 0;
    for (const to of [...cuts, bytes.length]) {
      framing.push(bytes.subarray(from, to), (frame) => given.push(frame as string));
      from = to;
    }
    framing.end((frame) => given.push(frame as string));
    return given;
  };
  const places = Array.from({ length: bytes.length - 1 }, (_, at) => at + 1);

  it('is read wherever it is cut in two', () => {
    for (const at of places) expect(read(at), `cut after ${at} bytes`).toEqual(frames);
  });

  it('is read byte by byte', () => {
    expect(read(...places)).toEqual(frames);
  });
});
