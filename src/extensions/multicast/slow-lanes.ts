import { Queue } from '../../base/queue.js';
import { time } from '../../base/time.js';
import { Code, ProtocolError } from '../../contract/errors.js';
import type { Session } from '../../session/session.js';
import type { SessionPart } from '../../session/session-part.js';
import type { Policy } from './slow-policy.js';

/** How often a link is checked, in milliseconds: not every link reports that its buffer was sent. */
const CHECK_MS = 100;

/** Sends one notification to a peer. Never throws. */
export type Post = (session: Session) => void;

interface QueuedNotification {
  readonly bytes: number;
  readonly post: Post;
}

/** The notifications of one group that are queued for one peer. */
class Lane {
  readonly queue = new Queue<QueuedNotification>();
  bytes = 0;
  slowBytes = 0;

  shift(): QueuedNotification | undefined {
    const first = this.queue.shift();
    if (first !== undefined) this.bytes -= first.bytes;
    return first;
  }
}

/**
 * Sends a notification of `bytes` bytes by a policy: at once to a peer that reads what it is sent. For a slow peer, it is queued behind
 * those of its lane, or dropped, or the session is ended.
 */
export function sendSlowly(session: Session, policy: Policy, bytes: number, post: Post): void {
  const lanes = lanesOf.get(session);
  if (lanes === undefined && session.sendQueue.unread <= policy.slowBytes) post(session);
  else (lanes ?? new SlowLanes(session)).send(policy, bytes, post);
}

/** The lanes of sessions whose peers are slow. */
const lanesOf = new WeakMap<Session, SlowLanes>();

/** Whether notifications are queued for the peer of a session. */
export function isSlow(session: Session): boolean {
  return lanesOf.has(session);
}

/** The notifications that are queued for one slow peer, by lane. It exists while something is queued. */
class SlowLanes implements SessionPart {
  private readonly lanes = new Map<string | undefined, Lane>();

  constructor(private readonly session: Session) {
    lanesOf.set(session, this);
    session.add(this);
    session.remind(time() + CHECK_MS);
  }

  get bytes(): number {
    let bytes = 0;
    for (const lane of this.lanes.values()) bytes += lane.bytes;
    return bytes;
  }

  send(policy: Policy, bytes: number, post: Post): void {
    let lane = this.lanes.get(policy.lane);
    if (lane === undefined && this.session.sendQueue.unread <= policy.slowBytes) {
      post(this.session);
      return;
    }
    if (policy.slow === 'drop-newest' && this.isFull(policy, lane?.queue.length ?? 0, lane?.bytes ?? 0, bytes)) {
      policy.dropped(1);
      return;
    }
    if (lane === undefined) {
      lane = new Lane();
      this.lanes.set(policy.lane, lane);
    }
    lane.slowBytes = policy.slowBytes;
    lane.queue.push({ bytes, post });
    lane.bytes += bytes;
    if (this.isFull(policy, lane.queue.length - 1, lane.bytes, 0)) this.makeRoom(lane, policy);
  }

  /** Whether there is no room for one more notification of so many bytes beside those that are queued. */
  private isFull({ keep }: Policy, kept: number, keptBytes: number, bytes: number): boolean {
    return kept >= keep || keptBytes + bytes > this.session.host.limits.bufferedBytes;
  }

  private makeRoom(lane: Lane, policy: Policy): void {
    if (policy.slow === 'close') {
      const { session } = this;
      const whose = policy.lane === undefined ? '' : ` of the group "${policy.lane}"`;
      const text = `${session.link.peer} does not read, and ${lane.queue.length} notifications${whose} wait for it`;
      session.end(new ProtocolError(text, Code.Busy));
      return;
    }
    let dropped = 0;
    for (; this.isFull(policy, lane.queue.length - 1, lane.bytes, 0); dropped++) lane.shift();
    policy.dropped(dropped);
  }

  /** Sends what the peer reads now, one notification of each lane in turn. */
  drained(): void {
    const { session, lanes } = this;
    for (let moved = true; moved && session.ended === undefined; ) {
      moved = false;
      for (const [name, lane] of lanes) {
        if (!this.hasRoom(lane)) continue;
        lane.shift()?.post(session);
        moved = true;
        if (lane.queue.length === 0) lanes.delete(name);
      }
    }
    if (lanes.size === 0) this.remove();
  }

  /** The session continues over another connection. */
  attached(): void {
    this.drained();
  }

  /** The send queue is flushed first, where it matters: only then does the link show whether the peer reads. */
  private hasRoom({ slowBytes }: Lane): boolean {
    const { sendQueue } = this.session;
    if (sendQueue.buffered <= slowBytes) return true;
    sendQueue.send();
    return sendQueue.buffered <= slowBytes;
  }

  /** Sends everything: the session is about to end. */
  closing(): void {
    for (const lane of this.lanes.values())
      for (let kept = lane.shift(); kept !== undefined; kept = lane.shift()) kept.post(this.session);
    this.lanes.clear();
  }

  ended(): void {
    lanesOf.delete(this.session);
  }

  private remove(): void {
    lanesOf.delete(this.session);
    this.session.remove(this);
  }

  /** Checks whether the peer reads more, and returns when to check again. */
  due(at: number): number {
    this.drained();
    return this.lanes.size === 0 ? Number.POSITIVE_INFINITY : at + CHECK_MS;
  }
}
