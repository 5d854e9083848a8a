import { isRounded } from './rounded.js';

/*
 * A JavaScript number holds whole numbers up to 2^53 exactly, and JSON.parse silently rounds larger ones: a 64-bit id
 * would arrive as a different id. This module finds such numbers in the text.
 */

/** The smallest number of digits of a whole number that may be rounded. */
const DIGITS = 16;
const QUOTE = 34;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const BACKSLASH = 92;

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/**
 * Whether a JSON text, from a position on, may contain a whole number that is rounded when read; it may also be inside
 * a string. Inspects one character in 16 until one is a digit, because everything that arrives passes here. No digit
 * precedes `start`.
 */
export function mayRound(text: string, start = 0): boolean {
  const { length } = text;
  for (let at = start + DIGITS - 1; at < length; at += DIGITS) {
    const code = text.charCodeAt(at);
    // Most texts end here, before the slower part.
    if (code <= NINE && code >= ZERO) return roundsFrom(text, at);
  }
  return false;
}

/** The same, from the first position with a digit. */
function roundsFrom(text: string, start: number): boolean {
  let seen = -1;
  let from = 0;
  for (let at = start; at < text.length; at += DIGITS) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let first = at;
    while (first > seen + 1 && isDigit(text.charCodeAt(first - 1))) first--;
    // Digits that follow the last ones begin where those begin: none is inspected twice.
    if (first > seen + 1 || !isDigit(text.charCodeAt(seen))) from = first;
    seen = at;
    const before = text.charCodeAt(from - 1);
    // Fractions, and ids in strings: nearly all numbers with so many digits.
    if (before === POINT || before === QUOTE) continue;
    const end = endOfDigits(text, at);
    seen = end - 1;
    if (end - from >= DIGITS && isWhole(text, from, end) && isRounded(text.slice(from, end))) return true;
    at += Math.floor((end - at) / DIGITS) * DIGITS;
  }
  return false;
}

/** Where the digits at a position end. */
function endOfDigits(text: string, from: number): number {
  let end = from;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}

/** Whether these digits are not part of a fraction or an exponent, nor followed by one. */
function isWhole(text: string, from: number, end: number): boolean {
  return !/\.$|e[+-]?$/i.test(text.slice(Math.max(0, from - 2), from)) && !/[.e]/i.test(text.charAt(end));
}

/** Where a string begins, a long number, or what shows to which entry of a list it belongs. */
const MARK = /["[\]{},]|-?\d{16,}/g;

/**
 * The whole numbers of a JSON text that are rounded when read: the first one for each entry if the text is an array, by
 * the index of the entry; otherwise for the index 0.
 */
export function roundedIn(text: string): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  const isList = /^[\s\uFEFF]*\[/.test(text);
  let entry = 0;
  let depth = 0;
  MARK.lastIndex = 0;
  for (let mark = MARK.exec(text); mark !== null; mark = MARK.exec(text)) {
    const sign = mark[0];
    if (sign === '"') MARK.lastIndex = endOfString(text, mark.index) + 1;
    else if (sign === '[' || sign === '{') depth++;
    else if (sign === ']' || sign === '}') depth--;
    else if (sign !== ',') {
      if (!found.has(entry) && isWhole(text, mark.index, MARK.lastIndex) && isRounded(sign)) found.set(entry, sign);
    } else if (depth === 1 && isList) entry++;
  }
  return found;
}

/** The position of the quote that ends the string at a position. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}
