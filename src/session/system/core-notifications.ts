import type { Id } from '../../contract/contract.js';
import { Aborted } from '../../contract/errors.js';
import type { Controls, Session, SystemNotifications } from '../session.js';
import { hello } from './handshake.js';
import { receiveHeaders } from './headers-notification.js';
import { ABOUT, CANCEL, HELLO, PROGRESS, SECINFO } from './system-names.js';

/** The notifications of the library itself that every side understands. Extensions add theirs. */
export const coreNotifications: SystemNotifications = {
  [ABOUT]: receiveHeaders,
  [CANCEL]: cancelled,
  [PROGRESS]: progressed,
};

/** Messages of a connection that every side understands. What a security says of the next message is read by its filter, if there is one. */
export const coreControls: Controls = { [HELLO]: hello, [SECINFO]: () => {} };

/** The peer cancels a call that it has made. */
function cancelled(session: Session, [id, reason]: readonly unknown[]): boolean {
  const why = typeof reason === 'string' && reason !== '' ? `: ${reason}` : '';
  // It may have been answered meanwhile.
  if (isId(id)) session.cancelIncoming(id, new Aborted(`the caller cancelled the call${why}`));
  return isId(id);
}

/** The peer reports the progress of a call of this side. */
function progressed(session: Session, [id, value, tagged]: readonly unknown[]): boolean {
  const waiter = isId(id) ? session.pendingCall(id) : undefined;
  if (waiter?.progress === undefined) {
    if (tagged === true) session.host.mapper.discard(session, value);
    // Progress of a cancelled call may still arrive.
    return waiter === undefined && isId(id) && session.pending?.wasDropped(id) === true;
  }
  waiter.progress(tagged === true ? session.values.mapIncoming(value, 'result', waiter.method).values : value);
  return true;
}

function isId(value: unknown): value is Id {
  return typeof value === 'number' || typeof value === 'string';
}
