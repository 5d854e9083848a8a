import { printable, quote } from '../../src/base/quote.js';
import { fromBase64 } from './base64.js';
import { isRounded, whyRounded } from './rounded.js';
import { constants, DEPTH, escapes, NUMBER, WORD } from './terse-words.js';

/** What is wrong with a line, and where. */
export class Misread extends Error {
  /** `at` is the index in the text, from 0. */
  constructor(what: string, at: number) {
    super(`column ${at + 1}: ${what}`);
  }
}

/** The arguments of a call, or the fields of an error. */
export interface Arguments {
  readonly args: readonly unknown[];
  readonly named: boolean;
}

/** Reads the values of one line, from left to right. Throws a Misread if the line does not follow the grammar. */
export class Reader {
  at = 0;

  constructor(readonly text: string) {}

  /** The character at this position; empty at the end. */
  get sign(): string {
    return this.text.charAt(this.at);
  }

  /** Skips the given character; returns whether it was there. */
  skip(sign: string): boolean {
    if (this.sign !== sign) return false;
    this.at++;
    return true;
  }

  /** Skips spaces; returns whether there were any. */
  blanks(): boolean {
    const from = this.at;
    while (this.at < this.text.length && this.sign.trim() === '') this.at++;
    return this.at > from;
  }

  /** A word of any kind; empty if none begins here. */
  word(): string {
    WORD.lastIndex = this.at;
    const word = WORD.exec(this.text)?.[0] ?? '';
    this.at += word.length;
    return word;
  }

  /** The rest of the line as arguments: each `name:value`, or each a value. */
  arguments(): Arguments {
    const fields: Record<string, unknown> = {};
    const args: unknown[] = [];
    let names = 0;
    this.items('', () => {
      const from = this.at;
      const key = this.key();
      if (key === undefined) args.push(this.value(1));
      else {
        names++;
        put(fields, key, this.fieldValue(key, 1));
      }
      if (names > 0 && args.length > 0) throw new Misread('either all arguments have names, or none', from);
    });
    return names > 0 ? { args: [fields], named: true } : { args, named: false };
  }

  /** A value of any kind. */
  value(depth: number): unknown {
    switch (this.sign) {
      case '"':
        return this.quoted();
      case "'":
        return this.bytes();
      case '[':
        return this.list(depth);
      case '{':
        return this.object(depth);
      default:
        return this.bare();
    }
  }

  /** A quoted string. */
  quoted(): string {
    const from = this.at;
    const end = endOfQuoted(this.text, from);
    if (end < 0) throw new Misread('the closing quote of this string is missing', from);
    this.at = end + 1;
    const raw = this.text.slice(from + 1, end);
    if (!raw.includes('\\')) return raw;
    return raw.replace(/\\(u[0-9a-fA-F]{4}|[\s\S])/g, (whole, escaped: string, at: number) => {
      if (escaped.length > 1) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
      const sign = escapes.get(escaped);
      if (sign !== undefined) return sign;
      throw new Misread(`${printable(whole)} is not an escape; write a backslash as \\\\`, from + 1 + at);
    });
  }

  private bytes(): Uint8Array {
    const from = this.at;
    const end = this.text.indexOf("'", from + 1);
    if (end < 0) throw new Misread("the closing ' of these bytes is missing", from);
    const base64 = this.text.slice(from + 1, end);
    if (base64.length % 4 !== 0 || !/^[\w+/]*={0,2}$/.test(base64) || base64.includes('_')) {
      throw new Misread('these bytes are not base64; write a string in double quotes', from);
    }
    this.at = end + 1;
    return fromBase64(base64);
  }

  private list(depth: number): unknown[] {
    const inner = this.deeper(depth);
    const list: unknown[] = [];
    this.at++;
    this.items(']', () => list.push(this.value(inner)));
    return list;
  }

  private object(depth: number): Record<string, unknown> {
    const inner = this.deeper(depth);
    const object: Record<string, unknown> = {};
    this.at++;
    this.items('}', () => {
      const key = this.key();
      if (key === undefined) throw new Misread('expected a field, as in name:1 or "any name":1', this.at);
      put(object, key, this.fieldValue(key, inner));
    });
    return object;
  }

  /** Reads items up to a closing character or the end. Items are separated by a space, a comma or both. */
  private items(close: string, read: () => void): void {
    this.blanks();
    while (close === '' ? this.at < this.text.length : !this.skip(close)) {
      if (this.at === this.text.length) throw new Misread(`the line ends where a ${close} is missing`, this.at);
      read();
      const behind = this.at;
      this.blanks();
      this.skip(',');
      this.blanks();
      if (this.at === behind && this.sign !== '' && this.sign !== close) {
        throw new Misread(`a blank${close && ` or ${close}`} is missing here`, behind);
      }
    }
  }

  /** The name of a field and its colon; undefined if there is none here. */
  private key(): string | undefined {
    const from = this.at;
    const key = this.sign === '"' ? this.quoted() : this.word();
    if ((this.at > from || key !== '') && this.skip(':')) return key;
    this.at = from;
    return undefined;
  }

  private fieldValue(key: string, depth: number): unknown {
    this.blanks();
    if (this.at === this.text.length || this.sign === ',')
      throw new Misread(`${printable(key, 40)} has no value`, this.at);
    return this.value(depth);
  }

  private bare(): unknown {
    const from = this.at;
    const word = this.word();
    if (NUMBER.test(word)) {
      const number = /^[+-]?\d{16,}$/.test(word) ? word.replace(/^\+/, '') : undefined;
      if (number !== undefined && isRounded(number)) throw new Misread(whyRounded(number), from);
      return Number(word);
    }
    if (constants.has(word)) return constants.get(word);
    this.at = from;
    if (word === '') throw new Misread(`expected a value, not ${printable(this.sign) || 'the end'}`, from);
    throw new Misread(
      `${printable(word, 40)} is not a value; write a string in quotes, as in ${quote(word, 40)}`,
      from,
    );
  }

  private deeper(depth: number): number {
    if (depth >= DEPTH) throw new Misread(`values can be nested at most ${DEPTH} levels deep`, this.at);
    return depth + 1;
  }
}

/** Where the quoted string that begins at a position ends; -1 if it does not end. */
function endOfQuoted(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charAt(before) === '\\') before--;
    if ((end - before) % 2 === 1) return end;
  }
  return -1;
}

/** No field is named `__proto__`: copying it by assignment would set a prototype. */
function put(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
}
