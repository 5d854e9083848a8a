import assert from 'node:assert/strict';
import type { Codec, Frame, Message, Outbound } from '../contract/contract.js';
import { ProtocolError } from '../contract/errors.js';

/** A call with the id 1 and no arguments, with these changes. */
export function callOf(more: Partial<Extract<Outbound, { kind: 'call' }>> = {}): Outbound {
  return { kind: 'call', id: 1, method: 'add', args: [], named: false, batch: undefined, ...more };
}

/** A frame as it arrives: text unchanged, bytes as a part of a larger buffer, values as copied by structured clone. */
export function travelled(frame: Frame): Frame {
  if (typeof frame === 'string') return frame;
  if (frame instanceof Uint8Array) {
    const room = Buffer.alloc(frame.length + 10, 0xa5);
    room.set(frame, 3);
    return room.subarray(3, 3 + frame.length);
  }
  const values = structuredClone(frame.values, { transfer: [...frame.transfer] as ArrayBuffer[] });
  return { values, transfer: [], length: frame.length };
}

/** The messages that the codec decodes from a frame. */
export function decodeAll(codec: Codec, frame: Frame, packed = false): Message[] {
  const given: Message[] = [];
  codec.decode(frame, (message) => given.push(message), packed);
  return given;
}

/** The single message that a message is decoded to. */
export function roundTrip(codec: Codec, message: Outbound): Message {
  const given = decodeAll(codec, travelled(codec.encode(message)));
  assert.equal(given.length, 1, `one message was decoded to ${given.length}`);
  return given[0] as Message;
}

/** Asserts that a message arrives as it was sent. */
export function carries(codec: Codec, message: Outbound): void {
  same(roundTrip(codec, message), message);
}

/** Asserts that two messages are equal. Bytes are equal as a Uint8Array and as a Buffer. */
export function same(given: Message | undefined, sent: Outbound): void {
  assert.deepStrictEqual(plain(given), plain(sent));
}

function plain(message: Message | undefined): unknown {
  if (message === undefined) return undefined;
  const { kind, id } = message;
  if (kind === 'reply') return { kind, id, value: unbuffered(message.value) };
  if (kind === 'call') {
    const { method, args, named } = message;
    return { kind, id, method, args: unbuffered(args), named };
  }
  const { code, message: text, data } = message.error;
  return { kind, id, code, text, data: unbuffered(data) };
}

function unbuffered(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(unbuffered);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unbuffered(inner)]));
}

/**
 * Decodes any frame of a peer that is not Obverse. Asserts that only a ProtocolError is thrown, and that each result is
 * a message. Returns the messages.
 */
export function survives(codec: Codec, frame: Frame, packed = false): Message[] {
  const given: Message[] = [];
  try {
    codec.decode(frame, (message) => given.push(message), packed);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `a ${(error as Error)?.name} was thrown: ${String(error)}`);
    assert.ok(Number.isInteger(error.code) && error.message !== '', 'a ProtocolError has a code and a message');
  }
  for (const message of given) wellFormed(message);
  return given;
}

function wellFormed(message: Message): void {
  const { kind, id } = message;
  const calls = kind === 'call' && id === undefined;
  assert.ok(
    calls || id === null || typeof id === 'string' || (typeof id === 'number' && Number.isFinite(id)),
    `the id of a ${kind} is ${String(id)}`,
  );
  switch (kind) {
    case 'call':
      assert.equal(typeof message.method, 'string');
      assert.ok(Array.isArray(message.args) && typeof message.named === 'boolean');
      if (message.named) {
        assert.equal(message.args.length, 1);
        assert.ok(typeof message.args[0] === 'object' && message.args[0] !== null, 'named arguments are one object');
      }
      return;
    case 'reply':
      return;
    case 'fault':
    case 'bad':
      assert.ok(Number.isInteger(message.error.code), `the code is ${message.error.code}`);
      assert.equal(typeof message.error.message, 'string');
      return;
    default:
      assert.fail(`the kind of a message is ${String(kind)}`);
  }
}
