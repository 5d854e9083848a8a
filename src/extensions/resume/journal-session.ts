import type { Frame } from '../../contract/contract.js';
import type { MovingSession } from '../../session/change-connection.js';
import type { Connection } from '../../session/connection.js';

/** `[got, sent]`: how far the end is that sends it. Not numbered. */
export const ACK = 'rpc.ack';
/** `[again]`: the session is over, and whether another one is welcome. Not numbered. */
export const BYE = 'rpc.bye';

/** What the journal needs of its session. */
export interface JournalSession extends MovingSession {
  updateReading(): void;
  /** The call with this id was refused before it was sent, with this error. */
  notSent(id: number, error: unknown): void;
}

/** What becomes of a session that has lost its connection. */
export interface AwaySession {
  /** The connection has ended for this reason: the session waits for another one. */
  away(reason: Error | undefined): void;
  /** While it waits, so many bytes are kept for the peer. Throws busy where nothing more is taken; the session may be ended within it. */
  waits(bytes: number): void;
  /** The session has ended. */
  ended(): void;
  /** What `rpc.bye` says when this side ends the session: whether the peer is to begin another one. */
  readonly again: boolean;
}

/** Writes messages that have their numbers already. A filter that refuses one now leaves a gap: `failed` ends the session. */
export function writeAgain(connection: Connection, frames: readonly Frame[], failed: (error: unknown) => void): void {
  const { filter } = connection;
  if (frames.length === 0) return;
  if (filter !== undefined) for (const frame of frames) filter.control(frame, failed);
  else
    connection.write(
      frames,
      frames.reduce((sum, { length }) => sum + length, 0),
    );
}
