import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';
import { jrpcOf, read } from '../support/codec-read.js';

const codec = jrpcOf();
const call = (more: Partial<Call>): Call => ({
  kind: 'call',
  id: 1,
  method: 'm',
  args: [],
  named: false,
  batch: undefined,
  ...more,
});

describe('the encoder of jrpc', () => {
  it('writes JSON-RPC in the order jsonrpc, id, method, params', () => {
    expect(codec.encode(call({}))).toBe('{"jsonrpc":"2.0","id":1,"method":"m"}');
    expect(codec.encode(call({ args: [1, 'a'] }))).toBe('{"jsonrpc":"2.0","id":1,"method":"m","params":[1,"a"]}');
    expect(codec.encode(call({ args: [{ a: 1 }] }))).toBe('{"jsonrpc":"2.0","id":1,"method":"m","params":[{"a":1}]}');
    expect(codec.encode(call({ id: 'x"y', args: [{ a: 1 }], named: true }))).toBe(
      '{"jsonrpc":"2.0","id":"x\\"y","method":"m","params":{"a":1}}',
    );
    expect(codec.encode(call({ id: undefined, method: 'a"\n\\' }))).toBe('{"jsonrpc":"2.0","method":"a\\"\\n\\\\"}');
    expect(codec.encode(call({ id: null }))).toBe('{"jsonrpc":"2.0","id":null,"method":"m"}');
    expect(codec.encode({ kind: 'reply', id: 1, value: { a: [] } })).toBe('{"jsonrpc":"2.0","id":1,"result":{"a":[]}}');
    expect(codec.encode({ kind: 'fault', id: null, error: { code: -1, message: 'm"', data: 0 } })).toBe(
      '{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"m\\"","data":0}}',
    );
  });

  it('writes null for a value that JSON cannot represent', () => {
    for (const value of [undefined, Number.NaN, Number.POSITIVE_INFINITY, () => 1, Symbol('s'), null]) {
      expect(codec.encode({ kind: 'reply', id: 1, value })).toBe('{"jsonrpc":"2.0","id":1,"result":null}');
    }
    expect(codec.encode(call({ args: [undefined, Number.NaN] }))).toContain('"params":[null,null]');
    expect(codec.encode(call({ args: [{ a: undefined, b: -Infinity }], named: true }))).toContain(
      '"params":{"b":null}',
    );
    expect(codec.encode({ kind: 'fault', id: 1, error: { code: 1, message: 'm', data: undefined } })).not.toContain(
      'data',
    );
  });

  it('writes numbers as JSON.stringify does', () => {
    for (const value of [-0, 1e21, 1e-7, 0.1, 2 ** 53, -5e-324, 1.7976931348623157e308]) {
      expect(codec.encode({ kind: 'reply', id: 1, value })).toBe(
        `{"jsonrpc":"2.0","id":1,"result":${JSON.stringify(value)}}`,
      );
    }
  });

  it('calls toJSON of a value', () => {
    const value = new Date(0);
    expect(codec.encode({ kind: 'reply', id: 1, value })).toContain('"result":"1970-01-01T00:00:00.000Z"');
  });

  it('throws for a BigInt, a cycle, and arguments without fields', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    for (const value of [1n, cycle, [cycle]]) {
      expect(() => codec.encode({ kind: 'reply', id: 1, value })).toThrow(TypeError);
      expect(() => codec.encode(call({ args: [{ value }], named: true }))).toThrow(TypeError);
      expect(() => codec.encode({ kind: 'fault', id: 1, error: { code: 1, message: '', data: value } })).toThrow(
        TypeError,
      );
    }
    for (const value of [new Date(0), undefined, () => 1, [1], 'text']) {
      expect(() => codec.encode(call({ args: [value], named: true }))).toThrow(
        new UsageError(
          `named arguments must be one object, but ${JSON.stringify(value) ?? 'nothing'} does not become an object in JSON`,
        ),
      );
    }
  });

  it('writes an integer as the code of every error', () => {
    for (const code of [1.5, Number.NaN, Number.POSITIVE_INFINITY, '5' as unknown as number]) {
      expect(codec.encode({ kind: 'fault', id: 1, error: { code, message: 'm' } })).toContain('"code":-32000');
    }
  });

  it('writes a text as the message of every error', () => {
    for (const message of [5, undefined, null, Symbol('s'), new Date(Number.NaN)]) {
      const frame = codec.encode({ kind: 'fault', id: 1, error: { code: 1, message: message as unknown as string } });
      expect(JSON.parse(frame as string)).toMatchObject({ error: { code: 1, message: String(message) } });
    }
  });

  it('echoes an id as JSON even if JSON cannot represent it as a number', () => {
    expect(JSON.parse(codec.encode({ kind: 'reply', id: Number.NaN, value: 1 }) as string).id).toBe(null);
  });

  it('caches a limited number of methods', () => {
    for (let count = 0; count < 3_000; count++) {
      const message = call({ method: `method "${count}"`, args: [count] });
      expect(read(codec, codec.encode(message))).toStrictEqual([message]);
      expect(read(codec, codec.encode(message))).toStrictEqual([message]);
    }
    setFlagsFromString('--expose_gc');
    const collect = runInNewContext('gc') as () => void;
    const used = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = used();
    for (let count = 0; count < 10_000; count++) codec.encode(call({ method: `${count}`.padEnd(5_000, '"') }));
    expect(used() - before).toBeLessThan(20_000_000);
  });
});

