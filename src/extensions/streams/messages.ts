import { quoteId } from '../../base/quote.js';
import type { Id } from '../../contract/contract.js';
import { ProtocolError } from '../../contract/errors.js';
import { endBefore } from '../../session/lost-messages.js';
import type { Session } from '../../session/session.js';
import { PULL } from '../../session/system-names.js';
import { markArrived } from './scheduler.js';

/*
 * `rpc.next [id, [item, …], tagged?]`: items of the stream that was asked for by the call with this id. `rpc.pull [id, n]`: so many of
 * them were taken. With null for the id they are about the way itself: `rpc.next [null, n]` is a mark, which is answered by
 * `rpc.pull [null, n]` as soon as it is read.
 */

/** Items of a stream have come, or a mark. Throws a ProtocolError for what belongs to no stream that was asked for. */
export function nexted(session: Session, [id, items, tagged]: readonly unknown[]): void {
  if (id === null) {
    if (!isCount(items)) throw new ProtocolError('a mark on the way (rpc.next with null) is a whole number');
    session.tell(PULL, [null, items]);
    return;
  }
  if (!Array.isArray(items)) {
    const error = new ProtocolError('rpc.next takes the id of a call, and a list of items');
    endBefore(session, id as Id, error);
    throw error;
  }
  const waiter = session.waiter(id as Id);
  if (waiter?.next !== undefined) {
    let values: unknown = items;
    try {
      if (tagged === true) values = session.values.inward(items, 'result', waiter.method).values;
    } catch (error) {
      endBefore(session, id as Id, error);
      return;
    }
    waiter.next(values as unknown[]);
    return;
  }
  if (tagged === true) session.host.mapper.discard(session, items);
  // What was on its way when it was given up is no mistake; this is.
  if (!session.asked?.wasGivenUp(id as Id))
    throw new ProtocolError(`items of a stream that nobody has asked for: id ${quoteId(id)}`);
}

/** The peer takes more of a stream, or has read a mark. Throws a ProtocolError for what it cannot have taken. */
export function pulled(session: Session, [id, items]: readonly unknown[]): void {
  if (id === null) {
    if (!isCount(items) || !markArrived(session, items)) {
      throw new ProtocolError('a mark on the way (rpc.pull with null) was never made');
    }
    return;
  }
  if (!isCount(items) || items === 0) {
    throw new ProtocolError('rpc.pull takes the id of a call, and how many items were taken');
  }
  // It may have ended meanwhile.
  if (session.work(id as Id)?.begun?.producing?.pull(items) === false) {
    throw new ProtocolError(`rpc.pull tells of ${items} items taken, which are more than were sent`);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
