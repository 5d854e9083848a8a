import { UsageError } from '../errors.js';
import { type Import, importOf } from './imported.js';

/** Keeps a reference until it is disposed of: `using kept = keep(callback)`. */
export interface Kept extends Disposable {
  /** Releases the reference: it can be called no more. */
  release(): void;
}

/**
 * Keeps what a peer has passed with a call, beyond that call: a function, or an object. It is to be called before the call is
 * answered. What has come as a result is kept already, until `release`. Throws a UsageError for what is no reference, or was
 * released.
 */
export function keep(reference: object): Kept {
  const imported = known(reference);
  imported.table.keep(imported);
  return {
    release: () => release(reference),
    [Symbol.dispose]: () => release(reference),
  };
}

/**
 * Releases what a peer has passed, a result or what was kept: it can be called no more, and the peer may forget it. One that is
 * released already is ignored. Throws a UsageError for what is no reference.
 */
export function release(reference: object): void {
  const imported = known(reference);
  if (imported.kept) imported.table.release(imported, `it was released${placeOf(new Error('here'))}`);
}

function known(reference: object): Import {
  const imported = importOf(reference);
  if (imported !== undefined) return imported;
  throw new UsageError('only what a peer has passed by reference, a function or an object, is kept and released here');
}

/** The line outside of the library in which something was said. */
function placeOf({ stack = '' }: Error): string {
  const line = stack
    .split('\n')
    .find((each) => each.includes(':') && !/keep\.[jt]s|Error: here|chunk-|dispose/i.test(each));
  return line === undefined ? '' : ` ${line.trim()}`;
}
