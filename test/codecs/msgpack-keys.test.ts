import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import msgpack from '../../codecs/msgpack.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Message } from '../../src/contract/contract.js';
import { Code } from '../../src/contract/errors.js';
import { read as readFrame } from '../support/codec-read.js';

const codec = msgpack(parseAddress('msgpack'));
const read = (...hexes: readonly string[]): Message[] => readFrame(codec, Buffer.from(hexes.join(''), 'hex'));

/** `{key: 'v'}`, as encoded by `msgpack` 1.2.3 for Python. */
const texts: readonly (readonly [what: string, bytes: string, key: string])[] = [
  ['a text', '81a161a176', 'a'],
  ['a small whole number', '8101a176', '1'],
  ['a negative one', '81fba176', '-5'],
  ['one of two bytes', '81cd012ca176', '300'],
  ['the largest', '81cfffffffffffffffffa176', '18446744073709551615'],
  ['the smallest', '81d38000000000000000a176', '-9223372036854775808'],
  ['a float', '81cb3ff8000000000000a176', '1.5'],
  ['nil', '81c0a176', 'null'],
  ['true', '81c3a176', 'true'],
  ['false', '81c2a176', 'false'],
];
const refused: readonly (readonly [what: string, bytes: string])[] = [
  ['bytes', '81c4036b6579a176'],
  ['an array', '81920102a176'],
  ['a map', '8180a176'],
  ['an extension', '81d5057879a176'],
  // A timestamp, which is an extension too.
  ['an extension', '81d6ff00000001a176'],
];
/** A message around a value, and the path of the value. */
const request = (value: string): string => `940007a16d91${value}`;
const notification = (value: string): string => `9302a16d91${value}`;
const reply = (value: string): string => `940107c0${value}`;
const failed = (value: string): string =>
  `94010783a4636f6465 07 a76d657373616765a26e6f a464617461${value}c0`.replaceAll(' ', '');
const text = (where: string, what: string): string =>
  `the map at ${where} has ${what} as a key: a key must be a string, a number, true, false or nil`;

