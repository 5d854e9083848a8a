/**
 * Text that another side has sent, as it may stand in a log, in an error, or on a terminal: on one line, cut, and without
 * control characters. Everything that a peer decides (method names, ids, texts of errors, what could not be read) goes
 * through here before it is put into a text for people.
 */

/** How many characters of a text are shown where nothing else is said. */
const LONGEST = 200;

/**
 * What a terminal may obey, or what changes how the rest of a line looks: control characters (a line feed begins a line of its
 * own, an escape a sequence), line and paragraph separators, format characters (bidi controls, marks without width), and halves
 * of surrogate pairs.
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

/** Whether a text is short and has nothing in it that must be escaped. */
export function isPrintable(text: string, longest: number = LONGEST): boolean {
  return text.length <= longest && !UNSAFE.test(text);
}

function cut(text: string, longest: number, each: RegExp): readonly [shown: string, rest: string] {
  if (text.length <= longest) return [text.replace(each, escaped), ''];
  return [text.slice(0, longest).replace(each, escaped), `… (${text.length - longest} more characters)`];
}

/** A text on one line: what is not printable is escaped, and what is longer than `longest` characters is cut. */
export function printable(text: string, longest: number = LONGEST): string {
  if (isPrintable(text, longest)) return text;
  const [shown, rest] = cut(text, longest, EACH_UNSAFE);
  return shown + rest;
}

/** The same in double quotes; quotes within it are escaped, as in JSON. */
export function quote(text: string, longest: number = LONGEST): string {
  const [shown, rest] = cut(text, longest, EACH_UNSAFE_OR_QUOTE);
  return `"${shown}"${rest}`;
}

/** An id as it stands in JSON, cut: a text in quotes, anything else as it is written. */
export function quoteId(id: unknown): string {
  if (typeof id === 'string') return quote(id);
  return typeof id === 'object' && id !== null ? 'an object' : printable(String(id));
}

/** What to do where a program prints among its messages. */
export const PRINTED =
  'if the program prints this, let it print to its standard error: its standard output carries the messages';

/** How many bytes are shown as numbers. */
const BYTES = 24;

/**
 * The beginning of something that could not be read: a text in quotes; bytes in quotes if they are text, otherwise as hexadecimal
 * numbers; anything else by its kind.
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

/** Bytes as a quoted text, if that is what they are. A character may be cut in two at the end of what is looked at. */
function textIn(bytes: Uint8Array, longest: number): string | undefined {
  const head = bytes.subarray(0, longest);
  const text = new TextDecoder().decode(head).replace(/\uFFFD$/, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is no text holds them
  if (text === '' || /[\u0000-\u0008\u000e-\u001a\u001c-\u001f\uFFFD]/.test(text)) return undefined;
  const rest = bytes.length > head.length ? `… (${bytes.length - head.length} more bytes)` : '';
  return `${quote(text, longest)}${rest}`;
}
