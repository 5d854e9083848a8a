import { parseJson } from '../shared/json.js';
import { jsonOf } from '../shared/json-text.js';
import { whyRounded } from '../shared/rounded.js';
import { mayRound, roundedIn } from '../shared/whole-numbers.js';
import { Unread, type Values } from './values.js';

/** The beginning of a message whose content is not JSON: Python writes NaN and Infinity as words. */
const BEGINNING = /^\s*\[\s*([012])\s*,\s*(\d{1,15})\s*,/;
/** Where the content is in the list of a message. */
const CONTENT = 2;

/** Values in JSON. */
export const json: Values = {
  form: 'text',
  write: ([type, id, content]) => `[${type}, ${jsonOf(id)}, ${jsonOf(content)}]`,
  read(frame) {
    if (typeof frame !== 'string') throw new TypeError('it is not text');
    let value: unknown;
    try {
      value = parseJson(frame);
    } catch (error) {
      throw unread(frame, `it is not JSON: ${(error as Error).message}`) ?? error;
    }
    const number = mayRound(frame) ? roundedIn(frame).get(CONTENT) : undefined;
    if (number !== undefined) throw unread(frame, whyRounded(number)) ?? new RangeError(whyRounded(number));
    return value;
  },
};

function unread(frame: string, why: string): Unread | undefined {
  const [, type, id] = BEGINNING.exec(frame) ?? [];
  return id === undefined ? undefined : new Unread(Number(type), Number(id), why);
}
