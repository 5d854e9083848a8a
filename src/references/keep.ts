import { UsageError } from '../errors.js';
import { type Import, importOf } from './imported.js';

/** Keeps a reference until it is disposed of: `using kept = keep(callback)`. */
export interface Kept extends Disposable {
  /** Gives it up, once: with the last one who has kept it, the reference can be called no more. */
  release(): void;
}

/**
 * Keeps what a peer has passed with a call, beyond that call: a function, or an object. It is to be called before the call is
 * answered. Whoever keeps it holds it for himself; it lives until the last of them gives it up, or until `release` of the
 * reference itself. What has come as a result is held already, until `release`; kept, until that is given up.
 *
 * Throws a UsageError for what is no reference, or was released; what has ended the link, if it has ended.
 */
export function keep(reference: object): Kept {
  const imported = known(reference);
  const { table } = imported;
  const epoch = table.keep(imported);
  let given = false;
  const give = (): void => {
    // The reference is held as long as what is returned here.
    if (given || importOf(reference) === undefined) return;
    given = true;
    table.unkeep(imported, epoch, () => `it was released${placeOf(give)}`);
  };
  const kept = { release: give };
  // Not every runtime knows it.
  if (typeof Symbol.dispose === 'symbol') Object.defineProperty(kept, Symbol.dispose, { value: give });
  return kept as Kept;
}

/**
 * Releases what a peer has passed, a result or what was kept, for all who have kept it: it can be called no more, and the peer
 * may forget it. One that is released already is ignored, and so is one that nobody has kept: it lives as long as its call.
 * Throws a UsageError for what is no reference.
 */
export function release(reference: object): void {
  const imported = known(reference);
  imported.table.release(imported, () => `it was released${placeOf(release)}`);
}

function known(reference: object): Import {
  const imported = importOf(reference);
  if (imported !== undefined) return imported;
  throw new UsageError('only what a peer has passed by reference, a function or an object, is kept and released here');
}

/** What compilers make of `using` stands between a block and what it disposes of. */
const helper = /dispose|tslib/i;

/** The line outside of the library in which a function of it was called; what to leave out are the lines down to that function. */
function placeOf(above: (...args: never[]) => unknown): string {
  const { captureStackTrace } = Error as { captureStackTrace?: (error: Error, above: unknown) => void };
  const here = new Error();
  captureStackTrace?.(here, above);
  const lines = (here.stack ?? '').split('\n').filter((line) => /^\s+at |@/.test(line));
  // Where an engine leaves nothing out, its own lines are in the file of this function, and in that of the table, which asks for it.
  const [own, , table] = lines;
  const isOutside = (line: string): boolean => !isBeside(line, own) && !isBeside(line, table);
  const outside = captureStackTrace === undefined ? lines.filter(isOutside) : lines;
  const last = outside.slice(0, 4).findLastIndex((line) => helper.test(line));
  const line = outside[last + 1] ?? outside[0];
  return line === undefined ? '' : ` ${line.trim()}`;
}

/** Whether two lines of a stack are in one file. */
function isBeside(line: string, other = ''): boolean {
  const file = /[^\s(@]+(?=:\d+:\d+\)?$)/;
  return file.exec(line)?.[0] === file.exec(other)?.[0];
}
