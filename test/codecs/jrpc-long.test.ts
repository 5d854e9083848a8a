import { describe, expect, it } from 'vitest';
import { decode, whole } from '../../codecs/jrpc/decode.js';
import { dialects, strict } from '../../codecs/jrpc/dialects.js';
import { LONG } from '../../codecs/jrpc/levels.js';
import type { Message } from '../../src/contract/contract.js';

const text = 'x'.repeat(2 * LONG);
const ROUNDED = '9007199254740993';

function read(frame: string, { way = decode as typeof whole, packed = false, dialect = strict } = {}) {
  const given: { message: Message; levels: number | undefined }[] = [];
  way(frame, (message, _bytes, levels) => given.push({ message, levels }), packed, dialect);
  return given;
}
const call = (params: string, id = '1') => `{"jsonrpc":"2.0","id":${id},"method":"put","params":${params}}`;
const reply = (result: string) => `{"jsonrpc":"2.0","id":1,"result":${result}}`;
/** As other implementations write it: the fast path does not read it. */
const turned = (params: string) => `{"method":"put","params":${params},"id":1,"jsonrpc":"2.0"}`;
const nested = (levels: number, inside: string) => '['.repeat(levels) + inside + ']'.repeat(levels);

describe('a long frame of JSON-RPC', () => {
  it.each([
    ['a list of arguments', call(`["${text}",[{"a":[]}]]`), 4],
    ['named arguments, which are put in a list', call(`{"text":"${text}","a":{"b":1}}`), 3],
    ['a text', reply(`"${text}"`), 0],
    ['an object', reply(`{"text":"${text}"}`), 1],
  ])('has the depth of its values reported: %s', (_what, frame, levels) => {
    expect(read(frame).map((one) => one.levels)).toEqual([levels]);
    const [full] = read(frame, { way: whole });
    expect(full?.levels).toBeGreaterThanOrEqual(levels);
  });

  it('has no depth reported that is too small, also with the members in another order', () => {
    for (const levels of [1, 5, 999, 1_000, 1_001, 100_000]) {
      const params = nested(levels, `"${text}"`);
      const frames = [call(params), turned(params), reply(params)];
      for (const frame of frames) for (const one of read(frame)) expect(one.levels).toBeGreaterThanOrEqual(levels);
    }
  });

  it.each([
    ['in a list', `["${text}",${ROUNDED}]`],
    ['in an object', `{"text":"${text}","n":-${ROUNDED}}`],
    ['nested', `["${text}",{"list":[1,[${ROUNDED}]]}]`],
    ['too large for any number', `["${text}",${'9'.repeat(400)}]`],
    ['deeper than the walk, beside one that is not', `[${nested(2_000, '1')},"${text}",${ROUNDED}]`],
  ])('with a whole number that would be rounded is refused: %s', (_what, params) => {
    const frames = [call(params), turned(params), `[${call(params)},${call(`["${text}"]`)}]`];
    for (const frame of frames) {
      const [first] = read(frame, { packed: true });
      expect(first?.message.kind).toBe('bad');
    }
    expect(read(reply(params)).map(({ message }) => message.kind)).toEqual(['fault']);
  });

  it('in a packet or a batch is refused without the others', () => {
    const entries = [call(`["${text}",1]`, '1'), call(`["${text}",${ROUNDED}]`, '2'), call(`["${text}",2]`, '3')];
    for (const packed of [true, false]) {
      const kinds = read(`[${entries.join(',')}]`, { packed }).map(({ message }) => message.kind);
      expect(kinds).toEqual(['call', 'bad', 'call']);
    }
  });

  it('may have large numbers that are not rounded, and digits in texts', () => {
    for (const value of [
      '1e300',
      '9007199254740992',
      '1.5e20',
      `"${ROUNDED}"`,
      `"a ${ROUNDED}"`,
      '-1e16',
      `0.${ROUNDED}`,
    ]) {
      for (const frame of [call(`["${text}",${value}]`), turned(`["${text}",${value}]`)]) {
        const [first] = read(frame);
        expect(first?.message).toMatchObject({ kind: 'call', args: [text, JSON.parse(value)] });
      }
    }
  });

  it('with an id or a code that would be rounded is refused, in a packet too', () => {
    const [first] = read(`[${call(`["${text}"]`, ROUNDED)}]`, { packed: true });
    expect(first?.message.kind).toBe('bad');
    const fault = `{"jsonrpc":"2.0","id":1,"error":{"code":${ROUNDED},"message":"${text}"}}`;
    const [second] = read(`[${fault}]`, { packed: true });
    expect(second?.message).toMatchObject({ kind: 'fault', error: { message: expect.stringMatching(/beyond 2\^53/) } });
  });

  it('is read in a dialect as before', () => {
    const frame = `{"jsonrpc":"2.0","method":"$/progress","params":{"token":1,"value":{"text":"${text}"}}}`;
    const [first] = read(frame, { dialect: dialects.lsp });
    expect(first?.message).toMatchObject({ kind: 'call', means: { method: 'rpc.progress' } });
  });

  it('is read no further within a packet once the reader has stopped', () => {
    let given = 0;
    const packet = `[${Array(5)
      .fill(call(`["${text}"]`))
      .join(',')}]`;
    decode(packet, () => ++given < 2, true, strict);
    expect(given).toBe(2);
  });
});
