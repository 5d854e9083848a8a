import { describe, expect, it } from 'vitest';
import { parseJson } from '../../codecs/shared/json.js';
import type { Bad, Id, Message } from '../../src/contract/contract.js';
import { Code, ProtocolError } from '../../src/contract/errors.js';
import { jrpcOf, read } from '../support/codec-read.js';

const codec = jrpcOf();
const lsp = jrpcOf('jrpc?dialect=lsp');
const invalid = (id: Id): Bad => ({
  kind: 'bad',
  id,
  error: { code: Code.InvalidRequest, message: expect.stringMatching(/^Invalid Request: ./) as string },
  batch: undefined,
});

describe('decoding a frame', () => {
  const refused: readonly (readonly [string, Id])[] = [
    ['1', null],
    ['null', null],
    ['"text"', null],
    ['{}', null],
    ['{"id":1,"method":"m"}', 1],
    ['{"jsonrpc":"1.0","id":1,"method":"m"}', 1],
    ['{"jsonrpc":2.0,"id":1,"method":"m"}', 1],
    ['{"jsonrpc":"2.0","id":1}', 1],
    ['{"jsonrpc":"2.0","id":1,"params":[]}', 1],
    ['{"jsonrpc":"2.0","id":1,"method":1}', 1],
    ['{"jsonrpc":"2.0","id":"a","method":null}', 'a'],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":null}', 1],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":"bar"}', 1],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":0}', 1],
    ['{"jsonrpc":"2.0","method":"m","params":false}', null],
    ['{"jsonrpc":"2.0","id":[1],"method":"m"}', null],
    ['{"jsonrpc":"2.0","id":{},"method":"m"}', null],
    ['{"jsonrpc":"2.0","id":true,"method":"m"}', null],
    ['{"jsonrpc":"2.0","id":1e999,"method":"m"}', null],
    ['{"jsonrpc":"2.0","id":1.5,"method":"m"}', null],
    ['{"jsonrpc":"2.0","id":9007199254740993,"method":"m"}', null],
    ['{"jsonrpc":"2.0","id":-9007199254740993,"method":"m"}', null],
    ['{"jsonrpc":"2.0","id":9007199254740993,"method":"m","params":[1]}', null],
    ['{"jsonrpc":"2.0","result":1}', null],
    ['{"jsonrpc":"2.0","id":{},"result":1}', null],
  ];
  for (const [frame, id] of refused) {
    it(`refuses ${frame}`, () => {
      expect(read(codec, frame)).toStrictEqual([invalid(id)]);
    });
  }

  const call = { kind: 'call', id: undefined, method: 'm', args: [], named: false, batch: undefined } as const;
  const taken: readonly (readonly [string, Message])[] = [
    ['{"jsonrpc":"2.0","method":"m"}', call],
    [' {"method":"m" , "jsonrpc":"2.0"}\t', call],
    ['{"jsonrpc":"2.0","id":null,"method":"m"}', { ...call, id: null }],
    ['{"jsonrpc":"2.0","id":"","method":"m","params":[]}', { ...call, id: '' }],
    ['{"jsonrpc":"2.0","id":-1,"method":"m"}', { ...call, id: -1 }],
    ['{"jsonrpc":"2.0","id":0,"method":"","params":{}}', { ...call, id: 0, method: '', args: [{}], named: true }],
    ['{"jsonrpc":"2.0","id":1,"method":"\\u006d","meta":1}', { ...call, id: 1 }],
    ['{"jsonrpc":"2.0","id":1,"result":null}', { kind: 'reply', id: 1, value: null }],
    ['{"jsonrpc":"2.0","id":null,"result":1}', { kind: 'reply', id: null, value: 1 }],
    // A call that also has members of an answer is a call.
    ['{"jsonrpc":"2.0","id":1,"method":"m","result":1}', { ...call, id: 1 }],
  ];
  for (const [frame, message] of taken) {
    it(`accepts ${frame}`, () => {
      expect(read(codec, frame)).toStrictEqual([message]);
    });
  }

  it('throws if it is not JSON, with the reason as the cause', () => {
    for (const frame of ['', ' ', '{', '{"jsonrpc":"2.0"', 'nil', "{'a':1}", '{"a":NaN}', '1 1', '[1,]', '\0']) {
      let error: unknown;
      try {
        read(codec, frame);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error).toMatchObject({ code: -32700, message: 'Parse error', cause: expect.any(SyntaxError) });
    }
  });
});

