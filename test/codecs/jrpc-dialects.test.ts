import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, whole } from '../../codecs/jrpc/decode.js';
import { dialects } from '../../codecs/jrpc/dialects.js';
import { quick } from '../../codecs/jrpc/quick.js';
import type { Call, Message, Outbound } from '../../src/contract/contract.js';
import { jrpcOf, read } from '../support/codec-read.js';

const lsp = jrpcOf('jrpc?dialect=lsp');
const mcp = jrpcOf('jrpc?dialect=mcp');
const plainCodecs = [jrpcOf(), jrpcOf('jrpc?dialect=quickrpc')];

const call = (more: Partial<Call>): Call => ({
  kind: 'call',
  id: undefined,
  method: 'm',
  args: [],
  named: false,
  batch: undefined,
  ...more,
});
const cancel = (...args: readonly unknown[]): Call => call({ method: 'rpc.cancel', args });
const progress = (...args: readonly unknown[]): Call => call({ method: 'rpc.progress', args });
const written = (codec: typeof lsp, message: Outbound): unknown => JSON.parse(codec.encode(message) as string);
const notification = (method: string, params: unknown): object => ({ jsonrpc: '2.0', method, params });

/** What is read from a notification, and from one whose members are in another order. */
function readings(codec: typeof lsp, method: string, params: unknown): Message[] {
  const frames = [
    { jsonrpc: '2.0', method, params },
    { params, method, jsonrpc: '2.0' },
  ];
  return frames.flatMap((frame) => read(codec, JSON.stringify(frame)));
}

describe('the properties of a codec', () => {
  it('list the messages of the library that its dialect can express', () => {
    for (const codec of [lsp, mcp]) expect(codec.words).toEqual(['rpc.cancel', 'rpc.progress']);
    for (const codec of plainCodecs) expect(Object.hasOwn(codec, 'words')).toBe(false);
  });
  it('specify whether a cancelled call is answered', () => {
    expect(mcp.answersCancelled).toBe(false);
    for (const codec of [lsp, ...plainCodecs]) expect(codec.answersCancelled).toBe(true);
  });
});

