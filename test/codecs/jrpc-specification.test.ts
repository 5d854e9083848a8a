import { describe, expect, it } from 'vitest';
import type { Batch, Frame, Message, Outbound } from '../../src/contract/contract.js';
import { Code, ProtocolError } from '../../src/contract/errors.js';
import { jrpcOf, read } from '../support/codec-read.js';

const codec = jrpcOf();

/** The answers of this side: a fault for each bad message, and the result of `answers` for each call. */
function answered(frame: string, answers: Readonly<Record<string, unknown>>): string | undefined {
  const answerTo = (message: Message): Outbound | undefined => {
    if (message.kind === 'bad') return { kind: 'fault', id: message.id, error: message.error };
    if (message.kind !== 'call' || message.id === undefined) return undefined;
    const { id, method } = message;
    return Object.hasOwn(answers, method)
      ? { kind: 'reply', id, value: answers[method] }
      : { kind: 'fault', id, error: { code: Code.MethodNotFound, message: 'Method not found' } };
  };
  const alone: Frame[] = [];
  let batch: Batch | undefined;
  try {
    for (const message of read(codec, frame)) {
      const answer = answerTo(message);
      if (answer === undefined) continue;
      const shared = message.kind === 'call' || message.kind === 'bad' ? message.batch : undefined;
      if (shared === undefined) alone.push(codec.encode(answer));
      else {
        batch = shared;
        shared.left--;
        shared.answers.push(codec.encode(answer));
      }
    }
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    const { code, message } = error as ProtocolError;
    alone.push(codec.encode({ kind: 'fault', id: null, error: { code, message } }));
  }
  if (batch === undefined) return alone[0] as string | undefined;
  expect(alone).toEqual([]);
  expect(batch.left).toBe(0);
  return codec.join?.(batch.answers) as string;
}

/** The examples of https://www.jsonrpc.org/specification#examples, verbatim. */
describe('section 7 of the specification', () => {
  const same = (answer: string | undefined, wanted: string): void => {
    // The reason follows the text of the specification.
    const told = answer?.replaceAll(/Invalid Request: (?:[^"\\]|\\.)+/g, 'Invalid Request');
    expect(told === undefined ? undefined : JSON.parse(told)).toEqual(JSON.parse(wanted));
  };

  it('rpc call with positional parameters', () => {
    const first = '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}';
    expect(read(codec, first)).toMatchObject([{ id: 1, method: 'subtract', args: [42, 23], named: false }]);
    same(answered(first, { subtract: 19 }), '{"jsonrpc": "2.0", "result": 19, "id": 1}');
    const second = '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}';
    same(answered(second, { subtract: -19 }), '{"jsonrpc": "2.0", "result": -19, "id": 2}');
  });

  it('rpc call with named parameters', () => {
    for (const [params, id] of [
      ['{"subtrahend": 23, "minuend": 42}', 3],
      ['{"minuend": 42, "subtrahend": 23}', 4],
    ] as const) {
      const frame = `{"jsonrpc": "2.0", "method": "subtract", "params": ${params}, "id": ${id}}`;
      expect(read(codec, frame)).toMatchObject([{ id, args: [{ minuend: 42, subtrahend: 23 }], named: true }]);
      same(answered(frame, { subtract: 19 }), `{"jsonrpc": "2.0", "result": 19, "id": ${id}}`);
    }
  });

  it('a notification', () => {
    expect(answered('{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', { update: 1 })).toBeUndefined();
    expect(answered('{"jsonrpc": "2.0", "method": "foobar"}', {})).toBeUndefined();
  });

  it('rpc call of non-existent method', () => {
    same(
      answered('{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', {}),
      '{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}',
    );
  });

  const parseError = '{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}';
  const invalid = '{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}';

  it('rpc call with invalid JSON', () => {
    same(answered('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', {}), parseError);
  });

  it('rpc call with invalid Request object', () => {
    same(answered('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', {}), invalid);
  });

  it('rpc call Batch, invalid JSON', () => {
    const frame = `[
      {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method"
    ]`;
    same(answered(frame, { sum: 7 }), parseError);
  });

  it('rpc call with an empty Array', () => {
    same(answered('[]', {}), invalid);
  });

  it('rpc call with an invalid Batch (but not empty)', () => {
    same(answered('[1]', {}), `[${invalid}]`);
  });

  it('rpc call with invalid Batch', () => {
    same(answered('[1,2,3]', {}), `[${invalid},${invalid},${invalid}]`);
  });

  it('rpc call Batch', () => {
    const frame = `[
      {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
      {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
    ]`;
    same(
      answered(frame, { sum: 7, notify_hello: 0, subtract: 19, get_data: ['hello', 5] }),
      `[
        {"jsonrpc": "2.0", "result": 7, "id": "1"},
        {"jsonrpc": "2.0", "result": 19, "id": "2"},
        ${invalid},
        {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "5"},
        {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}
      ]`,
    );
  });

  it('rpc call Batch (all notifications)', () => {
    const frame = `[
      {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
    ]`;
    expect(read(codec, frame)).toMatchObject([{ batch: undefined }, { batch: undefined }]);
    expect(answered(frame, { notify_sum: 0, notify_hello: 0 })).toBeUndefined();
  });
});
