import type { Message } from '../../src/contract/contract.js';
import { parseJson } from '../shared/json.js';
import { mayRound } from '../shared/whole-numbers.js';
import { LONG, walk } from './levels.js';

/**
 * The head of a frame whose members are in the order in which this codec and most others write them: an optional id
 * that is a whole number of at most 15 digits, then either a result, or a method without escapes and optional params.
 * One compiled test, because `startsWith` on a part of a string costs more than to match the whole head; and no groups,
 * because the list of their matches would be most of the garbage of a message.
 */
const HEAD =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON does not allow them in a string
  /\{"jsonrpc":"2\.0",(?:"id":(?:0|[1-9]\d{0,14}),)?(?:"result":|"method":"[^"\\\u0000-\u001f]*"(?:,"params":)?)/y;
/** The position of the first member's name after the version, and that of the digits of an id. */
const NAME_AT = '{"jsonrpc":"2.0","'.length;
const DIGITS_AT = '{"jsonrpc":"2.0","id":'.length;
const TO_METHOD = 'method":"'.length;
const TO_PARAMS = '","params":'.length;
const COMMA = 44;
const ZERO = 48;
const COLON = 58;
const BRACKET = 93;
const LETTER_I = 105;
const LETTER_R = 114;
const BRACE = 125;

/**
 * The nesting depth of the message that `quick` has read last, as `Codec.decode` returns it; undefined for a short
 * message, whose values are not visited.
 */
export let levels: number | undefined;

/**
 * Reads a frame with such a head; returns undefined for any other, which is then parsed as a whole. After a known head,
 * only the value is parsed. Nothing is guessed: if the text between the head and the last brace is one JSON value, the
 * frame has exactly these members; if another member, or the same one again, follows, the text is not one JSON value
 * and the parse fails. Only that value can hold a number that is rounded.
 */
export function quick(frame: string): Message | undefined {
  levels = undefined;
  const end = frame.length - 1;
  if (frame.charCodeAt(end) !== BRACE) return undefined;
  HEAD.lastIndex = 0;
  if (!HEAD.test(frame)) return undefined;
  const at = HEAD.lastIndex;
  let id: number | undefined;
  let name = NAME_AT;
  if (frame.charCodeAt(name) === LETTER_I) {
    id = 0;
    let digit = DIGITS_AT;
    for (let code = frame.charCodeAt(digit); code !== COMMA; code = frame.charCodeAt(++digit))
      id = id * 10 + code - ZERO;
    name = digit + ',"'.length;
  }
  if (frame.charCodeAt(name) === LETTER_R) return id === undefined ? undefined : reply(frame, at, end, id);
  const from = name + TO_METHOD;
  if (frame.charCodeAt(at - 1) === COLON) return call(frame, at, end, id, frame.slice(from, at - TO_PARAMS));
  if (at !== end) return undefined;
  return { kind: 'call', id, method: frame.slice(from, at - 1), args: [], named: false, batch: undefined };
}

function reply(frame: string, at: number, end: number, id: number): Message | undefined {
  const small = smallNumber(frame, at, end);
  if (small !== undefined) return { kind: 'reply', id, value: small };
  const isLong = end - at > LONG;
  if (!isLong && mayRound(frame, at)) return undefined;
  let value: unknown;
  try {
    value = parseJson(frame.slice(at, end));
  } catch {
    return undefined;
  }
  return isLong && !isWhole(frame, at, value, 0) ? undefined : { kind: 'reply', id, value };
}

/**
 * Visits the values of a long frame, for `levels`. False if a number may have been rounded. `around`: the levels that
 * enclose the values in a message.
 */
function isWhole(frame: string, at: number, value: unknown, around: number): boolean {
  const found = walk(value);
  levels = found.levels + around;
  return !found.large || !mayRound(frame, at);
}

function call(frame: string, at: number, end: number, id: number | undefined, method: string): Message | undefined {
  // Some peers write the id last: this check costs less than a parse that fails.
  const last = frame.charCodeAt(end - 1);
  if (last !== BRACKET && last !== BRACE) return undefined;
  const isLong = end - at > LONG;
  if (!isLong && mayRound(frame, at)) return undefined;
  let params: unknown;
  try {
    params = parseJson(frame.slice(at, end));
  } catch {
    return undefined;
  }
  if (typeof params !== 'object' || params === null) return undefined;
  const named = !Array.isArray(params);
  if (isLong && !isWhole(frame, at, params, named ? 1 : 0)) return undefined;
  if (!named) return { kind: 'call', id, method, args: params as unknown[], named, batch: undefined };
  return { kind: 'call', id, method, args: [params], named, batch: undefined };
}

/** A whole number of a few digits that ends at the last brace. The most frequent result of all needs no parser. */
function smallNumber(frame: string, from: number, end: number): number | undefined {
  const digits = end - from;
  if (digits <= 0 || digits >= 10) return undefined;
  let number = 0;
  for (let at = from; at < end; at++) {
    const digit = frame.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return digits === 1 || frame.charCodeAt(from) !== ZERO ? number : undefined;
}