describe('a cancelled call', () => {
  it('is $/cancelRequest in lsp, which cannot carry a reason', () => {
    for (const message of [cancel(7), cancel(7, 'too slow')]) {
      expect(written(lsp, message)).toEqual(notification('$/cancelRequest', { id: 7 }));
    }
  });
  it('is notifications/cancelled in mcp, with its reason if that is a text', () => {
    expect(written(mcp, cancel(7, 'too slow'))).toEqual(
      notification('notifications/cancelled', { requestId: 7, reason: 'too slow' }),
    );
    for (const message of [cancel(7), cancel(7, null), cancel(7, { why: 1 })]) {
      expect(written(mcp, message)).toEqual(notification('notifications/cancelled', { requestId: 7 }));
    }
  });
  it('is read as rpc.cancel, along with the original message', () => {
    for (const id of [7, 'x-7', 0]) {
      const said = { id };
      const means = { method: 'rpc.cancel', args: [id] };
      const message = { ...call({ method: '$/cancelRequest', args: [said], named: true }), means };
      expect(readings(lsp, '$/cancelRequest', said)).toStrictEqual([message, message]);
    }
    const [given] = readings(mcp, 'notifications/cancelled', { requestId: 'a', reason: 'no' });
    expect(given).toMatchObject({
      method: 'notifications/cancelled',
      args: [{ requestId: 'a', reason: 'no' }],
      means: { method: 'rpc.cancel', args: ['a', 'no'] },
    });
    const [bare] = readings(mcp, 'notifications/cancelled', { requestId: 1, reason: 5 });
    expect(bare).toMatchObject({ means: { method: 'rpc.cancel', args: [1] } });
  });
  it('means nothing without an id', () => {
    for (const params of [{}, { id: null }, { id: [] }, { id: true }, [7], undefined]) {
      for (const message of readings(lsp, '$/cancelRequest', params)) expect(message).not.toHaveProperty('means');
    }
    const [huge] = read(lsp, '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1e999}}');
    expect(huge).toMatchObject({ named: true });
    expect(huge).not.toHaveProperty('means');
    for (const params of [{}, { requestId: null }, { id: 5 }, [5]]) {
      for (const message of readings(mcp, 'notifications/cancelled', params))
        expect(message).not.toHaveProperty('means');
    }
  });
  it('means nothing in the other dialect, in a request, or without a dialect', () => {
    for (const codec of [mcp, ...plainCodecs]) {
      for (const message of readings(codec, '$/cancelRequest', { id: 1 })) expect(message).not.toHaveProperty('means');
    }
    for (const codec of [lsp, ...plainCodecs]) {
      for (const message of readings(codec, 'notifications/cancelled', { requestId: 1 })) {
        expect(message).not.toHaveProperty('means');
      }
    }
    for (const id of [5, 'x', null]) {
      const [request] = read(lsp, JSON.stringify({ ...notification('$/cancelRequest', { id: 1 }), id }));
      expect(request).toMatchObject({ kind: 'call', id, method: '$/cancelRequest' });
      expect(request).not.toHaveProperty('means');
    }
  });
  it('is answered with -32800 in lsp only', () => {
    const aborted: Outbound = { kind: 'fault', id: 1, error: { code: -32_012, message: 'cancelled', data: [1] } };
    expect(written(lsp, aborted)).toMatchObject({ error: { code: -32_800, message: 'cancelled', data: [1] } });
    expect(read(lsp, lsp.encode(aborted))).toStrictEqual([aborted]);
    expect(read(lsp, '{"id":1,"jsonrpc":"2.0","error":{"code":-32800,"message":"x"}}')).toStrictEqual([
      { kind: 'fault', id: 1, error: { code: -32_012, message: 'x' } },
    ]);
    for (const codec of [mcp, ...plainCodecs]) {
      expect(written(codec, aborted)).toMatchObject({ error: { code: -32_012 } });
      expect(read(codec, '{"jsonrpc":"2.0","id":1,"error":{"code":-32800,"message":"x"}}')).toMatchObject([
        { error: { code: -32_800 } },
      ]);
    }
    const modified: Outbound = { kind: 'fault', id: 1, error: { code: -32_801, message: 'modified' } };
    expect(read(lsp, lsp.encode(modified))).toStrictEqual([modified]);
  });
});

