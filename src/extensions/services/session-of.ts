import type { Link } from '../../contract/contract.js';
import { ConnectionLost } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import { RpcSession } from '../../session/rpc-session.js';
import type { SendQueueHost } from '../../session/sending/make-send-queue.js';
import { ChoosingSession } from './choosing-session.js';
import { LimitedSession } from './limited-session.js';
import { MemberSession } from './member-session.js';
import { ServiceSession } from './service-session.js';

const services = new WeakMap<Link, ServiceSession>();

/** The session of a link that leads to a service or to a member of one, or that cannot carry everything; undefined for any other link. */
export function sessionOf(connection: Connection, host: SendQueueHost): RpcSession | undefined {
  const { link } = connection;
  if (link.service !== undefined) return memberOf(link.service, connection, host);
  if (link.anycast === true || link.dispatch !== undefined) {
    const session =
      link.choose === undefined ? new ServiceSession(connection, host) : new ChoosingSession(connection, host);
    services.set(link, session);
    return session;
  }
  return link.takes === undefined ? undefined : new LimitedSession(connection, host);
}

function memberOf(link: Link, connection: Connection, host: SendQueueHost): RpcSession {
  const service = services.get(link);
  if (service !== undefined && service.ended === undefined) return new MemberSession(connection, host, service);
  const session = new RpcSession(connection, host);
  const reason = service?.ended ?? new ConnectionLost(`there is no service ${link.peer}, of which it is a member`);
  // Its peer is set first.
  queueMicrotask(() => session.end(reason));
  return session;
}
