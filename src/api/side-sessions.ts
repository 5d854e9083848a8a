import type { Link } from '../contract/contract.js';
import { ConnectedPeer } from '../session/connected-peer.js';
import { Connection } from '../session/connection.js';
import type { SendQueueHost } from '../session/guarded-queue.js';
import { sayHello } from '../session/handshake.js';
import { RpcSession } from '../session/rpc-session.js';
import type { Peer } from '../types/peers.js';
import type { Diagnostics, PrintingSide } from './diagnostics.js';
import { callPeerListeners, type EventListeners } from './event-listeners.js';
import type { PeerRegistry } from './peer-registry.js';
import type { Reports } from './reports.js';
import type { SideExtensions } from './side-extensions.js';

/** What the sessions need of their side. */
export interface SessionsOwner extends SendQueueHost, PrintingSide {
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
    const connection = new Connection(link, side);
    connection.filter = side.attached.frames?.filterFor(connection);
    const session = this.begin(connection);
    side.diagnostics.messages?.printMessages(connection, side);
    side.peerRegistry.add(session.peer as ConnectedPeer);
    sayHello(session, connection);
    callPeerListeners(side.listeners.of('connect'), session.peer as ConnectedPeer, side.report);
    return connection;
  }

  /** Creates a session, which is not announced yet. */
  begin(connection: Connection): RpcSession {
    const session = new RpcSession(connection, this.side);
    session.peer = new ConnectedPeer(session, connection.link.peer);
    return session;
  }

  /** A session has ended. */
  ended(session: RpcSession): void {
    const { side } = this;
    const peer = session.peer as ConnectedPeer;
    side.peerRegistry.leave(peer, session.ended);
    side.reports.leave(peer);
    peer.sessionEnded();
    callPeerListeners(side.listeners.of('disconnect'), peer, side.report);
  }
}
