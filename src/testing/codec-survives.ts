import { strict as assert } from 'node:assert';
import type { Codec, Frame, Outbound } from '../contract/contract.js';
import { callOf, carries, survives, travelled } from './codec-probe.js';
import type { CodecSubject } from './codec-subject.js';
import { type Random, withRandom } from './random.js';

const DEPTH = 100_000;

/** Any frame of a peer: decoding throws a ProtocolError or returns messages, and has no other effect. */
export function testSurvives(it: (name: string, body: () => void) => void, subject: CodecSubject): void {
  it('survives random frames', () => {
    const codec = subject.make();
    withRandom(3_000, (random) => {
      survives(codec, randomFrame(codec, random), random.next() < 0.5);
    });
    carries(codec, callOf({ named: true, args: [{ a: 1 }] }));
  });
  it('survives damaged frames', () => {
    const codec = subject.make();
    withRandom(3_000, (random) => {
      survives(codec, damaged(codec, codec.encode(randomMessage(random)), random), random.next() < 0.5);
    });
    carries(codec, callOf({ named: true, args: [{ a: 1 }] }));
  });
  it('survives an empty frame', () => {
    const codec = subject.make();
    const empty = { text: '', bytes: new Uint8Array(0), values: { values: [], transfer: [], length: 0 } };
    assert.deepStrictEqual(survives(codec, empty[codec.form]), []);
  });
  it('survives frames of another form', () => {
    const codec = subject.make();
    const frames = { text: '{"a":1}', bytes: Uint8Array.of(1, 2, 3), values: { values: [1], transfer: [], length: 1 } };
    for (const form of ['text', 'bytes', 'values'] as const) if (form !== codec.form) survives(codec, frames[form]);
  });
  it('survives values that are nested deeper than the stack', () => {
    const codec = subject.make();
    for (const open of ['[', '{"a":']) {
      const close = open === '[' ? ']' : '}';
      const text = `${open.repeat(DEPTH)}1${close.repeat(DEPTH)}`;
      if (codec.form === 'text') for (const frame of [text, open.repeat(DEPTH)]) survives(codec, frame);
    }
    for (const frame of subject.deep ?? []) survives(codec, frame);
    let value: unknown = 1;
    for (let depth = 0; depth < DEPTH; depth++) value = [value];
    let frame: Frame;
    try {
      frame = codec.encode({ kind: 'reply', id: 1, value });
    } catch {
      return;
    }
    if (codec.form !== 'values') survives(codec, frame);
  });
  it('returns no value with an own property __proto__', () => {
    const codec = subject.make();
    const poison = JSON.parse('{"__proto__":{"polluted":1},"a":[{"__proto__":[1],"b":{"__proto__":null}}],"c":1}');
    for (const message of [
      callOf({ named: true, args: [poison] }),
      callOf({ named: true, args: [{ inside: [poison] }] }),
      callOf({ id: undefined, args: [poison, 1] }),
      { kind: 'reply', id: 1, value: poison },
      { kind: 'reply', id: 1, value: { inside: [poison] } },
      { kind: 'fault', id: 1, error: { code: 1, message: '', data: poison } },
    ] satisfies Outbound[]) {
      let frame: Frame;
      try {
        frame = travelled(codec.encode(message));
      } catch {
        continue;
      }
      for (const given of survives(codec, frame)) withoutProto(given);
    }
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
  });
}

function randomMessage(random: Random): Outbound {
  const id = random.int(1, 1_000);
  return random.of<Outbound>([
    callOf({ id, named: true, args: [{ a: random.value() }] }),
    callOf({ id: undefined, method: 'say', named: true, args: [{ text: random.text(9), value: random.value() }] }),
    { kind: 'reply', id, value: random.value() },
    { kind: 'fault', id, error: { code: random.int(-32_768, 0), message: random.text(9), data: random.value() } },
  ]);
}

function randomFrame(codec: Codec, random: Random): Frame {
  if (codec.form === 'text') return random.next() < 0.5 ? random.text(60) : JSON.stringify(random.value());
  if (codec.form === 'bytes') return random.bytes(60);
  const values = Array.from({ length: random.int(0, 3) }, () => random.value());
  return { values, transfer: [], length: 10 };
}

/** The frame with a few places replaced, repeated, left out or cut off. */
function damaged(codec: Codec, frame: Frame, random: Random): Frame {
  let result = frame;
  for (let places = random.int(1, 3); places > 0; places--) {
    if (typeof result === 'string') result = damagedText(result, random);
    else if (result instanceof Uint8Array) result = damagedBytes(result, random);
    else result = { ...result, values: structuredClone(result.values).map((value) => damagedValue(value, random, 4)) };
  }
  if (codec.join !== undefined && random.next() < 0.2) return codec.join([result, frame]);
  return result;
}

function damagedText(text: string, random: Random): string {
  const from = random.int(0, text.length);
  const to = Math.min(text.length, from + random.int(0, 6));
  const pieces = [
    '',
    random.text(2),
    text.slice(from, to).repeat(2),
    JSON.stringify(random.value(1)),
    'null',
    '"',
    '}',
    ']',
  ];
  const piece = pieces[random.int(0, pieces.length - 1)] as string;
  return text.slice(0, from) + piece + (random.next() < 0.1 ? '' : text.slice(to));
}

function damagedBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const from = random.int(0, bytes.length);
  const to = Math.min(bytes.length, from + random.int(0, 4));
  const rest = random.next() < 0.1 ? new Uint8Array(0) : bytes.subarray(to);
  return Buffer.concat([bytes.subarray(0, from), random.bytes(4), rest]);
}

function damagedValue(value: unknown, random: Random, depth: number): unknown {
  if (depth === 0 || typeof value !== 'object' || value === null || random.next() < 0.2) return random.value(1);
  const keys = Object.keys(value);
  const key = keys[random.int(0, Math.max(0, keys.length - 1))];
  if (key === undefined || key === '__proto__') return random.value(1);
  const fields = value as Record<string, unknown>;
  if (random.next() < 0.2) delete fields[key];
  else fields[key] = damagedValue(fields[key], random, depth - 1);
  return value;
}

function withoutProto(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  assert.equal(Object.hasOwn(value, '__proto__'), false, 'an object has an own property __proto__');
  const inner = value instanceof Map ? [...value.keys(), ...value.values()] : Object.values(value);
  for (const one of inner) withoutProto(one);
}
