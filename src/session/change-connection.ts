import type { Limits } from '../contract/contract.js';
import { Code, ConnectionLost, ProtocolError } from '../contract/errors.js';
import type { Connection } from './connection.js';
import type { FrameFilter } from './frame-filter.js';
import type { MessageSink } from './message-sink.js';
import type { Session } from './session.js';
import type { SessionParts } from './session-part.js';

/*
 * How a session leaves its connection and goes on over another one. Only sessions with a journal do; what waits to be sent
 * stays with the session, plain, and passes the filter of the connection that it leaves over.
 */

/** A session, as far as this needs it. */
export interface MovingSession extends Session, Omit<MessageSink, 'peer'> {
  connection: Connection | undefined;
  link: Connection['link'];
  filter: FrameFilter | undefined;
  readonly callQueue: { readonly paused: boolean; readonly streams: number; readonly queued: number } | undefined;
  readonly replies: Session['replies'] & { relieved(): void };
  readonly parts: SessionParts | undefined;
}

/** The connection has ended, and the session continues without one: what is posted waits. Called by the journal, within `lost`. */
export function leaveConnection(session: MovingSession): void {
  const { connection, filter, sendQueue, load } = session;
  if (connection === undefined) return;
  session.congested(undefined);
  sendQueue.hello?.over();
  session.connection = undefined;
  session.filter = undefined;
  sendQueue.exchange([...sendQueue.exchange([]), ...(filter?.takeBack() ?? [])]);
  sendQueue.bound = new AwayBound(session.host);
  connection.detach();
  load.sees(0);
}

/**
 * Goes on over this connection: what waits leaves. Whatever is to be sent again was written to it before. One that the session still
 * has is left, and closed. Throws the reason of a session that has ended.
 */
export function attach(session: MovingSession, connection: Connection): void {
  const { connection: before, sendQueue, load } = session;
  if (session.ended !== undefined) throw session.ended;
  if (before !== undefined) {
    leaveConnection(session);
    before.link.close(new ConnectionLost('the session continues over another connection'));
  }
  connection.load.end();
  connection.load = load;
  load.owner = connection;
  session.connection = connection;
  session.link = connection.link;
  session.filter = connection.filter;
  connection.sink = session;
  if (connection.filter !== undefined) connection.filter.sender = session;
  if (session.callQueue?.paused) connection.pauseReading();
  sendQueue.bound = undefined;
  sendQueue.limit = connection.limit;
  for (const frame of sendQueue.exchange([])) session.post(frame);
  session.replies.relieved();
  session.parts?.attached(connection);
}

/** While a session has no connection, the same limit applies as for a peer that does not read. */
class AwayBound {
  constructor(private readonly host: { readonly limits: Limits }) {}

  /** Throws a ProtocolError, busy, where more than that waits. */
  check(collected: number): void {
    const most = 2 * this.host.limits.bufferedBytes;
    if (collected > most)
      throw new ProtocolError(`busy: the peer is away, and ${collected} bytes wait for it`, Code.Busy);
  }
}
