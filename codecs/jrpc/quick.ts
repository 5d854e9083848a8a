import type { Message } from '../../src/contract.js';
import { parseJson } from '../shared/json.js';

const HEAD = '{"jsonrpc":"2.0",';
const ID = '"id":';
const METHOD = '"method":"';
const RESULT = ',"result":';
const PARAMS = '","params":';
const [QUOTE, COMMA, ZERO, BACKSLASH, BRACKET, BRACE] = [34, 44, 48, 92, 93, 125];
/** Numbers of so many digits are exact, as far as they are whole. */
const MOST_DIGITS = 15;

/**
 * Reads a frame whose members stand in the order in which this codec, and most others, write them; undefined for any other,
 * which is read as a whole then. Where the head is known, only the value behind it is parsed. Nothing is guessed: if what
 * stands between the head and the last brace is one JSON value, the frame has exactly these members; if a further one, or
 * the same again, stands behind it, that is no JSON value and the parse fails.
 */
export function quick(frame: string): Message | undefined {
  if (!frame.startsWith(HEAD) || frame.charCodeAt(frame.length - 1) !== BRACE) return undefined;
  let at = HEAD.length;
  if (!frame.startsWith(ID, at)) return call(frame, at, undefined);
  at += ID.length;
  const first = at;
  let id = 0;
  let code = frame.charCodeAt(at);
  for (; code >= ZERO && code < ZERO + 10; code = frame.charCodeAt(++at)) id = id * 10 + code - ZERO;
  const digits = at - first;
  if (digits === 0 || digits > MOST_DIGITS || (digits > 1 && frame.charCodeAt(first) === ZERO)) return undefined;
  if (!frame.startsWith(RESULT, at)) return code === COMMA ? call(frame, at + 1, id) : undefined;
  try {
    return { kind: 'reply', id, value: resultOf(frame, at + RESULT.length) };
  } catch {
    return undefined;
  }
}

function call(frame: string, at: number, id: number | undefined): Message | undefined {
  if (!frame.startsWith(METHOD, at)) return undefined;
  const from = at + METHOD.length;
  let to = from;
  for (let code = frame.charCodeAt(to); code !== QUOTE; code = frame.charCodeAt(++to)) {
    // An escape, a control character, which JSON does not allow here, or the end of the frame.
    if (code === BACKSLASH || !(code >= 32)) return undefined;
  }
  const method = frame.slice(from, to);
  if (to + 2 === frame.length) return { kind: 'call', id, method, args: [], named: false, batch: undefined };
  if (!frame.startsWith(PARAMS, to)) return undefined;
  // Others write the id last: to see it costs less than a parse that fails.
  const last = frame.charCodeAt(frame.length - 2);
  if (last !== BRACKET && last !== BRACE) return undefined;
  let params: unknown;
  try {
    params = parseJson(frame.slice(to + PARAMS.length, -1));
  } catch {
    return undefined;
  }
  if (typeof params !== 'object' || params === null) return undefined;
  if (Array.isArray(params)) return { kind: 'call', id, method, args: params, named: false, batch: undefined };
  return { kind: 'call', id, method, args: [params], named: true, batch: undefined };
}

/** The value that ends before the last brace. A small whole number, the commonest answer of all, needs no parser. */
function resultOf(frame: string, from: number): unknown {
  const end = frame.length - 1;
  const digits = end - from;
  if (digits > 0 && digits < 10) {
    let number = 0;
    let at = from;
    for (; at < end; at++) {
      const digit = frame.charCodeAt(at) - ZERO;
      if (digit < 0 || digit > 9) break;
      number = number * 10 + digit;
    }
    if (at === end && (digits === 1 || frame.charCodeAt(from) !== ZERO)) return number;
  }
  return parseJson(frame.slice(from, end));
}
