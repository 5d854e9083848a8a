import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import terse from '../../codecs/terse.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Message, Outbound } from '../../src/contract/contract.js';
import { Code, ProtocolError, UsageError } from '../../src/contract/errors.js';
import { testCodec } from '../../src/testing/codec.js';

const codec = terse(parseAddress('terse:'));

testCodec(
  { describe, it },
  {
    name: 'terse',
    make: () => terse(parseAddress('terse')),
    values: [
      ...[-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e21, -1e-7],
      ...[Uint8Array.of(0, 1, 255), { bytes: [new Uint8Array(100_001).fill(7)] }],
    ],
    deep: ['say ', '[1]:', 'say[1] ', 'say a:'].flatMap((head) =>
      ['[', '{a:', '[{a:'].map((open) => head + open.repeat(100_000)),
    ),
  },
);

function read(line: string): Message[] {
  const given: Message[] = [];
  codec.decode(line, (message) => given.push(message), false);
  return given;
}

/** The single call in a line. */
function call(line: string): { method: string; id: unknown; args: unknown; named: boolean } {
  const [message, ...more] = read(line);
  expect(more).toEqual([]);
  expect(message?.kind).toBe('call');
  return message as never;
}

const value = (text: string): unknown => (read(`[1]:${text}`)[0] as { value?: unknown }).value;
const written = (what: unknown): string => (codec.encode({ kind: 'reply', id: 1, value: what }) as string).slice(4);
const outgoing = (more: object): Outbound => ({
  kind: 'call',
  id: undefined,
  method: 'say',
  args: [],
  named: false,
  batch: undefined,
  ...more,
});

describe('what terse writes', () => {
  for (const [message, line] of [
    [outgoing({ method: 'notify', named: true, args: [{ text: 'hello' }] }), 'notify text:"hello"'],
    [outgoing({ id: 1, method: 'echo', named: true, args: [{ text: 'hi' }] }), 'echo[1] text:"hi"'],
    [outgoing({ id: 1, method: 'add', args: [2, 40] }), 'add[1] 2 40'],
    [outgoing({}), 'say'],
    [outgoing({ id: 2 }), 'say[2]'],
    [outgoing({ id: 'a"b', method: 'room.join', args: [{ a: 1 }] }), 'room.join["a\\"b"] {a:1}'],
    [outgoing({ id: null, args: [null] }), 'say[] null'],
    [outgoing({ method: 'textDocument/didOpen', id: 3 }), 'textDocument/didOpen[3]'],
    [outgoing({ method: 'echo/1', id: 3 }), '"echo/1"[3]'],
    [outgoing({ method: '[1]:' }), '"[1]:"'],
    [
      outgoing({ named: true, args: [{ a: 1, none: undefined, 'b c': [true, undefined] }] }),
      'say a:1 "b c":[true null]',
    ],
    [{ kind: 'reply', id: 1, value: 'hi' }, '[1]:"hi"'],
    [{ kind: 'reply', id: 1, value: undefined }, '[1]:null'],
    [
      { kind: 'reply', id: 1, value: { größe: 1.5, 'a:b': {}, '': [[], [1]], 9: Uint8Array.of(1, 2, 3) } },
      '[1]:{"9":\'AQID\' größe:1.5 "a:b":{} "":[[] [1]]}',
    ],
    [
      { kind: 'fault', id: 1, error: { code: -32601, message: 'no "such"\nmethod' } },
      '[1]! code:-32601 message:"no \\"such\\"\\nmethod"',
    ],
    [{ kind: 'fault', id: 1, error: { code: 1, message: '', data: [1] } }, '[1]! code:1 message:"" data:[1]'],
    [{ kind: 'fault', id: null, error: { code: -32700, message: 'column 1' } }, '[]! code:-32700 message:"column 1"'],
  ] as const satisfies readonly (readonly [Outbound, string])[]) {
    it(line, () => {
      expect(codec.encode(message)).toBe(line);
    });
  }

  it('contains no control characters for a terminal', () => {
    const text = '\u001b[2J\u009b2J\u0007\u007f\u202e\u2066\u2028\r\n\t';
    expect(written(text)).toBe('"\\u001b[2J\\u009b2J\\u0007\\u007f\\u202e\\u2066\\u2028\\r\\n\\t"');
    expect(codec.encode(outgoing({ method: text, named: true, args: [{ [text]: 1 }] }))).not.toMatch(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the test is about control characters
      /[\0-\u001f\u007f-\u009f\u202e]/,
    );
  });

  it('is the result of toJSON, and nothing for values that it cannot represent', () => {
    expect(written([new Date(0), { toJSON: () => 7 }, new URL('http://a/')])).toBe(
      '["1970-01-01T00:00:00.000Z" 7 "http://a/"]',
    );
    for (const none of [5n, () => {}, Symbol('s'), [{ a: 5n }]]) {
      expect(() => written(none)).toThrow(/cannot be written as terse/);
    }
  });
});

