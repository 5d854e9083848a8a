import { describe, expect, it } from 'vitest';
import { isRounded } from '../../codecs/shared/rounded.js';
import { mayRound, roundedIn } from '../../codecs/shared/whole-numbers.js';
import type { Message } from '../../src/contract/contract.js';
import type { Sender, Stream } from '../../src/index.js';
import { Code, codec as codecOf, incoming, outgoing, type Receivers, RemoteAPI, type Reply } from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { failure, Log, until } from '../support/core-waiting.js';

const LOST = ['9007199254740993', '-9007199254740993', '12345678901234567890', `1${'0'.repeat(400)}`];
const KEPT = [
  '9007199254740992',
  '9007199254740991',
  '-9007199254740992',
  '1152921504606846976',
  '1152921504606847000',
];

describe('a whole number beyond 2^53', () => {
  it.each(LOST)('%s is rounded', (digits) => expect(isRounded(digits)).toBe(true));
  it.each(KEPT)('%s is read as written, or as JavaScript wrote it', (digits) => expect(isRounded(digits)).toBe(false));
  it('is found anywhere in a frame', () => {
    for (let blanks = 0; blanks < 40; blanks++) {
      for (const digits of LOST) expect(mayRound(`{${' '.repeat(blanks)}"a":${digits}}`)).toBe(true);
      for (const digits of KEPT) expect(mayRound(`{${' '.repeat(blanks)}"a":${digits}}`)).toBe(false);
    }
  });
  it.each([
    '0.90071992547409931',
    '9007199254740993.5',
    '9007199254740993e0',
    '1.9007199254740993',
    '1e9007199254740993',
    '1e-9007199254740993',
    '1E+9007199254740993',
  ])('is not a fraction: %s', (text) => {
    expect(mayRound(`{"a": ${text}}`)).toBe(false);
    expect([...roundedIn(`{"a": ${text}}`)]).toEqual([]);
  });
  it.each(['{"a":"9007199254740993"}', '{"a":"\\"9007199254740993"}', '{"9007199254740993":1}'])(
    'is not a part of a text: %s',
    (text) => expect([...roundedIn(text)]).toEqual([]),
  );
  it.each([
    '{"id":"9007199254740993","a":[0.14285714285714285,12345678.123456789012345]}',
    `{"a":0.${'1'.repeat(1_000)}}`,
    `{"a":"${'1'.repeat(1_000)}"}`,
  ])('is not searched for in a frame without one: %.70s', (text) => expect(mayRound(text)).toBe(false));
  it('is found after a long fraction, and in a long list of digits', () => {
    for (let digits = 1; digits < 70; digits++)
      for (const lost of LOST) expect(mayRound(`[0.${'7'.repeat(digits)},${lost}]`)).toBe(true);
  });
  it('is found in linear time: an attack with digits costs no more than parsing them', () => {
    const time = (text: string): number => {
      const begun = performance.now();
      for (let n = 0; n < 5; n++) mayRound(text);
      return performance.now() - begun;
    };
    const digits = `[0.${'1'.repeat(400_000)},"${'2'.repeat(400_000)}"]`;
    time(digits);
    expect(time(digits)).toBeLessThan(100 * time(digits.slice(0, 80_000)) + 100);
  });
  it('is found for the entry of a list that contains it', () => {
    const text = ' [{"a":[1,2]},{"a":["],{",9007199254740993,90071992547409930001]},5,-9007199254740993]';
    expect([...roundedIn(text)]).toEqual([
      [1, '9007199254740993'],
      [3, '-9007199254740993'],
    ]);
  });
});

class Desk extends RemoteAPI {
  @incoming({ hasReply: true, allowPositionalArgs: true }) echo(_from: Sender, _value?: unknown): Reply<unknown> {}
  @outgoing({ hasReply: true }) ask(_to: Receivers): Reply<unknown> {}
  @outgoing({ stream: true }) many(_to: Receivers): Stream<unknown> {}
}
const WHY = 'the whole number 9007199254740993 is beyond 2^53, where JavaScript rounds it; send it as a string';

