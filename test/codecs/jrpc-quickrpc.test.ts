import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/contract/contract.js';
import { Code, ProtocolError } from '../../src/contract/errors.js';
import { nul } from '../../src/contract/framing/framings.js';
import { jrpcOf, read } from '../support/codec-read.js';

const codec = jrpcOf('jrpc?dialect=quickrpc');

/** The messages in the bytes of a stream, cut into chunks of a size. */
function received(stream: Buffer, size = stream.length): Message[] {
  const framing = nul('text', 10_000);
  const given: Message[] = [];
  for (let at = 0; at < stream.length; at += size) {
    framing.push(Buffer.from(stream.subarray(at, at + size)), (frame) => given.push(...read(codec, frame)));
  }
  return given;
}

const invalid = {
  kind: 'bad',
  id: null,
  error: { code: Code.InvalidRequest, message: expect.stringMatching(/^Invalid Request: ./) },
};

describe('telegrams recorded from quickrpc', () => {
  const call = { kind: 'call', id: undefined, named: true, batch: undefined } as const;
  const captured: Readonly<Record<string, readonly [string, Message]>> = {
    'a notification': [
      '7b226a736f6e727063223a2022322e30222c20226d6574686f64223a20226e6f74696679222c2022706172616d73223a207b2274657874223a202268656c6c6f227d7d00',
      { ...call, method: 'notify', args: [{ text: 'hello' }] },
    ],
    'a request': [
      '7b226a736f6e727063223a2022322e30222c20226d6574686f64223a2022616464222c2022706172616d73223a207b2261223a20322c202262223a2034307d2c20226964223a20327d00',
      { ...call, id: 2, method: 'add', args: [{ a: 2, b: 40 }] },
    ],
    'a reply': [
      '7b226a736f6e727063223a2022322e30222c2022726573756c74223a2034322c20226964223a20327d00',
      { kind: 'reply', id: 2, value: 42 },
    ],
    'a header of its security': [
      '7b226a736f6e727063223a2022322e30222c20226d6574686f64223a20227270632e736563696e666f222c2022706172616d73223a207b2275736572223a20226a6f65227d7d00',
      { ...call, method: 'rpc.secinfo', args: [{ user: 'joe' }] },
    ],
  };
  for (const [name, [hex, message]] of Object.entries(captured)) {
    it(name, () => {
      const bytes = Buffer.from(hex, 'hex');
      expect(received(bytes)).toStrictEqual([message]);
      for (const size of [1, 2, 7])
        expect(received(Buffer.concat([bytes, bytes]), size)).toStrictEqual([message, message]);
    });
  }

  it('an error, whose code is always 0', () => {
    const telegram =
      '{"jsonrpc": "2.0", "error": {"code": 0, "message": "division by zero", "data": "Traceback"}, "id": 5}\0';
    expect(received(Buffer.from(telegram))).toStrictEqual([
      { kind: 'fault', id: 5, error: { code: 0, message: 'division by zero', data: 'Traceback' } },
    ]);
  });

  it('bytes', () => {
    const telegram = '{"jsonrpc": "2.0", "method": "put", "params": {"data": {"__bytes": "AAH/"}}}\0';
    expect(received(Buffer.from(telegram))).toStrictEqual([
      { ...call, method: 'put', args: [{ data: Uint8Array.of(0, 1, 255) }] },
    ]);
  });

  it('empty ones are skipped', () => {
    expect(received(Buffer.from('\0\0{"jsonrpc": "2.0", "method": "m", "params": {}}\0\0'))).toHaveLength(1);
  });
});

describe('the quickrpc dialect', () => {
  it('always writes params, and the id last', () => {
    const call = { kind: 'call', id: 2, method: 'add', args: [], named: false, batch: undefined } as const;
    expect(codec.encode(call)).toBe('{"jsonrpc":"2.0","method":"add","params":{},"id":2}');
    expect(codec.encode({ ...call, id: undefined, args: [{ a: 1 }], named: true })).toBe(
      '{"jsonrpc":"2.0","method":"add","params":{"a":1}}',
    );
    expect(codec.encode({ ...call, args: [1] })).toBe('{"jsonrpc":"2.0","method":"add","params":[1],"id":2}');
    expect(codec.encode({ kind: 'reply', id: 2, value: 42 })).toBe('{"jsonrpc":"2.0","result":42,"id":2}');
    expect(codec.encode({ kind: 'reply', id: 'a', value: undefined })).toBe('{"jsonrpc":"2.0","result":null,"id":"a"}');
    expect(codec.encode({ kind: 'fault', id: null, error: { code: 1, message: 'm' } })).toBe(
      '{"jsonrpc":"2.0","error":{"code":1,"message":"m"}}',
    );
  });

  it('writes bytes in an object of their own, also of a Buffer and in an error', () => {
    const bytes = Buffer.from([0, 1, 255]);
    expect(codec.encode({ kind: 'reply', id: 1, value: [bytes, new Uint8Array(0)] })).toBe(
      '{"jsonrpc":"2.0","result":[{"__bytes":"AAH/"},{"__bytes":""}],"id":1}',
    );
    expect(codec.encode({ kind: 'reply', id: 1, value: bytes })).toContain('"result":{"__bytes":"AAH/"}');
    expect(codec.encode({ kind: 'fault', id: 1, error: { code: 1, message: '', data: { bytes } } })).toContain(
      '"data":{"bytes":{"__bytes":"AAH/"}}',
    );
  });

  it('escapes the key of bytes in other objects', () => {
    const value = { __bytes: 'AAH/', a: { ___bytes: 1, ____bytes: Uint8Array.of(5) } };
    const frame = codec.encode({ kind: 'reply', id: 1, value });
    expect(frame).toContain('{"___bytes":"AAH/","a":{"____bytes":1,"_____bytes":{"__bytes":"BQ=="}}}');
    expect(read(codec, frame)).toStrictEqual([{ kind: 'reply', id: 1, value }]);
  });

  it('decodes any value to what was encoded', () => {
    const key = fc.oneof(fc.string(), fc.constantFrom('__bytes', '___bytes', '_bytes', '____bytes', 'bytes'));
    const bytes = fc.uint8Array().map((made) => Uint8Array.from(made));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, fc.integer(), fc.string(), bytes, tie('list'), tie('record')),
      list: fc.array(tie('value'), { maxLength: 4 }),
      record: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    }));
    fc.assert(
      fc.property(value, (value) => {
        const clean = withoutProto(value);
        expect(read(codec, codec.encode({ kind: 'reply', id: 1, value: clean }))).toStrictEqual([
          { kind: 'reply', id: 1, value: clean },
        ]);
      }),
      { numRuns: 500 },
    );
  });

  it('reads an escaped key of bytes in any spelling', () => {
    const frame = '{"jsonrpc":"2.0","result":[{"\\u005f_bytes":"AAH/","x":1},{"___b\\u0079tes":1}],"id":1}';
    expect(read(codec, frame)).toMatchObject([{ value: [Uint8Array.of(0, 1, 255), { __bytes: 1 }] }]);
  });
});