describe('terse as people type it', () => {
  it('has named or positional arguments', () => {
    expect(call('add[7] a:2 b:40')).toMatchObject({ method: 'add', id: 7, named: true, args: [{ a: 2, b: 40 }] });
    expect(call('add[7] 2 40')).toMatchObject({ id: 7, named: false, args: [2, 40] });
    expect(call('say')).toMatchObject({ method: 'say', id: undefined, named: false, args: [] });
    expect(call('say {a:1}')).toMatchObject({ named: false, args: [{ a: 1 }] });
    expect(call('say [1]')).toMatchObject({ id: undefined, args: [[1]] });
  });

  it('has its id in brackets or after a slash', () => {
    expect(call('echo/12 text:"hi"')).toMatchObject({ method: 'echo', id: 12, args: [{ text: 'hi' }] });
    expect(call('a/b/3')).toMatchObject({ method: 'a/b', id: 3 });
    expect(call('a/b')).toMatchObject({ method: 'a/b', id: undefined });
    expect(call('"a/3" 1')).toMatchObject({ method: 'a/3', id: undefined });
    expect(call('"a b"["x"] 1')).toMatchObject({ method: 'a b', id: 'x' });
    expect(call('ping[]')).toMatchObject({ id: null });
    expect(call('ping[null]')).toMatchObject({ id: null });
  });

  it('may have extra blanks and commas', () => {
    for (const line of ['  add[1]  a:2   b:40 \r', 'add[1] a: 2, b: 40', 'add[1]\ta:2,b:40,', 'add[1] a:2 , b:40\n']) {
      expect(call(line)).toMatchObject({ method: 'add', id: 1, args: [{ a: 2, b: 40 }] });
    }
    expect(value(' [1,2 , 3 4,] ')).toEqual([1, 2, 3, 4]);
    expect(value('{ a:1, b: {c:[ ]} ,}')).toEqual({ a: 1, b: { c: [] } });
    for (const line of ['', '   ', '\r', '\t\r\n']) expect(read(line)).toEqual([]);
  });

  it('has numbers in any spelling, and words that look like numbers', () => {
    for (const [text, number] of [
      ['1.23457e+06', 1_234_570],
      ['.5', 0.5],
      ['-.5', -0.5],
      ['5.', 5],
      ['+5', 5],
      ['1e3', 1000],
      ['1E+03', 1000],
      ['-0', -0],
      ['0.30000000000000004', 0.1 + 0.2],
      ['nan', Number.NaN],
      ['inf', Number.POSITIVE_INFINITY],
      ['-inf', Number.NEGATIVE_INFINITY],
    ] as const) {
      expect(value(text)).toBe(number);
    }
  });

  it('has texts with all escapes of JSON', () => {
    expect(value('"a\\"b\\\\"')).toBe('a"b\\');
    expect(value('"\\\\n"')).toBe('\\n');
    expect(value('"\\b\\f\\n\\r\\t\\/\\u00e4\\ud83d\\ude42"')).toBe('\b\f\n\r\t/ä🙂');
    expect(value('"tab\there"')).toBe('tab\there');
    expect(call('say a:"ends with \\\\" b:"x"')).toMatchObject({ args: [{ a: 'ends with \\', b: 'x' }] });
    expect(value("''")).toEqual(new Uint8Array(0));
    expect(value("'AQI='")).toEqual(Uint8Array.of(1, 2));
  });

  it('has no field that sets a prototype', () => {
    for (const object of [value('{__proto__:{polluted:1} a:1}'), call('say "__proto__":[1] a:1').args]) {
      const [fields] = [object].flat() as [object];
      expect(Object.keys(fields)).toEqual(['a']);
      expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
    }
  });

  it('may be an answer', () => {
    expect(read('[3]:"hi"')).toEqual([{ kind: 'reply', id: 3, value: 'hi' }]);
    expect(read('[3]: 5 ')).toEqual([{ kind: 'reply', id: 3, value: 5 }]);
    expect(read('[3]:')).toEqual([{ kind: 'reply', id: 3, value: undefined }]);
    expect(read('[]! code:-32700 message:"no"')).toEqual([
      { kind: 'fault', id: null, error: { code: -32700, message: 'no' } },
    ]);
    expect(read('[3]! code:1 message:"no" data:null')).toEqual([
      { kind: 'fault', id: 3, error: { code: 1, message: 'no', data: null } },
    ]);
    // As quickrpc writes them, and with missing parts.
    expect(read('[3]! message:"on purpose" details:"Traceback"')).toEqual([
      { kind: 'fault', id: 3, error: { code: Code.Application, message: 'on purpose', data: 'Traceback' } },
    ]);
    expect(read('[3]!')).toEqual([
      { kind: 'fault', id: 3, error: { code: Code.Application, message: 'the call failed' } },
    ]);
  });
});

