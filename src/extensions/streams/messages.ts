import { quoteId } from '../../base/quote.js';
import type { Id } from '../../contract/contract.js';
import { ProtocolError } from '../../contract/errors.js';
import { failStream } from '../../session/receiving/lost-messages.js';
import type { Session } from '../../session/session.js';
import { PULL } from '../../session/system/system-names.js';
import { markRead } from './scheduler.js';

/*
 * `rpc.next [id, [item, …], tagged?]`: items of the stream that the call with this id has requested. `rpc.pull [id, n]`: so many of them
 * were taken. With null as the id, they measure the connection: `rpc.next [null, n]` is a mark, which is answered by `rpc.pull [null, n]`
 * as soon as it is read.
 */

/** `rpc.next`: items of a stream, or a mark. Throws a ProtocolError for items of a stream that was not requested. */
export function receiveItems(session: Session, [id, items, tagged]: readonly unknown[]): void {
  if (id === null) {
    if (!isCount(items)) throw new ProtocolError('a mark (rpc.next with null) must be a whole number');
    session.sendSystem(PULL, [null, items]);
    return;
  }
  if (!Array.isArray(items)) {
    const error = new ProtocolError('the arguments of rpc.next must be the id of a call and a list of items');
    failStream(session, id as Id, error);
    throw error;
  }
  const waiter = session.pendingCall(id as Id);
  if (waiter?.next !== undefined) {
    let values: unknown = items;
    try {
      if (tagged === true) values = session.values.mapIncoming(items, 'result', waiter.method).values;
    } catch (error) {
      failStream(session, id as Id, error);
      return;
    }
    waiter.next(values as unknown[], session.frameBytes);
    return;
  }
  if (tagged === true) session.host.mapper.discard(session, items);
  // Items that were in flight when the call was cancelled are not an error.
  if (!session.pending?.wasDropped(id as Id))
    throw new ProtocolError(`items of a stream that was not requested: id ${quoteId(id)}`);
}

/** `rpc.pull`: the peer has taken items of a stream, or has read a mark. Throws a ProtocolError for more items than were sent. */
export function receivePull(session: Session, [id, items]: readonly unknown[]): void {
  if (id === null) {
    if (!isCount(items) || !markRead(session, items)) {
      throw new ProtocolError('rpc.pull with null answers a mark that was not sent, or was answered already');
    }
    return;
  }
  if (!isCount(items) || items === 0) {
    throw new ProtocolError(
      'the arguments of rpc.pull must be the id of a call and the number of items that were taken',
    );
  }
  // It may have ended meanwhile.
  if (session.activeCall(id as Id)?.detailsIfAny?.producing?.pull(items) === false) {
    throw new ProtocolError(`rpc.pull reports ${items} items as taken, more than were sent`);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
