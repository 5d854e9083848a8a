import type { Frame } from '../../contract/contract.js';
import type { Connection } from '../../session/connection.js';

/** Runs a job when everything was dispatched that has arrived, and before what arrives later. */
export function inTurn(connection: Connection, job: () => void): void {
  // Not as for a link that has ended: its security may take the time that it needs.
  if (connection.queue === undefined) job();
  else connection.queue.whenDelivered(job);
}

/** Gives frames to a connection, and calls `before` and `after` such that no other message is dispatched between them. */
export function between(connection: Connection, frames: readonly Frame[], before: () => void, after: () => void): void {
  inTurn(connection, before);
  for (const frame of frames) connection.receive(frame);
  inTurn(connection, after);
}