describe('progress', () => {
  it('is $/progress in lsp, with any value', () => {
    for (const value of [1, 'half', null, [], { kind: 'report', percentage: 50 }]) {
      expect(written(lsp, progress('t', value))).toEqual(notification('$/progress', { token: 't', value }));
      for (const message of readings(lsp, '$/progress', { token: 't', value })) {
        expect(message).toMatchObject({
          method: '$/progress',
          args: [{ token: 't', value }],
          means: { method: 'rpc.progress', args: ['t', value] },
        });
      }
    }
    expect(written(lsp, progress(3, undefined))).toEqual(notification('$/progress', { token: 3, value: null }));
    for (const message of readings(lsp, '$/progress', { token: 3 })) {
      expect(message).toMatchObject({ means: { method: 'rpc.progress', args: [3, undefined] } });
    }
  });
  it('is notifications/progress in mcp, with an object or a number', () => {
    const said = { progress: 2, total: 4, message: 'half' };
    expect(written(mcp, progress(3, said))).toEqual(
      notification('notifications/progress', { progressToken: 3, ...said }),
    );
    expect(written(mcp, progress('t', 0.5))).toEqual(
      notification('notifications/progress', { progressToken: 't', progress: 0.5 }),
    );
    expect(written(mcp, progress(3, { progress: 1, progressToken: 99 }))).toMatchObject({
      params: { progressToken: 3 },
    });
    for (const message of readings(mcp, 'notifications/progress', { progressToken: 3, ...said })) {
      expect(message).toMatchObject({
        method: 'notifications/progress',
        args: [{ progressToken: 3, ...said }],
        means: { method: 'rpc.progress', args: [3, said] },
      });
    }
  });
  it('that mcp cannot represent is refused', () => {
    for (const value of ['half', null, undefined, Number.NaN, [1], {}, { progress: 'half' }, { total: 4 }]) {
      expect(() => mcp.encode(progress(3, value))).toThrow(
        /progress of a call over MCP must be a number, or \{ progress/,
      );
    }
  });
  it('means nothing without its token', () => {
    for (const token of [undefined, null, {}, true]) {
      for (const message of readings(lsp, '$/progress', { token, value: 1 }))
        expect(message).not.toHaveProperty('means');
      for (const message of readings(mcp, 'notifications/progress', { progressToken: token, progress: 1 })) {
        expect(message).not.toHaveProperty('means');
      }
    }
  });
});

describe('the progress token of a call', () => {
  const request = (params: unknown): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'm', params });

  it('is workDoneToken in lsp, and in _meta in mcp', () => {
    const asked = call({ id: 4, args: [{ uri: 'a' }], named: true, token: 4 });
    expect(lsp.encode(asked)).toBe('{"jsonrpc":"2.0","id":4,"method":"m","params":{"uri":"a","workDoneToken":4}}');
    expect(mcp.encode(asked)).toBe(
      '{"jsonrpc":"2.0","id":4,"method":"m","params":{"uri":"a","_meta":{"progressToken":4}}}',
    );
  });
  it('is the only argument of a call without arguments', () => {
    expect(written(lsp, call({ id: 4, token: 4 }))).toMatchObject({ params: { workDoneToken: 4 } });
    expect(written(mcp, call({ id: 4, token: 4 }))).toMatchObject({ params: { _meta: { progressToken: 4 } } });
  });
  it('does not replace an existing token, nor the rest of _meta', () => {
    const args = [{ workDoneToken: 'mine', _meta: { progressToken: 'mine', trace: 1 } }];
    for (const codec of [lsp, mcp]) {
      expect(written(codec, call({ id: 4, args, named: true, token: 4 }))).toMatchObject({ params: args[0] });
    }
    const traced = call({ id: 4, args: [{ _meta: { trace: 1 } }], named: true, token: 4 });
    expect(written(mcp, traced)).toMatchObject({ params: { _meta: { trace: 1, progressToken: 4 } } });
    for (const none of [null, 'trace', 5, [1]]) {
      expect(written(mcp, call({ id: 4, args: [{ _meta: none }], named: true, token: 4 }))).toMatchObject({
        params: { _meta: { progressToken: 4 } },
      });
    }
  });
  it('is not added to positional arguments, nor to the object of the caller', () => {
    for (const codec of [lsp, mcp]) {
      expect(written(codec, call({ id: 4, args: [{ a: 1 }], token: 4 }))).toMatchObject({ params: [{ a: 1 }] });
      const args = [Object.freeze({ a: 1, _meta: Object.freeze({ trace: 1 }) })];
      codec.encode(call({ id: 4, args, named: true, token: 4 }));
      expect(args).toEqual([{ a: 1, _meta: { trace: 1 } }]);
    }
  });
  it('is added to the encoded form of an object', () => {
    const args = [{ toJSON: () => ({ workDoneToken: 'mine', at: new Date(0) }) }];
    expect(written(lsp, call({ id: 4, args, named: true, token: 4 }))).toMatchObject({
      params: { workDoneToken: 'mine', at: '1970-01-01T00:00:00.000Z' },
    });
    expect(() => lsp.encode(call({ id: 4, args: [[1]], named: true, token: 4 }))).toThrow(/named arguments/);
  });
  it('is sent in the dialects only', () => {
    const [strict] = plainCodecs;
    expect(strict?.encode(call({ id: 4, args: [{ a: 1 }], named: true, token: 4 }))).not.toContain('oken');
  });
  it('is read, and remains among the arguments', () => {
    for (const token of ['t', '', 5, 0, -1.5]) {
      expect(read(lsp, request({ a: 1, workDoneToken: token }))).toStrictEqual([
        { ...call({ id: 1, args: [{ a: 1, workDoneToken: token }], named: true }), token },
      ]);
      const params = { name: 'x', _meta: { progressToken: token } };
      expect(read(mcp, request(params))).toStrictEqual([{ ...call({ id: 1, args: [params], named: true }), token }]);
    }
  });
  it('is not read from other places or of other types', () => {
    for (const params of [
      { workDoneToken: null },
      { workDoneToken: {} },
      {},
      ['workDoneToken'],
      [{ workDoneToken: 1 }],
    ]) {
      expect(read(lsp, request(params))[0]).not.toHaveProperty('token');
    }
    for (const params of [{ _meta: null }, { _meta: [] }, { _meta: 'x' }, { _meta: {} }, { progressToken: 1 }, [1]]) {
      expect(read(mcp, request(params))[0]).not.toHaveProperty('token');
    }
    // JSON.parse reads these as Infinity.
    const huge = (params: string): Message[] =>
      [lsp, mcp].flatMap((codec) => read(codec, request(5).replace('5', params)));
    for (const message of huge('{"workDoneToken":1e999,"_meta":{"progressToken":-1e999}}')) {
      expect(message).toMatchObject({ kind: 'call', named: true });
      expect(message).not.toHaveProperty('token');
    }
    const [told] = read(lsp, JSON.stringify(notification('m', { workDoneToken: 1 })));
    expect(told).not.toHaveProperty('token');
  });
  it('is no property of a call without one, and neither is a meaning', () => {
    for (const codec of [lsp, mcp, ...plainCodecs]) {
      for (const frame of [request({ a: 1 }), request([1]), '{"jsonrpc":"2.0","method":"m","params":{"a":1}}']) {
        expect(Object.keys(read(codec, frame)[0] as Call)).toEqual(['kind', 'id', 'method', 'args', 'named', 'batch']);
      }
    }
  });
});