describe('a key of a map that is not a text', () => {
  it.each(texts)('becomes its text: %s', (_what, bytes, key) => {
    const value = { [key]: 'v' };
    expect(read(request(bytes))).toMatchObject([{ kind: 'call', id: 7, args: [value], named: true }]);
    expect(read(notification(bytes))).toMatchObject([{ kind: 'call', id: undefined, args: [value] }]);
    expect(read(reply(bytes))).toEqual([{ kind: 'reply', id: 7, value }]);
    expect(read(failed(bytes))).toEqual([{ kind: 'fault', id: 7, error: { code: 7, message: 'no', data: value } }]);
    expect(read(reply(`92${bytes}81a162${bytes}`))).toEqual([{ kind: 'reply', id: 7, value: [value, { b: value }] }]);
  });

  it.each(refused)('is refused if it has no text form, with the path of its map: %s', (what, bytes) => {
    expect(read(request(bytes))).toEqual([
      { kind: 'bad', id: 7, error: { code: Code.InvalidRequest, message: text('params[0]', what) }, batch: undefined },
    ]);
    expect(read(request(`81a261629201${bytes}`))).toMatchObject([
      { error: { message: text('params[0].ab[1]', what) } },
    ]);
    expect(read(request(`810581a2c3a4${bytes}`))).toMatchObject([
      { error: { message: text('params[0]["5"].ä', what) } },
    ]);
    expect(read(notification(bytes))).toMatchObject([
      { kind: 'bad', id: null, error: { message: text('params[0]', what) } },
    ]);
  });

  it.each(refused)('fails the call whose answer has one: %s', (what, bytes) => {
    const fault = (where: string): object => ({
      kind: 'fault',
      id: 7,
      error: { code: Code.InternalError, message: `the answer cannot be read: ${text(where, what)}` },
    });
    expect(read(reply(bytes))).toEqual([fault('result')]);
    expect(read(reply(`9301${bytes}02`))).toEqual([fault('result[1]')]);
    expect(read(failed(bytes))).toEqual([fault('error.data')]);
  });

  it('loses no message before or after it, whichever way they are read', () => {
    const quick = reply('2a');
    const slow = reply('c40101');
    for (const [, bytes] of refused)
      for (const other of [quick, slow]) {
        const kinds = read(other, request(bytes), other, reply(bytes), other).map(({ kind }) => kind);
        expect(kinds).toEqual(['reply', 'bad', 'reply', 'fault', 'reply']);
      }
  });

  it('is treated alike by the fast reader and by msgpackr, in every place of a message', () => {
    for (const [, bytes, key] of texts) {
      // Bytes among the arguments are left to msgpackr.
      const [alone] = read(`940007a16d92${bytes}01`) as unknown as [{ args: unknown[] }];
      const [beside] = read(`940007a16d92${bytes}c40101`) as unknown as [{ args: unknown[] }];
      expect(alone.args[0]).toEqual({ [key]: 'v' });
      expect(beside.args[0]).toEqual({ [key]: 'v' });
    }
  });

  it('may be of any kind in a Map, and is found in a map within one', () => {
    const { pack } = new Packr({ useRecords: false, mapsAsObjects: false });
    const key = Uint8Array.of(1);
    const sent = codec.encode({ kind: 'reply', id: 7, value: new Map<unknown, unknown>([[key, [1]]]) }) as Uint8Array;
    expect(readFrame(codec, sent)).toEqual([{ kind: 'reply', id: 7, value: new Map([[key, [1]]]) }]);
    const inner = Buffer.from(pack([new Map([[key, 'v']]), 1])).toString('hex');
    const size = (inner.length / 2).toString(16).padStart(2, '0');
    expect(read(reply(`91c7${size}4d${inner}`))).toMatchObject([
      { kind: 'fault', error: { message: `the answer cannot be read: ${text('result[0][0]', 'bytes')}` } },
    ]);
  });

  it('replaces an earlier key with the same text', () => {
    expect(read(reply('8201a161a131a162'))).toEqual([{ kind: 'reply', id: 7, value: { 1: 'b' } }]);
  });

  it('is found after every kind of value', () => {
    const values =
      'c0c2c3057fe0ff cc05 cd0005 ce00000005 cf0000000000000005 d005 d10005 d200000005 d30000000000000005 ca3f800000 cb3ff8000000000000 a161 d90161 da000161 db0000000161 c40161 c5000161 c6000000 0161 d40500 d5050000 d60500000000 d7050000000000000000 d80500000000000000000000000000000000 c7010500 c800010500 c9000000010500 9101 dc000101 dd0000000101 81a16101 de0001a16101 df00000001a16101 d7ff0000000000000001'.replaceAll(
        ' ',
        '',
      );
    const [message] = read(reply(`dc0028${values}${refused[0]?.[1]}`)) as unknown as [{ error?: { message: string } }];
    expect(message.error?.message).toMatch(/ at result\[39\] has bytes as a key/);
  });

  it('is named as the reason only if it is the reason', () => {
    for (const bytes of ['c7024d9101', 'c7014d01']) {
      const [message] = read(reply(bytes)) as unknown as [{ kind: string; error: { message: string } }];
      expect(message.kind).toBe('fault');
      expect(message.error.message).toMatch(/^the answer cannot be read: the body of a map/);
    }
  });

  it('deep in a value neither overflows the stack nor is reported as an overflow', () => {
    const deep = `${'81a161'.repeat(100_000)}81c40101c0`;
    const [message] = read(reply(deep)) as unknown as [{ kind: string; error: { message: string } }];
    expect(message).toMatchObject({
      kind: 'fault',
      id: 7,
      error: { message: 'the answer cannot be read: its values are nested too deep' },
    });
  });
});
