import { stackOf } from '../../base/stack.js';
import { mustBeOfThisCopy } from '../../contract/copies.js';
import { UsageError } from '../../contract/errors.js';
import type { Kept } from './handles.js';
import { type ImportedReference, importOf } from './imported-reference.js';

/** Keeps what a peer has passed with a call, beyond that call. */
export function keep(reference: object): Kept {
  const imported = known(reference);
  const { table } = imported;
  const epoch = table.keep(imported);
  let isReleased = false;
  const releaseKept = (): void => {
    // The reference is held as long as what is returned here.
    if (isReleased || importOf(reference) === undefined) return;
    isReleased = true;
    table.unkeep(imported, epoch, () => `it was released${placeOf(releaseKept)}`);
  };
  const kept = { release: releaseKept };
  // Not every runtime knows it.
  if (typeof Symbol.dispose === 'symbol') Object.defineProperty(kept, Symbol.dispose, { value: releaseKept });
  return kept as Kept;
}

/** Releases what a peer has passed. `above` is the function that the application has called, and `there` makes an error where that stands. */
export function release(reference: object, above: (reference: object) => void, there: () => Error): void {
  const imported = known(reference);
  imported.table.release(imported, () => `it was released${placeOf(above, there)}`);
}

function known(reference: object): ImportedReference {
  const imported = importOf(reference);
  if (imported !== undefined) return imported;
  mustBeOfThisCopy('the reference', reference);
  throw new UsageError('only what a peer has passed by reference, a function or an object, is kept and released here');
}

/** What compilers make of `using` stands between a block and what it disposes of. */
const helper = /dispose|tslib/i;

/** The line outside of the library in which a function of it was called; what to leave out are the lines down to that function. */
function placeOf(above: (...args: never[]) => unknown, there?: () => Error): string {
  const { captureStackTrace } = Error as { captureStackTrace?: (error: Error, above: unknown) => void };
  const here = new Error();
  captureStackTrace?.(here, above);
  const lines = linesOf(here);
  // Where an engine leaves nothing out, its own lines are in the file of this function, in that of the table, which asks for it, and
  // perhaps in that of the function that the application has called.
  const [own, , table] = lines;
  const inside = captureStackTrace === undefined ? [own, table, ...linesOf(there?.()).slice(0, 1)] : [];
  const outside = lines.filter((line) => !inside.some((other) => isBeside(line, other)));
  const last = outside.slice(0, 4).findLastIndex((line) => helper.test(line));
  const line = outside[last + 1] ?? outside[0];
  return line === undefined ? '' : ` ${line.trim()}`;
}

function linesOf(error: Error | undefined): string[] {
  return stackOf(error ?? {})
    .split('\n')
    .filter((line) => /^\s+at |@/.test(line));
}

/** Whether two lines of a stack are in one file. */
function isBeside(line: string, other = ''): boolean {
  const file = /[^\s(@]+(?=:\d+:\d+\)?$)/;
  return file.exec(line)?.[0] === file.exec(other)?.[0];
}
