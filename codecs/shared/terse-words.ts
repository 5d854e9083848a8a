/** What a name or a number is made of: everything but blanks, and the signs that have a meaning of their own. */
export const WORD = /[^\s,:"'[\]{}]+/y;
/** What is read as a number, in any of the usual spellings. */
export const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
/** A method whose id stands behind a slash, as quickrpc writes it. */
export const SLASHED = /^(.+)\/(\d{1,15})$/;

/** What is written for what no number can be; Python's spellings are read too. */
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

/** What stands behind a backslash, besides the `u` with its four digits. */
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

/** How deep lists and objects may be nested. */
export const DEPTH = 1000;
