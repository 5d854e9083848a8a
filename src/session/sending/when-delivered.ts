import { setTimer } from '../../base/time.js';
import type { Limits, Link } from '../../contract/contract.js';
import { ConnectionLost } from '../../contract/errors.js';

/** A connection that has come to its end, as far as this needs it. */
export interface EndedConnection {
  readonly link: Link;
  readonly host: { readonly limits: Limits };
  readonly ended: boolean;
  readonly queue: QueuedFrames | undefined;
  readonly sink: { lost(reason: Error): void };
}

interface QueuedFrames {
  readonly isOpening: boolean;
  readonly bytes: number;
  whenDelivered(job: () => void): void;
}

/**
 * Runs `job` once all that came before the end was dispatched, which may be at once; never, if the connection ends for a reason before.
 * A security that does not come to an end with one frame in `lingerMs` is waited for no longer: the link is over, and what is at work
 * would go on for nobody.
 */
export function whenDelivered(connection: EndedConnection, job: () => void): void {
  const { queue } = connection;
  if (queue === undefined) {
    job();
    return;
  }
  queue.whenDelivered(job);
  const { lingerMs } = connection.host.limits;
  const look = (before: number | undefined): void => {
    if (connection.ended || connection.queue !== queue) return;
    const bytes = queue.isOpening ? queue.bytes : undefined;
    if (bytes === undefined || bytes !== before) setTimer(lingerMs, () => look(bytes)).unref();
    else {
      connection.sink.lost(notOpened(lingerMs));
      connection.link.close();
    }
  };
  look(undefined);
}

function notOpened(lingerMs: number): ConnectionLost {
  return new ConnectionLost(
    `the link has ended, and the security has not opened a message of it within ${lingerMs} ms (limits.lingerMs)`,
  );
}
