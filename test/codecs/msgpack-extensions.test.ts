import { describe, expect, it } from 'vitest';
import msgpack, { Extension } from '../../codecs/msgpack.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Message } from '../../src/contract/contract.js';
import { read as readFrame } from '../support/codec-read.js';

const codec = msgpack(parseAddress('msgpack'));
const read = (hex: string): Message[] => readFrame(codec, Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const notification = (value: string): string => `9302a16d91${value}`;
const argsOf = (value: string): unknown => {
  const [message, ...rest] = read(notification(value));
  expect(rest).toEqual([]);
  return message?.kind === 'call' ? message.args[0] : message;
};

/** Every way to encode an extension, with the bytes 1, 2, … in it. */
const forms: readonly (readonly [form: string, size: number])[] = [
  ['d4', 1],
  ['d5', 2],
  ['d6', 4],
  ['d7', 8],
  ['d8', 16],
  ['c7', 1],
  ['c7', 2],
  ['c8', 3],
  ['c9', 5],
];
const written = (form: string, size: number, type: number): string => {
  const width = { c7: 2, c8: 4, c9: 8 }[form] ?? 0;
  const length = width === 0 ? '' : size.toString(16).padStart(width, '0');
  return form + length + type.toString(16).padStart(2, '0') + Buffer.from(bytes(size)).toString('hex');
};
const bytes = (size: number): number[] => Array.from({ length: size }, (_, at) => at + 1);

describe('an extension of a peer that is not Obverse', () => {
  it.each(forms)('is kept, of any type, with the values around it: form %s with %i bytes', (form, size) => {
    for (let type = 0; type < 255; type++) {
      if ([0x42, 0x4d, 0x53, 0x74].includes(type)) continue;
      // A list of names and a number follow: an msgpackr record has these in this place.
      const list = `94 ${written(form, size, type)} 91a161 05 40`;
      const extension = new Extension((type << 24) >> 24, Uint8Array.from(bytes(size)));
      expect(argsOf(list), `type ${type}`).toEqual([extension, ['a'], 5, 64]);
    }
  });

  it('is read within a map and a set, and changes no number of a later message', () => {
    const record = 'd4 72 40';
    const inSet = `93 ${record} 91a161 05`;
    const set = `c7 ${(inSet.replaceAll(' ', '').length / 2).toString(16).padStart(2, '0')} 53 ${inSet}`;
    const extension = new Extension(0x72, Uint8Array.of(0x40));
    expect(argsOf(`92 ${set} c4 02 d472`)).toEqual([new Set([extension, ['a'], 5]), Uint8Array.of(0xd4, 0x72)]);
    const later = notification('92 40 41');
    for (const first of [notification(`93 ${record} 91a161 05`), notification(record)])
      expect(read(first + later).at(-1)).toMatchObject({ kind: 'call', args: [[64, 65]] });
    expect(read(later)).toMatchObject([{ kind: 'call', args: [[64, 65]] }]);
  });

  it('arrives as it was sent, whatever its type and size', () => {
    for (const type of [0x72, 0, -2, 127, -128]) {
      for (const size of [0, 1, 2, 3, 4, 300]) {
        const args = [[new Extension(type, Uint8Array.from(bytes(size))), ['a'], 5]];
        const frame = codec.encode({ kind: 'call', id: 1, method: 'm', args, named: false, batch: undefined });
        expect(readFrame(codec, frame)).toMatchObject([{ args }]);
      }
    }
  });
});

describe('malicious extensions', () => {
  it.each([
    ['a map', 'c7 05 4d dd ffffffff'],
    ['a set', 'c7 05 53 dd ffffffff'],
    ['a map that is a map', 'c7 05 4d df ffffffff'],
    ['a set in a set', 'c7 09 53 91 c7 05 53 dd ffffffff'],
    ['a set after a record', '92 d4 72 40 c7 05 53 dd ffffffff'],
    ['a map of nothing', 'c7 00 4d'],
  ])('%s that announces billions of values in a few bytes is refused at once', (_what, value) => {
    expect(read(`940007a16d91${value}`)).toMatchObject([
      { kind: 'bad', id: 7, error: { message: expect.stringContaining('not MessagePack-RPC') } },
    ]);
    expect(read(`940107c0${value}`)).toMatchObject([{ kind: 'fault', id: 7 }]);
    expect(read(notification(value))).toMatchObject([{ kind: 'bad', lost: { method: 'm' } }]);
  });

  it.each([
    ['a text that ends after its set', 'd5 53 91 d9'],
    ['a text that ends after its map', 'd6 4d 92 01 a5 61'],
    ['bytes that end after their set', 'd6 53 91 c4 09 01'],
    ['a name that ends after its set', 'd6 53 91 81 a5 61'],
    ['a set that ends after the map that contains it', 'c7 07 4d 92 01 c7 09 53 91 01'],
    ['a text that ends after its set, with records of msgpackr before it', '93 d4 72 40 90 d5 53 91 d9'],
    ['a set with bytes after its list', 'd5 53 90 01'],
    ['a map with bytes after its list', 'd6 4d 92 01 02 03'],
  ])('%s: the message is refused, and those around it are read', (_what, value) => {
    const whole = notification('05');
    const text = `d9 40 ${'78'.repeat(64)}`;
    for (const next of [whole, notification(text)]) {
      const [before, damaged, after, ...rest] = read(`${whole} 940007a16d92 ${value} ${text} ${next}`);
      expect(before).toMatchObject({ kind: 'call', args: [5] });
      expect(damaged).toMatchObject({ kind: 'bad', id: 7 });
      expect(after).toMatchObject({ kind: 'call', args: [next === whole ? 5 : 'x'.repeat(64)] });
      expect(rest).toEqual([]);
    }
  });

  it('the error for a map or a set with a wrong body says what the body must be', () => {
    const message = expect.stringContaining('the body of a map or a set must be one list that fills it');
    for (const value of ['d5 53 91 d9', 'd6 4d 92 01 a5 61', 'd5 53 90 01', 'c7 00 53', 'd4 53 05'])
      expect(read(`940007a16d91${value}`)).toMatchObject([{ kind: 'bad', id: 7, error: { message } }]);
  });

  it('sets nested 100,000 deep around a record are refused', () => {
    let body = Buffer.from('91d47240', 'hex');
    const parts: Buffer[] = [];
    let { length } = body;
    for (let depth = 0; depth < 100_000; depth++) {
      const head = Buffer.alloc(7);
      head[0] = 0x91;
      head[1] = 0xc9;
      head.writeUInt32BE(length, 2);
      head[6] = 0x53;
      parts.unshift(head);
      length += head.length;
      if (depth % 1_000 === 999) parts.splice(0, parts.length, Buffer.concat(parts));
    }
    body = Buffer.concat([Buffer.from('940007a16d91', 'hex'), ...parts, body]);
    expect(readFrame(codec, body)).toMatchObject([{ kind: 'bad', id: 7 }]);
  });
});