describe('the jrpc codec', () => {
  it('has properties that depend on the dialect', () => {
    const traits = (name: string): unknown[] => {
      const { framing, hello, join, form, answersUnreadable } = jrpcOf(name);
      return [form, framing, hello, join !== undefined, answersUnreadable];
    };
    expect(traits('jrpc')).toEqual(['text', 'lines', true, true, true]);
    expect(traits('jsonrpc')).toEqual(['text', 'lines', true, true, true]);
    expect(traits('jrpc?hello=on')).toEqual(['text', 'lines', true, true, true]);
    expect(traits('jrpc?hello=off')).toEqual(['text', 'lines', false, true, true]);
    expect(traits('jrpc?dialect=lsp')).toEqual(['text', 'headers', false, false, true]);
    expect(traits('jrpc?dialect=mcp')).toEqual(['text', 'lines', false, false, true]);
    expect(traits('jrpc?dialect=quickrpc')).toEqual(['text', 'nul', false, false, true]);
    expect(traits('jrpc?dialect=lsp&hello=off')).toEqual(['text', 'headers', false, false, true]);
    expect(jrpcOf('jsonrpc').name).toBe('jrpc');
  });

  it('accepts the delimiter of quickrpc if there is a framing for it', () => {
    expect(jrpcOf('jrpc:\n').framing).toBe('lines');
    expect(jrpcOf('jrpc:\0').framing).toBe('nul');
    expect(() => jrpcOf('jrpc:END')).toThrow(/accepts no "END" after its colon.*framing=nul/);
  });

  it('refuses unknown options', () => {
    expect(() => jrpcOf('jrpc?dialect=soap')).toThrow(/"dialect" must be lsp or mcp or quickrpc, not "soap"/);
    expect(() => jrpcOf('jrpc?dialekt=lsp')).toThrow(
      /no option "dialekt"; did you mean dialect\? There are dialect, hello/,
    );
    expect(() => jrpcOf('jrpc?framing=nul')).toThrow(UsageError);
    expect(() => jrpcOf('jrpc?dialect=lsp&hello=on')).toThrow(
      /"lsp" is for peers that are not Obverse and sends no hello/,
    );
  });
});

it('lists of numbers are written as JSON.stringify does', () => {
  const lists = [
    [],
    [0],
    [-0],
    [1, 2.5, -3e21, 1e-7],
    [1, 2, 3, 4, 5],
    [Number.NaN, 1],
    [1, Number.POSITIVE_INFINITY],
    [1, '2'],
    [1, undefined, 3],
  ];
  for (const args of lists) {
    const frame = codec.encode({ kind: 'call', id: 1, method: 'add', args, named: false, batch: undefined });
    const params = args.length === 0 ? '' : `,"params":${JSON.stringify(args)}`;
    expect(frame).toBe(`{"jsonrpc":"2.0","id":1,"method":"add"${params}}`);
  }
});
