import type { Session } from './session.js';
import type { Mapped } from './session-values.js';

/** Values that are no arguments, as they travel; undefined if they are plain. Throws for what cannot be sent to this peer. */
export function mapOutgoing(session: Session, values: unknown): Mapped | undefined {
  return session.host.mapper.mustMap(values) ? session.values.mapOutgoing(values) : undefined;
}
