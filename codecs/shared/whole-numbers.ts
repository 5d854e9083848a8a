/*
 * A number of JavaScript holds whole numbers up to 2^53 exactly, and JSON.parse rounds larger ones without a word: an id of 64 bits
 * would arrive as that of somebody else. Here they are found in the text.
 */

/** The least number of digits of a whole number that may be rounded. */
const DIGITS = 16;
/** The largest number has so many digits; BigInt need not read more. */
const MOST_DIGITS = 309;
const [QUOTE, MINUS, POINT, ZERO, NINE, BACKSLASH] = [34, 45, 46, 48, 57, 92];

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** Whether `digits`, with a sign perhaps, are a whole number that changes when it is read as a number of JavaScript. */
export function isRounded(digits: string): boolean {
  const number = Number(digits);
  if (Number.isSafeInteger(number)) return false;
  // What JavaScript writes itself, it reads as the same number.
  if (String(number) === digits) return false;
  return digits.length > MOST_DIGITS + 1 || !Number.isFinite(number) || BigInt(number) !== BigInt(digits);
}

/**
 * Whether a text of JSON, from a place on, may hold a whole number that is rounded when it is read; it may also stand within a string.
 * Looks at one letter in 16 only, as long as that is no digit, for everything that arrives goes through here. No digit stands right
 * before `start`.
 */
export function mayRound(text: string, start = 0): boolean {
  const { length } = text;
  for (let at = start + DIGITS - 1; at < length; at += DIGITS) {
    const code = text.charCodeAt(at);
    // Most texts end here, and do not get to what takes longer.
    if (code <= NINE && code >= ZERO) return roundsFrom(text, at);
  }
  return false;
}

/** The same, from the first place at which there is a digit. */
function roundsFrom(text: string, start: number): boolean {
  let seen = -1;
  let from = 0;
  for (let at = start; at < text.length; at += DIGITS) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let first = at;
    while (first > seen + 1 && isDigit(text.charCodeAt(first - 1))) first--;
    // Digits that go on from the last ones begin where those begin: none is looked at twice.
    if (first > seen + 1 || !isDigit(text.charCodeAt(seen))) from = first;
    seen = at;
    const before = text.charCodeAt(from - 1);
    // Fractions, and ids in strings: nearly all that have so many digits.
    if (before === POINT || before === QUOTE) continue;
    const end = endOfDigits(text, at);
    seen = end - 1;
    if (end - from >= DIGITS && isWhole(text, from, end) && isRounded(text.slice(from, end))) return true;
    at += Math.floor((end - at) / DIGITS) * DIGITS;
  }
  return false;
}

/** Where the digits end that stand at a place. */
function endOfDigits(text: string, from: number): number {
  let end = from;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}

/** Whether these digits are no part of a fraction or an exponent, nor followed by one. */
function isWhole(text: string, from: number, end: number): boolean {
  if (text.charCodeAt(from - 1) === POINT) return false;
  if (/[eE][+-]?$/.test(text.slice(Math.max(0, from - 2), from))) return false;
  const next = text.charAt(end);
  return next !== '.' && next !== 'e' && next !== 'E';
}

/**
 * The whole numbers of a text of JSON that are rounded when it is read: the first for each entry, if the text is an array, by the
 * place of the entry; otherwise for the place 0.
 */
export function roundedIn(text: string): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  const isList = /^[\s\uFEFF]*\[/.test(text);
  let entry = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === MINUS || isDigit(code)) {
      const end = endOfDigits(text, at + 1);
      if (end - at >= DIGITS && isWhole(text, at, end) && !found.has(entry)) {
        const number = text.slice(at, end);
        if (isRounded(number)) found.set(entry, number);
      }
      at = end - 1;
    } else {
      const sign = text.charAt(at);
      if (sign === '[' || sign === '{') depth++;
      else if (sign === ']' || sign === '}') depth--;
      else if (sign === ',' && depth === 1 && isList) entry++;
    }
  }
  return found;
}

/** Where the quote stands that ends the string which begins at a place. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

/** What is wrong with such a number, for whoever has sent it. */
export function whyRounded(number: string): string {
  const shown = number.length > 40 ? `${number.slice(0, 40)}…` : number;
  return `the whole number ${shown} is beyond 2^53, where JavaScript rounds it: send it in a string`;
}
