import type { Random } from '../../src/testing/random.js';

/** Names that mean something to a codec, to the session, or to JavaScript. */
const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'toJSON',
  'then',
  'hasOwnProperty',
  'length',
  '$rpc',
  'id',
  'method',
  'params',
  'result',
  'error',
  'code',
  'message',
  'data',
  'jsonrpc',
  'timeout',
  'metadata',
  'progress',
  'window',
  'tagged',
  'obverse',
  'codec',
  'beat',
  'resume',
  'token',
  'dial',
  'got',
  'sent',
  'over',
  '',
  ' ',
  '\0',
  '\u{1F4A9}',
  '\uD800',
] as const;

const NUMBERS = [
  0,
  -0,
  1,
  -1,
  0.5,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1e308,
  5e-324,
  NaN,
  Infinity,
  -Infinity,
] as const;

export function hostileName(random: Random): string {
  return random.next() < 0.8 ? random.of(NAMES) : random.text(8);
}

/** A value that a reader may not expect where it stands. `rich`: also values that only some codecs carry. */
export function hostileValue(random: Random, rich = false, depth = 3): unknown {
  const deeper = (): unknown => (depth > 0 ? hostileValue(random, rich, depth - 1) : null);
  switch (random.int(0, rich ? 16 : 11)) {
    case 0:
      return random.of(NUMBERS);
    case 1:
      return random.int(-5, 300);
    case 2:
      return hostileName(random);
    case 3:
      return 'x'.repeat(random.int(0, 300));
    case 4:
      return random.of([null, true, false, '', [], {}]);
    case 5:
      return Array.from({ length: random.int(0, 6) }, deeper);
    case 6:
    case 7: {
      const made: Record<string, unknown> = {};
      for (let n = random.int(0, 5); n > 0; n--) define(made, hostileName(random), deeper());
      return made;
    }
    case 8:
      return nested(random.int(1, 300), random);
    case 9:
      return tagged(random, deeper);
    case 10:
      return random.value(2);
    case 11:
      return random.text(20);
    case 12:
      return random.bytes(20);
    case 13:
      return new Date(random.of([0, NaN, 8.64e15, -1, 1e12]));
    case 14:
      return new Map([[deeper(), deeper()]]);
    case 15:
      return BigInt(random.of(['0', '-1', '9007199254740993', '18446744073709551615', '-9223372036854775808']));
    default:
      return undefined;
  }
}

/** An own property, also if its name is `__proto__`. */
export function define(on: object, name: string, value: unknown): void {
  Object.defineProperty(on, name, { value, enumerable: true, configurable: true, writable: true });
}

function nested(depth: number, random: Random): unknown {
  const isList = random.next() < 0.5;
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = isList ? [value] : { a: value };
  return value;
}

const TAGS = [
  'fn',
  'ref',
  'own',
  'stream',
  'obj',
  'date',
  'map',
  'set',
  'bigint',
  'number',
  'bytes',
  'view',
  'url',
  'regexp',
  'error',
];

/** The tagged form of references, streams and value types, right or nearly right. */
function tagged(random: Random, deeper: () => unknown): unknown {
  const tag = random.next() < 0.9 ? TAGS[random.int(0, TAGS.length - 1)] : hostileName(random);
  const payload = random.of([
    random.int(-1, 5),
    '2026-11-30',
    deeper(),
    [[deeper(), deeper()]],
    ['a', 'g'],
    'AQD+/w==',
  ]);
  return {
    [random.next() < 0.9 ? '$rpc' : '$rp']: random.next() < 0.9 ? [tag, payload] : [tag, payload, deeper(), deeper()],
  };
}

/** A copy of plain lists and objects in which one place, or a few, are changed. */
export function mutated(value: unknown, random: Random, rich = false): unknown {
  let changed = value;
  for (let places = random.int(1, 3); places > 0; places--) changed = mutatedOnce(changed, random, rich, 5);
  return changed;
}

function mutatedOnce(value: unknown, random: Random, rich: boolean, depth: number): unknown {
  const isPlain = typeof value === 'object' && value !== null && (Array.isArray(value) || isRecord(value));
  if (!isPlain || depth === 0 || random.next() < 0.15) return hostileValue(random, rich);
  if (Array.isArray(value)) return mutatedList(value, random, rich, depth);
  const entries = Object.entries(value as object);
  const made: Record<string, unknown> = {};
  const at = random.int(0, Math.max(0, entries.length - 1));
  const how = random.int(0, 9);
  for (const [n, [name, one]] of entries.entries()) {
    if (n !== at || how > 3) define(made, name, n === at && how > 4 ? mutatedOnce(one, random, rich, depth - 1) : one);
    else if (how === 1) define(made, hostileName(random), one);
    else if (how === 2) define(made, name, [one]);
    else if (how === 3) define(made, name, typeof one === 'object' ? null : String(one));
  }
  if (how === 4 || entries.length === 0) define(made, hostileName(random), hostileValue(random, rich));
  return made;
}

function mutatedList(list: readonly unknown[], random: Random, rich: boolean, depth: number): unknown {
  const made = [...list];
  const at = random.int(0, Math.max(0, made.length - 1));
  const how = random.int(0, 9);
  if (how === 0 || made.length === 0) made.splice(at, 0, hostileValue(random, rich));
  else if (how === 1) made.splice(at, 1);
  else if (how === 2) made.push(...made);
  else if (how === 3) made.reverse();
  else made[at] = mutatedOnce(made[at], random, rich, depth - 1);
  return made;
}

function isRecord(value: unknown): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
