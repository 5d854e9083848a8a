import type { Gate, SideExtension, SideHost } from '../../api/extension.js';
import { time } from '../../base/time.js';
import type { Connection } from '../../session/connection.js';
import { RpcSession } from '../../session/rpc-session.js';
import type { Session } from '../../session/session.js';
import { sayLeaving } from '../../session/system/leaving.js';

/** The field of `rpc.hello` with which a side requests a notification when the other side is about to close: `true`. */
const FIELD = 'leaving';

const asking = new WeakSet<Connection>();
/** When a side closes that drains, on the clock of the process. */
const closingAt = new WeakMap<object, number>();

/** The side that dials several members asks each of them; the side that is such a member notes who has asked. */
export const asksForLeaving: Required<Pick<Gate, 'hello' | 'greeted' | 'begins'>> = {
  hello({ link }) {
    return link.leaving === undefined ? undefined : { name: FIELD, value: true };
  },
  greeted(connection, fields) {
    if (fields[FIELD] !== true) return;
    asking.add(connection);
    const at = closingAt.get(connection.host);
    if (at !== undefined && connection.sink instanceof RpcSession) sayLeaving(connection.sink, at - time());
  },
  begins(session) {
    const { connection } = session as RpcSession;
    const at = connection && closingAt.get(connection.host);
    if (at !== undefined) notify(session, at);
  },
};

function notify(session: Session, at: number): void {
  const { connection } = session as RpcSession;
  if (connection !== undefined && asking.has(connection)) sayLeaving(session, at - time());
}

/** Notifies those who have asked that this side closes, also those who ask meanwhile: their next calls go elsewhere. */
export function saysLeaving(host: SideHost): NonNullable<SideExtension['closing']> {
  return ({ drain }) => {
    if (drain === undefined) return;
    const at = time() + drain;
    closingAt.set(host, at);
    for (const session of host.sessions()) notify(session, at);
  };
}
