import { hearAbout } from './about.js';
import type { Id } from './contract.js';
import { Aborted } from './errors.js';
import { ABOUT, CANCEL, HELLO, PROGRESS } from './extensions.js';
import { hello } from './hello.js';
import type { Extensions, Session } from './session.js';

/** What every side understands of the library's own messages. Looked up by name, and in nothing else. */
export const vocabulary: Extensions = Object.freeze({
  [HELLO]: hello,
  [ABOUT]: hearAbout,
  [CANCEL]: cancelled,
  [PROGRESS]: progressed,
});

/** The peer gives up a call that it has made. */
function cancelled(session: Session, [id, reason]: readonly unknown[]): boolean {
  const why = typeof reason === 'string' && reason !== '' ? `: ${reason}` : '';
  return isId(id) && session.withdraw(id, new Aborted(`the caller gave the call up${why}`));
}

/** The peer tells how far a call of ours is. */
function progressed(session: Session, [id, value]: readonly unknown[]): boolean {
  const waiter = isId(id) ? session.waiter(id) : undefined;
  if (waiter?.progress === undefined) return false;
  waiter.progress(value);
  return true;
}

function isId(value: unknown): value is Id {
  return typeof value === 'number' || typeof value === 'string';
}
