/**
 * Text from another side, in a form that is safe in a log, in an error, or on a terminal: on one line, cut, and without
 * control characters. Everything that a peer controls (method names, ids, texts of errors, unreadable input) passes
 * through here before it becomes part of a text for people.
 */

/** The default number of characters that are shown. */
const LONGEST = 200;

/**
 * Characters that a terminal may act on, or that change how the rest of a line looks: control characters (a line feed
 * starts a new line, an escape a sequence), line and paragraph separators, format characters (bidi controls, zero-width
 * characters), and lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const EACH_UNSAFE = new RegExp(UNSAFE, 'gu');
const EACH_UNSAFE_OR_QUOTE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}"\\]/gu;

const short: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  '\\': '\\\\',
};

function escaped(sign: string): string {
  const code = sign.codePointAt(0) as number;
  return short[sign] ?? (code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`);
}

/** Whether a text is short and needs no escapes. */
export function isPrintable(text: string, longest: number = LONGEST): boolean {
  return text.length <= longest && !UNSAFE.test(text);
}

function cut(text: string, longest: number, each: RegExp): readonly [shown: string, rest: string] {
  if (text.length <= longest) return [text.replace(each, escaped), ''];
  return [text.slice(0, longest).replace(each, escaped), `… (${text.length - longest} more characters)`];
}

/**
 * A text on one line: characters that are not printable are escaped, and a text longer than `longest` characters is
 * cut.
 */
export function printable(text: string, longest: number = LONGEST): string {
  if (isPrintable(text, longest)) return text;
  const [shown, rest] = cut(text, longest, EACH_UNSAFE);
  return shown + rest;
}

/** The same in double quotes; quotes inside are escaped, as in JSON. */
export function quote(text: string, longest: number = LONGEST): string {
  const [shown, rest] = cut(text, longest, EACH_UNSAFE_OR_QUOTE);
  return `"${shown}"${rest}`;
}

/** An id as in JSON, cut: a string in quotes, anything else as it is written. */
export function quoteId(id: unknown): string {
  if (typeof id === 'string') return quote(id);
  return typeof id === 'object' && id !== null ? 'an object' : printable(String(id));
}

/** What to do if a program prints between its messages. */
export const PRINTED =
  'if the program prints this, let it print to its standard error: its standard output carries the messages';

/** The number of bytes that are shown as numbers. */
const BYTES = 24;

/**
 * The beginning of unreadable input: a text in quotes; bytes in quotes if they are text, otherwise in hexadecimal;
 * anything else by its kind.
 */
export function beginningOf(read: unknown, longest: number = 80): string {
  if (typeof read === 'string') return quote(read, longest);
  if (!(read instanceof Uint8Array)) return 'values';
  const text = textIn(read, longest);
  if (text !== undefined) return text;
  const shown = Array.from(read.subarray(0, BYTES), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const rest = read.length > BYTES ? `… (${read.length - BYTES} more bytes)` : '';
  return `the bytes ${shown}${rest}`;
}

/** Bytes as a quoted text, if they are text. A character may be split at the end of the inspected part. */
function textIn(bytes: Uint8Array, longest: number): string | undefined {
  const head = bytes.subarray(0, longest);
  const text = new TextDecoder().decode(head).replace(/\uFFFD$/, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is no text holds them
  if (text === '' || /[\u0000-\u0008\u000e-\u001a\u001c-\u001f\uFFFD]/.test(text)) return undefined;
  const rest = bytes.length > head.length ? `… (${bytes.length - head.length} more bytes)` : '';
  return `${quote(text, longest)}${rest}`;
}