describe('an answer is matched to its call, whatever its shape', () => {
  const faults: readonly (readonly [string, unknown])[] = [
    ['{"code":-32601,"message":"Method not found"}', { code: -32601, message: 'Method not found' }],
    ['{"code":0,"message":"m","data":{"a":[1]}}', { code: 0, message: 'm', data: { a: [1] } }],
    ['{"code":1,"message":"m","data":null}', { code: 1, message: 'm', data: null }],
    ['{"message":"m"}', { code: Code.InternalError, message: 'm' }],
    ['{"code":1.5,"message":"m"}', { code: Code.InternalError, message: 'm' }],
    ['{"code":"1","message":"m"}', { code: Code.InternalError, message: 'm' }],
    ['{"code":1}', { code: 1, message: 'the error of the answer has no message' }],
    ['{"code":1,"message":{"a":1}}', { code: 1, message: 'the error of the answer has no message' }],
    ['"broken"', { code: Code.InternalError, message: 'broken', data: 'broken' }],
    ['[1]', { code: Code.InternalError, message: 'the error of the answer is not an object', data: [1] }],
    ['null', { code: Code.InternalError, message: 'the error of the answer is not an object', data: null }],
  ];
  for (const [error, body] of faults) {
    it(`with the error ${error}`, () => {
      const frame = `{"jsonrpc":"2.0","id":"x","error":${error}}`;
      expect(read(codec, frame)).toStrictEqual([{ kind: 'fault', id: 'x', error: body }]);
    });
  }

  it('without an id is a fault that answers no call, and is not answered itself', () => {
    const [message] = read(codec, '{"jsonrpc":"2.0","error":{"code":1,"message":"m"}}');
    expect(message).toStrictEqual({ kind: 'fault', id: null, error: { code: 1, message: 'm' } });
  });

  it('with both a result and an error is an error', () => {
    const both = '{"jsonrpc":"2.0","id":1,"result":null,"error":{"code":1,"message":"m"}}';
    const failed = [{ kind: 'fault', id: 1, error: { code: 1, message: 'm' } }];
    expect(read(codec, both)).toStrictEqual(failed);
    expect(read(lsp, both)).toStrictEqual(failed);
  });

  it('with a result and an error of null is an error, but in a dialect a result', () => {
    const both = '{"jsonrpc":"2.0","id":1,"result":5,"error":null}';
    expect(read(codec, both)).toMatchObject([{ kind: 'fault', id: 1 }]);
    expect(read(lsp, both)).toStrictEqual([{ kind: 'reply', id: 1, value: 5 }]);
  });
});

describe('an answer without its envelope', () => {
  const fault = (id: Id, code: number, message: string): Message => ({ kind: 'fault', id, error: { code, message } });

  it('fails the call that waits for it', () => {
    const other = 'the answer is not JSON-RPC 2.0';
    for (const one of [codec, lsp]) {
      expect(read(one, '{"id":1,"result":5}')).toStrictEqual([fault(1, Code.InvalidRequest, other)]);
      expect(read(one, '{"id":1,"result":5,"error":null}')).toStrictEqual([fault(1, Code.InvalidRequest, other)]);
      expect(read(one, '{"jsonrpc":"1.0","id":"a","result":null}')).toMatchObject([{ kind: 'fault', id: 'a' }]);
      expect(read(one, '{"id":1,"result":null,"error":{"code":7,"message":"m"}}')).toStrictEqual([fault(1, 7, 'm')]);
      expect(read(one, '{"result":5}')).toStrictEqual([invalid(null)]);
      expect(read(one, '{"id":1,"method":"m","result":5}')).toStrictEqual([invalid(1)]);
    }
  });

  it('with neither a result nor an error is refused, but in a dialect it is a result of null', () => {
    expect(read(codec, '{"jsonrpc":"2.0","id":1}')).toStrictEqual([invalid(1)]);
    expect(read(lsp, '{"jsonrpc":"2.0","id":1}')).toStrictEqual([{ kind: 'reply', id: 1, value: null }]);
    expect(read(lsp, '{"jsonrpc":"2.0","id":1,"params":[]}')).toStrictEqual([invalid(1)]);
    expect(read(lsp, '{"jsonrpc":"2.0"}')).toStrictEqual([invalid(null)]);
  });
});

