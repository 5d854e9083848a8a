import type { Link } from '../contract/contract.js';
import { leaveConnection, type MovingSession } from './change-connection.js';
import { Connection, type ConnectionHost } from './connection.js';

/** The link of a session that has had no connection yet. */
class AwayLink implements Link {
  readonly buffered = 0;

  constructor(readonly peer: string) {}

  send(): void {}
  pause(): void {}
  resume(): void {}
  close(): void {}
}

/** Begins a session that has no connection yet. `id` is what its peer is called; `begin` makes it over a connection. */
export function beginAway<S extends MovingSession>(
  host: ConnectionHost,
  id: string,
  begin: (connection: Connection) => S,
): S {
  const session = begin(new Connection(new AwayLink(id), host));
  leaveConnection(session);
  return session;
}