describe('the fast path reads the same as full parsing', () => {
  const token = fc.oneof(fc.nat(), fc.string(), fc.constantFrom(null, true, 1.5, -1), fc.constant({}));
  const params = fc.oneof(
    fc.record(
      { id: token, token, value: fc.jsonValue(), requestId: token, reason: fc.jsonValue() },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        progressToken: token,
        progress: fc.jsonValue(),
        workDoneToken: token,
        _meta: fc.record({ progressToken: token }),
      },
      { requiredKeys: [] },
    ),
    fc.jsonValue(),
  );
  const method = fc.constantFrom(
    '$/cancelRequest',
    '$/progress',
    'notifications/cancelled',
    'notifications/progress',
    'm',
  );
  const id = fc.oneof(fc.nat(), fc.string(), fc.constant(null));
  const outcome = (way: typeof whole, frame: string, dialect: keyof typeof dialects): Message[] => {
    const given: Message[] = [];
    way(frame, (message) => given.push(message), false, dialects[dialect]);
    return given;
  };

  it('in the dialects', () => {
    let quickly = 0;
    let meant = 0;
    fc.assert(
      fc.property(fc.option(id, { nil: undefined }), method, params, fc.boolean(), (id, method, params, escaped) => {
        let frame = JSON.stringify({ jsonrpc: '2.0', id, method, params });
        // The same method, spelled with an escape.
        if (escaped) frame = frame.replace('cancel', '\\u0063ancel');
        for (const dialect of ['lsp', 'mcp'] as const) {
          const [fast, full] = [outcome(decode, frame, dialect), outcome(whole, frame, dialect)];
          if (!isDeepStrictEqual(fast, full)) expect(fast, frame).toStrictEqual(full);
          const [message] = fast;
          if (message?.kind !== 'call' || (message.means === undefined && message.token === undefined)) continue;
          meant++;
          if (quick(frame) !== undefined) quickly++;
        }
      }),
      { numRuns: 3_000 },
    );
    // Otherwise nothing was compared.
    expect(quickly).toBeGreaterThan(100);
    expect(meant).toBeGreaterThan(quickly);
  });
});
