import { isThenable } from '../../base/promise-like.js';
import type { Call } from '../../contract/contract.js';
import type { ActiveCall, Session } from '../session.js';
import type { CallDetails } from './call-details.js';

/*
 * What runs once a call is answered, and once nothing of it is at work any more.
 */

/** The call is answered, and over. */
export function finish(session: Session, sender: ActiveCall): void {
  answered(session, sender);
  close(session, sender);
}

/** The call is answered, if it needs an answer: runs the `after` handlers; what they throw is only reported. */
export function answered(session: Session, { call, detailsIfAny }: ActiveCall): void {
  if (detailsIfAny === undefined) return;
  const silent = detailsIfAny.cancelled !== undefined && session.host.codec.answersCancelled === false;
  if (call.id !== undefined && session.ended === undefined && !silent) detailsIfAny.watcher?.sent();
  follow(session, detailsIfAny, call);
}

/** Nothing of the call is at work any more. */
export function close(session: Session, { detailsIfAny, call }: ActiveCall): void {
  if (detailsIfAny === undefined) return;
  follow(session, detailsIfAny, call);
  detailsIfAny.watcher?.closed();
}

function follow(session: Session, work: CallDetails, { id, method }: Call): void {
  const report = (error: unknown): void => session.host.reportError(session, error, id, method);
  for (const job of work.finish()) {
    try {
      const given: unknown = job();
      if (isThenable(given)) given.then(undefined, report);
    } catch (error) {
      report(error);
    }
  }
}
