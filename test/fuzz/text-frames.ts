import type { Outbound } from '../../src/contract/contract.js';
import type { Random } from '../../src/testing/random.js';
import { hostileName } from './hostile-values.js';

/** A message as JSON-RPC has it. */
export function jsonOf(message: Outbound): unknown {
  const { id } = message;
  if (message.kind === 'reply') return { jsonrpc: '2.0', id, result: message.value };
  if (message.kind === 'fault') return { jsonrpc: '2.0', id, error: message.error };
  const { method, args, named } = message;
  return { jsonrpc: '2.0', ...(id !== undefined && { id }), method, params: named ? args[0] : args };
}

const NUMBERS = [
  '1e999',
  '-0',
  '01',
  '0x10',
  '1.',
  '.5',
  '+1',
  '1e',
  '9'.repeat(400),
  '-',
  'NaN',
  '9007199254740993',
  '1E+2',
];

/** JSON that a correct writer would not write: other escapes and spaces, doubled keys, numbers of every kind. */
export function writtenOddly(value: unknown, random: Random): string {
  const space = (): string =>
    random.next() < 0.02 ? random.of([' ', '\t', '\r', '\n', '\u00a0', '\ufeff', '//', ',']) : '';
  const write = (one: unknown): string => {
    if (typeof one === 'number' && random.next() < 0.1) return random.of(NUMBERS as never as [string]);
    if (typeof one === 'string') return text(one);
    if (Array.isArray(one)) return `[${one.map((inner) => space() + write(inner)).join(',')}${space()}]`;
    if (typeof one !== 'object' || one === null) return JSON.stringify(one) ?? 'null';
    const fields = Object.entries(one).map(([name, inner]) => `${space()}${text(name)}${space()}:${write(inner)}`);
    // Only what is short: a nested object would double at each level.
    if (random.next() < 0.05 && (fields[0]?.length ?? 0) < 100) fields.push(...fields.slice(0, 1));
    if (random.next() < 0.03) fields.push(`${text(hostileName(random))}:{"polluted":1}`);
    return `{${fields.join(',')}${space()}}`;
  };
  const text = (one: string): string => {
    const way = random.next();
    if (way < 0.05)
      return `"${[...one].map((sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;
    if (way < 0.07) return `"${one}\\x"`;
    if (way < 0.08) return `'${one}'`;
    return JSON.stringify(one);
  };
  return space() + write(value) + space();
}

const PIECES = [
  '',
  'null',
  '"',
  '}',
  ']',
  '{',
  '[',
  ',',
  ':',
  '\\',
  '\\u',
  '\n',
  '\r\n',
  '\0',
  '\ufeff',
  '\uD83D',
  '"id":1,',
  '[]',
];

/** The text with a few places replaced, repeated, left out, or cut off. */
export function damagedText(text: string, random: Random): string {
  let hurt = text;
  for (let places = random.int(1, 3); places > 0; places--) {
    const from = random.int(0, hurt.length);
    const to = Math.min(hurt.length, from + random.int(0, 8));
    const piece =
      random.next() < 0.3 ? hurt.slice(from, to).repeat(random.int(2, 4)) : random.of(PIECES as never as [string]);
    hurt = hurt.slice(0, from) + piece + (random.next() < 0.1 ? '' : hurt.slice(to));
  }
  return hurt;
}
