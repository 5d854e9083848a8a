import type { FaultBody } from '../../src/contract/contract.js';
import { Code } from '../../src/contract/errors.js';
import { pythonName } from '../shared/python-names.js';

/** A longer traceback is cut off. */
const LONGEST = 16_384;
const HEAD = 'Traceback (most recent call last):\n';
/** The class of an error, before its message. */
const CLASS = /^([A-Za-z_][\w.]{0,200})(:|\n|$)/;
/** What a router of aiomas says, and this library. */
const NOT_FOUND = /not found|is not exposed|^nobody handles |^the method /;

/** The error of a traceback of Python: its last one, if it has several. Text of another form is a message, another value is data. */
export function errorIn(text: unknown): FaultBody {
  if (typeof text !== 'string')
    return { code: Code.Application, message: 'the call failed; its data holds the error', data: text };
  const { last, isTraceback } = lastError(text);
  const [head = '', name, after] = CLASS.exec(last) ?? [];
  // A single word may be the class of an error without a message, or a message.
  if (name === undefined || (after !== ':' && !isTraceback))
    return { code: Code.Application, message: text.trim() || 'an error without a text' };
  const message = last.slice(head.length).trim();
  if (name === 'LookupError' && NOT_FOUND.test(message)) return { code: Code.MethodNotFound, message };
  return { code: Code.Application, message: message || name, data: { name, stack: cut(text.trim()) } };
}

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** What follows the lines of the last traceback, which are indented. */
function lastError(text: string): { readonly last: string; readonly isTraceback: boolean } {
  const inner = text.lastIndexOf(`\n${HEAD}`);
  if (inner < 0 && !text.startsWith(HEAD)) return { last: text, isTraceback: false };
  let at = (inner < 0 ? 0 : inner + 1) + HEAD.length;
  while (text.charAt(at) === ' ') {
    const end = text.indexOf('\n', at);
    at = end < 0 ? text.length : end + 1;
  }
  return { last: text.slice(at), isTraceback: true };
}

/** A fault as the last line of a traceback. */
export function textOf({ code, message, data }: FaultBody): string {
  const { name = 'Error' } = Object(data) as { readonly name?: unknown };
  const own = code === Code.MethodNotFound ? 'LookupError' : code === Code.InvalidParams ? 'TypeError' : String(name);
  return `${pythonName(own)}: ${message}\n`;
}