describe('what quickrpc itself does not answer', () => {
  const parseError: readonly (readonly [string, Buffer])[] = [
    ['bad JSON', Buffer.from('{"jsonrpc": "2.0", "method": ')],
    ['no JSON at all', Buffer.from('hello')],
    ['bad UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ['garbage after the value', Buffer.from('{"jsonrpc": "2.0", "method": "m", "params": {}} garbage')],
  ];
  for (const [name, bytes] of parseError) {
    it(`${name} is a parse error`, () => {
      expect(() => received(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(new ProtocolError('Parse error', -32700));
    });
  }

  const bad: readonly (readonly [string, string])[] = [
    ['a batch', '[{"jsonrpc": "2.0", "method": "m", "params": {}}]'],
    ['an empty batch', '[]'],
    ['a missing version', '{"method": "m", "params": {}}'],
    ['a scalar as params', '{"jsonrpc": "2.0", "method": "m", "params": 5}'],
    ['bytes that are no base64', '{"jsonrpc": "2.0", "method": "m", "params": {"a": {"__bytes": "*"}}}'],
    ['bytes that are not text', '{"jsonrpc": "2.0", "method": "m", "params": {"a": {"__bytes": [1]}}}'],
    ['params that are bytes', '{"jsonrpc": "2.0", "method": "m", "params": {"__bytes": 5}}'],
    ['params that are bytes, and good ones', '{"jsonrpc": "2.0", "method": "m", "params": {"__bytes": "AAH/"}}'],
    ['a reply without an id', '{"jsonrpc": "2.0", "result": 5}'],
    ['a reply whose id is a list', '{"jsonrpc": "2.0", "result": 5, "id": [1]}'],
  ];
  for (const [name, telegram] of bad) {
    it(`${name} is an invalid request`, () => {
      expect(received(Buffer.from(`${telegram}\0`))).toMatchObject([invalid]);
    });
  }

  it('white space before the value is skipped', () => {
    expect(received(Buffer.from('\n {"jsonrpc": "2.0", "method": "m"}\0'))).toMatchObject([{ method: 'm', args: [] }]);
  });

  it('a text that contains a number is the id of a reply', () => {
    for (const [id, number] of [
      ['"7"', 7],
      ['" 7 "', 7],
      ['"+7"', 7],
      ['7', 7],
      ['"7.5"', '7.5'],
      ['"x"', 'x'],
      ['null', null],
    ] as const) {
      expect(received(Buffer.from(`{"jsonrpc": "2.0", "result": 5, "id": ${id}}\0`))).toMatchObject([
        { kind: 'reply', id: number },
      ]);
    }
    expect(received(Buffer.from('{"jsonrpc": "2.0", "method": "m", "id": "7"}\0'))).toMatchObject([{ id: '7' }]);
  });

  it('a result with invalid bytes fails the call that waits for it', () => {
    const telegram = '{"jsonrpc": "2.0", "result": {"__bytes": "*"}, "id": 5}\0';
    expect(received(Buffer.from(telegram))).toMatchObject([
      { kind: 'fault', id: 5, error: { code: Code.InternalError } },
    ]);
    const error = '{"jsonrpc": "2.0", "error": {"code": 0, "message": "m", "data": {"__bytes": 5}}, "id": 5}\0';
    expect(received(Buffer.from(error))).toMatchObject([{ kind: 'fault', id: 5, error: { code: 0, message: 'm' } }]);
  });
});

function withoutProto(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutProto);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const entries = Object.entries(value).filter(([key]) => key !== '__proto__');
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutProto(inner)]));
}

it('an id of 0 or null means none, as in quickrpc', () => {
  for (const id of ['0', 'null']) {
    const [message] = read(codec, `{"jsonrpc": "2.0", "method": "notify", "params": {"text": "hello"}, "id": ${id}}`);
    expect(message).toMatchObject({ kind: 'call', id: undefined, method: 'notify' });
  }
});