describe('batches', () => {
  const request = (id: number) => `{"jsonrpc":"2.0","id":${id},"method":"m"}`;
  const note = '{"jsonrpc":"2.0","method":"n"}';
  const reply = '{"jsonrpc":"2.0","id":7,"result":1}';

  it('share one batch, which has the number of expected answers before the first is given', () => {
    const frame = `[${request(1)},${note},5,${reply},{"jsonrpc":"2.0","id":null,"method":"m"}]`;
    let first: Message | undefined;
    codec.decode(
      frame,
      (message) => {
        first ??= message;
        expect(first.kind === 'call' && first.batch).toStrictEqual({ left: 3, answers: [] });
      },
      false,
    );
    const given = read(codec, frame);
    expect(given.map(({ kind, id }) => [kind, id])).toEqual([
      ['call', 1],
      ['call', undefined],
      ['bad', null],
      ['reply', 7],
      ['call', null],
    ]);
    const batches = given.map((message) => ('batch' in message ? message.batch : 'none'));
    expect(batches[0]).toBe(batches[2]);
    expect(batches[0]).toBe(batches[4]);
    expect([batches[1], batches[3]]).toEqual([undefined, 'none']);
  });

  it('of answers only are answers', () => {
    expect(read(codec, `[${reply},${reply}]`)).toStrictEqual([
      { kind: 'reply', id: 7, value: 1 },
      { kind: 'reply', id: 7, value: 1 },
    ]);
  });

  it('are packets between peers that both announced them', () => {
    const given = read(codec, `[${request(1)},5,${request(2)},[${note}]]`, true);
    expect(given).toMatchObject([
      { id: 1, batch: undefined },
      invalid(null),
      { id: 2, batch: undefined },
      invalid(null),
    ]);
    expect(read(codec, '[]', true)).toStrictEqual([invalid(null)]);
  });

  it('are refused in a dialect', () => {
    for (const dialect of ['lsp', 'mcp', 'quickrpc']) {
      const codecOfDialect = jrpcOf(`jrpc?dialect=${dialect}`);
      expect(codecOfDialect.join).toBeUndefined();
      for (const packed of [false, true]) {
        expect(read(codecOfDialect, `[${request(1)}]`, packed)).toStrictEqual([invalid(null)]);
        expect(read(codecOfDialect, '[]', packed)).toStrictEqual([invalid(null)]);
      }
    }
  });
});

describe('params of null', () => {
  it('mean no params in a dialect', () => {
    for (const dialect of ['lsp', 'mcp', 'quickrpc']) {
      const given = read(
        jrpcOf(`jrpc?dialect=${dialect}`),
        '{"jsonrpc":"2.0","id":1,"method":"shutdown","params":null}',
      );
      expect(given).toMatchObject([{ kind: 'call', id: 1, args: [], named: false }]);
    }
  });
});

describe('the key __proto__', () => {
  const spellings = [
    '__proto__',
    '\\u005f_proto__',
    '__\\u0070roto__',
    '__p\\u0072oto__',
    '__pr\\u006Fto__',
    '__pro\\u0074o__',
    '_\\u005Fproto_\\u005F',
  ];
  for (const key of spellings) {
    it(`is removed from values, spelled ${key}`, () => {
      const poison = `{"a":1,"${key}":{"polluted":true},"list":[{"${key}":null,"b":[{"${key}":1}]}]}`;
      const clean = { a: 1, list: [{ b: [{}] }] };
      expect(parseJson(poison)).toStrictEqual(clean);
      for (const [frame, want] of [
        // The first of each pair is read by the fast path, the second by full parsing.
        [`{"jsonrpc":"2.0","id":1,"result":${poison}}`, { value: clean }],
        [`{"id":1,"jsonrpc":"2.0","result":${poison}}`, { value: clean }],
        [`{"jsonrpc":"2.0","method":"m","params":[${poison}]}`, { args: [clean] }],
        [`{"jsonrpc":"2.0","params":[${poison}],"method":"m"}`, { args: [clean] }],
        [`{"jsonrpc":"2.0","id":2,"method":"m","params":${poison}}`, { args: [clean], named: true }],
        [`{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":"","data":${poison}}}`, { error: { data: clean } }],
      ] as const) {
        const [message] = read(codec, frame);
        expect(message).toMatchObject(want);
        const text = JSON.stringify(message);
        expect(text).not.toContain('__proto__');
        expect(text).not.toContain('polluted');
      }
    });
  }

  it.each(spellings)('is removed from an object of a few values, spelled %s', (key) => {
    for (const value of ['1', 'null', '"text"', '[]'])
      for (const [text, want] of [
        [`{"${key}":${value}}`, {}],
        [`{"a":1,"${key}":${value},"b":"text"}`, { a: 1, b: 'text' }],
        [`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"${key}":${value}}`, 8],
        [`[1,{"${key}":${value}}]`, [1, {}]],
        [`{"a":{"${key}":${value}}}`, { a: {} }],
      ] as const) {
        const read = parseJson(text) as object;
        if (want === 8) expect(Object.keys(read)).toHaveLength(8);
        else expect(JSON.stringify(read)).toBe(JSON.stringify(want));
      }
  });

  it('may occur in a text, and does not hide members of the envelope', () => {
    expect(read(codec, '{"jsonrpc":"2.0","id":1,"result":["__proto__","\\u0070"]}')).toMatchObject([
      { value: ['__proto__', 'p'] },
    ]);
    const hidden = '{"__proto__":{"jsonrpc":"2.0","method":"m"},"id":1}';
    expect(read(codec, hidden)).toStrictEqual([invalid(1)]);
  });

  it('is found at any depth', () => {
    const depth = 100_000;
    const text = `${'['.repeat(depth)}{"__proto__":1}${']'.repeat(depth)}`;
    let value = parseJson(text);
    for (let level = 0; level < depth; level++) value = (value as unknown[])[0];
    expect(Object.keys(value as object)).toEqual([]);
  });
});