async function desk() {
  const log = new Log();
  const side = await Desk.serve('tcp://127.0.0.1:0', { logger: log });
  const heard: unknown[] = [];
  side.echo.connect((_from, value) => {
    heard.push(value);
    return value;
  });
  const far = await RawClient.connect(side.address);
  await until(() => side.peers.size === 1);
  const end = async (): Promise<void> => {
    far[Symbol.dispose]();
    await side.close();
  };
  return { side, far, log, heard, [Symbol.asyncDispose]: end };
}

describe('over jrpc it is not rounded silently', () => {
  it('in a call: the call is refused under its id, and others are answered', async () => {
    await using at = await desk();
    at.far.socket.write('{"jsonrpc":"2.0","id":1,"method":"echo","params":[9007199254740993]}\n');
    at.far.socket.write('{"jsonrpc":"2.0","id":2,"method":"echo","params":[9007199254740992]}\n');
    expect(await at.far.answers(2)).toEqual([
      { jsonrpc: '2.0', id: 1, error: { code: Code.InvalidRequest, message: `Invalid Request: ${WHY}` } },
      { jsonrpc: '2.0', id: 2, result: 9007199254740992 },
    ]);
    expect(at.heard).toEqual([9007199254740992]);
  });

  it('in an entry of a batch: the others are called', async () => {
    await using at = await desk();
    const call = (id: number, value: string) => `{"jsonrpc":"2.0","id":${id},"method":"echo","params":[${value}]}`;
    at.far.socket.write(`[${call(1, '1')},${call(2, '9007199254740993')},${call(3, '3')}]\n`);
    const [answers] = (await at.far.answers(1)) as [{ id: number; error?: object }[]];
    expect(answers.map(({ id, error }) => [id, error !== undefined]).sort()).toEqual([
      [1, false],
      [2, true],
      [3, false],
    ]);
  });

  it('in a notification: it is reported', async () => {
    await using at = await desk();
    at.far.socket.write('{"jsonrpc":"2.0","method":"echo","params":[9007199254740993]}\n');
    await until(() => at.log.texts.length === 1);
    expect(at.log.texts[0]).toContain(WHY);
    expect(at.heard).toEqual([]);
  });

  it.each([
    ['"result":{"a":[9007199254740993]}', `the answer cannot be read: ${WHY}`],
    ['"error":{"code":7,"message":"no","data":9007199254740993}', `no (the answer cannot be read: ${WHY})`],
  ])('in an answer: the call fails, here by %s', async (member, message) => {
    await using at = await desk();
    const failed = failure(at.side.ask(null));
    await at.far.answers(1);
    at.far.socket.write(`{"jsonrpc":"2.0","id":1,${member}}\n`);
    expect(await failed).toMatchObject({ message });
  });

  it('in an item of a stream: the stream fails at that item', async () => {
    await using at = await desk();
    const stream = at.side.many(null)[Symbol.asyncIterator]();
    const failed = failure(stream.next());
    await at.far.answers(2);
    at.far.socket.write('{"jsonrpc":"2.0","method":"rpc.next","params":[1,[9007199254740993]]}\n');
    expect((await failed).message).toContain(WHY);
  });
});

describe.each([
  ['jrpc', '{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":9007199254740993}}', 'bad'],
  ['jrpc?dialect=lsp', '{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":9007199254740993}}', 'bad'],
  ['jrpc?dialect=quickrpc', '{"jsonrpc":"2.0","method":"m","params":{"a":9007199254740993},"id":1}', 'bad'],
  ['terse', 'm[1] a:9007199254740993', 'bad'],
  ['terse', 'm[1] a:9007199254740992', 'call'],
])('%s', (name, frame, kind) => {
  it(`reads ${frame} as ${kind}`, async () => {
    const given: Message[] = [];
    (await codecOf(name)).decode(frame, (message) => given.push(message), false);
    expect(given).toMatchObject([{ kind, id: 1 }]);
  });
});