describe('an invalid line of terse', () => {
  for (const [line, message] of [
    ['say hello', 'column 5: hello is not a value; write a string in quotes, as in "hello"'],
    ['say a:hello', 'column 7: hello is not a value; write a string in quotes, as in "hello"'],
    ['say a:', 'column 7: a has no value'],
    ['say a:,b:1', 'column 7: a has no value'],
    ['say a:1 2', 'column 9: either all arguments have names, or none'],
    ['say 2 a:1', 'column 7: either all arguments have names, or none'],
    ['say "text', 'column 5: the closing quote of this string is missing'],
    ['say "text\\"', 'column 5: the closing quote of this string is missing'],
    ['say "a\\x"', 'column 7: \\x is not an escape; write a backslash as \\\\'],
    ['say "a\\u12"', 'column 7: \\u is not an escape; write a backslash as \\\\'],
    ["say 'AQ", "column 5: the closing ' of these bytes is missing"],
    ["say 'hello'", 'column 5: these bytes are not base64; write a string in double quotes'],
    ['say [1 2', 'column 9: the line ends where a ] is missing'],
    ['say {a:1', 'column 9: the line ends where a } is missing'],
    ['say [1 2}', 'column 9: a blank or ] is missing here'],
    ['say ]', 'column 5: expected a value, not ]'],
    ['say ,', 'column 5: expected a value, not ,'],
    ['say [1,,2]', 'column 8: expected a value, not ,'],
    ['say {1}', 'column 6: expected a field, as in name:1 or "any name":1'],
    ['say "a""b"', 'column 8: a blank is missing here'],
    ['say[1]2', 'column 7: a space is missing after the method or its id'],
    ['say:1', 'column 4: a space is missing after the method or its id'],
    [':1', 'column 1: a line begins with the name of a method, not with :'],
    ['say[x]', 'column 5: an id is a number or a quoted string, not x'],
    ['say[1', 'column 6: an id ends with ]'],
    ['[1', 'column 3: an id ends with ]'],
    [`say ${'['.repeat(1001)}`, 'column 1004: values can be nested at most 1000 levels deep'],
  ] as const) {
    it(line.length > 50 ? `${line.slice(0, 20)}…` : line, () => {
      const error = (() => {
        try {
          const [bad] = read(line);
          return (bad as { error?: { code: number; message: string } }).error;
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ProtocolError);
          return thrown as ProtocolError;
        }
      })();
      expect(error?.message).toBe(message);
      expect(error?.code).toBe(Code.ParseError);
    });
  }

  it.each([
    ['[1]', 'column 4: an answer is [id]:value, or [id]! followed by the fields of an error'],
    ['[1]:1 2', 'column 7: an answer has exactly one value'],
    ['[1]! 1', 'column 5: an error has fields: code, message and data'],
    ['[1]:forty', 'column 5: forty is not a value; write a string in quotes, as in "forty"'],
  ])('that is an answer rejects its call: %s', (line, message) => {
    const error = { code: Code.InternalError, message: `the answer cannot be read: ${message}` };
    expect(read(line)).toEqual([{ kind: 'fault', id: 1, error }]);
  });

  it('is a bad message with the id of its call, if it has one', () => {
    expect(read('add[7] 2 forty')).toMatchObject([{ kind: 'bad', id: 7, error: { code: Code.ParseError } }]);
    expect(read('add[] 2 forty')).toMatchObject([{ kind: 'bad', id: null }]);
    expect(() => read('add 2 forty')).toThrow(ProtocolError);
  });

  it('is refused for its depth only beyond the limit', () => {
    const deep = `${'['.repeat(999)}1${']'.repeat(999)}`;
    expect(written(value(deep))).toBe(deep);
  });
});

/** The value as it may arrive: no object has a key `__proto__`. */
function withoutProto(any: unknown): unknown {
  if (Array.isArray(any)) return any.map(withoutProto);
  if (typeof any !== 'object' || any === null) return any;
  const entries = Object.entries(any).filter(([key]) => key !== '__proto__');
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutProto(inner)]));
}

describe('terse as a codec', () => {
  it('decodes any value of JSON to what was encoded', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), fc.string({ unit: 'binary' }), (any, text) => {
        const line = written({ any, [text]: text });
        expect(line).not.toMatch(/[\r\n]/);
        expect(value(line)).toEqual(withoutProto({ any, [text]: text }));
      }),
      { examples: [[[JSON.parse('{"__proto__":{"a":1}}')], '__proto__']] },
    );
  });

  it('is for people: no hello, and an answer to what cannot be read', () => {
    expect(codec).toMatchObject({
      name: 'terse',
      form: 'text',
      framing: 'lines',
      hello: false,
      answersUnreadable: true,
    });
    expect(codec.join).toBeUndefined();
    expect(() => terse(parseAddress('terse?hello=on'))).toThrow(UsageError);
  });
});
