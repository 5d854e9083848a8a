import type { Link } from '../contract/contract.js';
import { UsageError } from '../contract/errors.js';
import { beginBrief } from '../session/brief-link.js';
import { ConnectedPeer } from '../session/connected-peer.js';
import { Connection } from '../session/connection.js';
import type { PendingCalls } from '../session/outgoing-calls/pending-calls.js';
import { RpcSession } from '../session/rpc-session.js';
import type { SendQueueHost } from '../session/sending/make-send-queue.js';
import { answerHello, sayHello } from '../session/system/handshake.js';
import type { Peer } from '../types/peers.js';
import type { AdmittingSide } from './admission.js';
import type { Diagnostics, PrintingSide } from './diagnostics.js';
import { callPeerListeners, type EventListeners } from './event-listeners.js';
import { mustBeInstalled } from './extension-registry.js';
import type { PeerRegistry } from './peer-registry.js';
import type { Reports } from './reports.js';
import type { SideExtensions } from './side-extensions.js';

/** What the sessions need of their side. */
export interface SessionsOwner extends SendQueueHost, PrintingSide {
  readonly gates: AdmittingSide['gates'];
  readonly attached: SideExtensions;
  readonly diagnostics: Diagnostics;
  readonly listeners: EventListeners;
  readonly peerRegistry: PeerRegistry;
  readonly reports: Reports;
  readonly report: (peer: Peer, error: unknown) => void;
}

/** How the links of a side become sessions, and how those come to their end. */
export class SideSessions {
  constructor(private readonly side: SessionsOwner) {}

  /** A link is there. */
  connect(link: Link): Connection {
    const { side } = this;
    const { frames, admission } = side.attached;
    const connection = new Connection(link, side);
    connection.filter = frames?.filterFor(connection);
    side.diagnostics.messages?.printMessages(connection, side);
    // Nobody sends hello over a service, and its members come through it, unless this side has dialed them.
    const isTrusted = link.anycast === true || (link.service !== undefined && link.dialed !== true);
    if (admission === undefined || isTrusted) this.open(connection);
    else new admission.Admission(connection, side, (admitted, answers) => this.open(admitted, answers)).start();
    return connection;
  }

  /** Gives the connection a session of its own. `answers`: the peer has sent hello. */
  private open(connection: Connection, answers = false): void {
    const { link } = connection;
    const session = this.begin(connection);
    if (connection.link.brief === true) {
      beginBrief(session);
      return;
    }
    connection.link.admitted?.();
    if (answers) answerHello(connection);
    else sayHello(session, connection);
    // A member is known as the sender of its calls alone. A service whose members are dialed can be called once there is one.
    const known = link.service === undefined ? session : session.service;
    if (known !== undefined && link.choose === undefined) this.announce(known as RpcSession);
  }

  /** Begins a session that nobody knows yet. See {@link ExtensionHost.begin}. */
  begin(connection: Connection | undefined, pending?: PendingCalls, id = 'away'): RpcSession {
    const { side } = this;
    if (connection === undefined) {
      const { admission } = side.attached;
      if (admission === undefined)
        throw new UsageError('begin() without a connection is for extensions with gate.admit');
      return admission.beginAway(side, id, (away) => this.begin(away, pending));
    }
    const { sessionOf } = side.attached;
    const { link } = connection;
    if (sessionOf === undefined && isShared(link)) mustBeInstalled('services', `a link to the service ${link.peer}`);
    const session = sessionOf?.(connection, side) ?? new RpcSession(connection, side, pending);
    session.peer = new ConnectedPeer(session, link.peer);
    session.sendQueue.limit = connection.limit;
    return session;
  }

  /** Lets everybody know the peer of a session. */
  announce(session: RpcSession): void {
    const { side } = this;
    const peer = session.peer as ConnectedPeer;
    if (session.ended !== undefined || session.isAnnounced) return;
    session.isAnnounced = true;
    for (const gate of side.gates) gate.begins?.(session);
    side.peerRegistry.add(peer);
    callPeerListeners(side.listeners.of('connect'), peer, side.report);
  }

  /** A session has ended. */
  ended(session: RpcSession): void {
    const { side } = this;
    const peer = session.peer as ConnectedPeer;
    if (side.away.size > 0) side.away.delete(session);
    side.peerRegistry.leave(peer, session.ended);
    side.reports.leave(peer);
    peer.sessionEnded();
    if (session.isAnnounced) callPeerListeners(side.listeners.of('disconnect'), peer, side.report);
  }
}

/** Whether only the extension `services` has a session for this link. */
function isShared({ anycast, service, dispatch, takes }: Link): boolean {
  return anycast === true || service !== undefined || dispatch !== undefined || takes !== undefined;
}
