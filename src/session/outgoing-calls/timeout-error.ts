import { printable } from '../../base/quote.js';
import { TimeoutError } from '../../contract/errors.js';
import type { Session } from '../session.js';
import { shownAs } from '../system/system-names.js';
import type { ReplyHandler } from './pending-calls.js';

/** The error of a call that was not answered in time. */
export function notAnsweredInTime({ peer, link, connection, sendQueue }: Session, waiter: ReplyHandler): TimeoutError {
  const late = waiter.late?.() ?? `within ${Math.round(waiter.deadline - waiter.since)} ms`;
  const outage = link.redialer?.outage ?? (connection === undefined ? 'there is no link' : undefined);
  if (outage !== undefined) {
    const was = waiter.given === true || (waiter.place ?? 0) <= sendQueue.sent ? 'answered' : 'sent';
    return new TimeoutError(`${shownAs(waiter.method)} was not ${was} ${late}: ${outage}`);
  }
  const advice = link.advice === undefined ? '' : `; ${link.advice}`;
  return new TimeoutError(
    `${shownAs(waiter.method)} was not answered in time: nothing came from ${printable(peer?.id ?? link.peer)} ${late}${advice}`,
  );
}
