/** The characters of a name or a number: all but spaces and those with a meaning of their own. */
export const WORD = /[^\s,:"'[\]{}]+/y;
/** What is read as a number, in the usual notations. */
export const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
/** A method with its id after a slash, as quickrpc writes it. */
export const SLASHED = /^(.+)\/(\d{1,15})$/;

/** The words for values that no number can write; the notations of Python are read too. */
export const constants: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['null', null],
  ['true', true],
  ['false', false],
  ['NaN', Number.NaN],
  ['nan', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['inf', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
]);

/** The escapes after a backslash, besides `u` with its four digits. */
export const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** The deepest nesting of lists and objects. */
export const DEPTH = 1000;
