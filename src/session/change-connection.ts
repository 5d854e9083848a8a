import { time } from '../base/time.js';
import { Code, ConnectionLost, ProtocolError } from '../contract/errors.js';
import type { Connection } from './connection.js';
import type { FrameFilter } from './frame-filter.js';
import type { PeerLoadOwner } from './peer-load.js';
import type { MessageSink } from './receiving/message-sink.js';
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
  readonly callQueue:
    | (NonNullable<Session['callQueue']> & { readonly paused: boolean; setCongested(congested: boolean): void })
    | undefined;
  readonly replies: Session['replies'] & { sendParked(): void };
  readonly parts: SessionParts | undefined;
  /** It is to end once it is idle. */
  readonly retiring: boolean;
}

/**
 * The connection has ended, and the session continues without one: what is posted waits. Called by the journal, within `lost`. The session
 * may be ended within this call, where too much waits.
 */
export function leaveConnection(session: MovingSession): void {
  const { connection, filter, sendQueue, load } = session;
  if (connection === undefined) return;
  sendQueue.exchange([...sendQueue.exchange([]), ...(filter?.takeBack() ?? [])]);
  session.connection = undefined;
  session.filter = undefined;
  session.host.away.add(session);
  connection.detach();
  const away = new Away(session);
  load.owner = away;
  load.setUnsent(sendQueue.collected);
  sendQueue.bound = away;
  // What has waited for this connection waits for the next one; calls that its peer has asked go on.
  sendQueue.hello?.finish();
  session.replies.sendParked();
  session.callQueue?.setCongested(false);
}

/**
 * Goes on over this connection: what waits leaves. Whatever is to be sent again was written to it before. One that the session still
 * has is left, and closed. Throws the reason of a session that has ended, and ConnectionLost for a connection that has; nothing has
 * changed then. The session may be ended within this call, where its side holds too much.
 */
export function attach(session: MovingSession, connection: Connection): void {
  const { connection: before, sendQueue, load } = session;
  if (session.ended !== undefined) throw session.ended;
  if (before === connection) return;
  if (connection.ended) throw new ConnectionLost('the connection over which the session is to continue has ended');
  if (before !== undefined) {
    leaveConnection(session);
    before.link.close(new ConnectionLost('the session continues over another connection'));
    if (session.ended !== undefined) throw session.ended;
  }
  const { filter, link, queue, watch } = connection;
  const waiting = sendQueue.exchange([]);
  connection.load.end();
  connection.load = load;
  load.owner = connection;
  session.host.away.delete(session);
  session.connection = connection;
  session.link = link;
  // One that had no connection yet has no user either; one that continues belongs to the same user.
  session.user ??= connection.user;
  session.filter = filter;
  connection.sink = session;
  if (filter !== undefined) filter.sender = session;
  if (session.callQueue?.paused) connection.pauseReading();
  sendQueue.bound = undefined;
  sendQueue.limit = connection.limit;
  if (filter !== undefined) filter.postAll(waiting);
  else for (const frame of waiting) session.post(frame);
  // What has arrived was counted for the connection alone, and counts for the session from now on.
  if (queue !== undefined) load.add(queue.frameBytes);
  load.setUnsent(link.buffered);
  if (watch === undefined) session.replies.sendParked();
  else {
    session.congested(watch);
    session.remind(time());
  }
  session.parts?.attached(connection);
  if (session.retiring) session.closeWhenIdle();
}

/** A session without a connection: the same limit applies as for a peer that does not read, and what waits counts as not sent. */
class Away implements PeerLoadOwner {
  constructor(private readonly session: MovingSession) {}

  /** Throws a ProtocolError, busy, where more than that waits. */
  check(collected: number): void {
    const { host, load } = this.session;
    if (collected > 2 * host.limits.bufferedBytes)
      throw new ProtocolError(`busy: the peer is away, and ${collected} bytes wait for it`, Code.Busy);
    load.setUnsent(collected);
  }

  get sink(): PeerLoadOwner['sink'] {
    return this.session;
  }

  get link(): PeerLoadOwner['link'] {
    const { link, sendQueue } = this.session;
    return { peer: link.peer, buffered: sendQueue.collected };
  }
}
