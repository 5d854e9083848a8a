import { Queue } from '../../base/queue.js';
import { time } from '../../base/time.js';
import { Code, ProtocolError } from '../../contract/errors.js';
import type { Session } from '../../session/session.js';
import type { SessionPart } from '../../session/session-part.js';
import type { Policy } from './slow-policy.js';

/** Not every link says when what was buffered has left; so often it is asked. In milliseconds. */
const LOOK = 100;

/** Lets one notification leave for a peer. Throws nothing. */
export type Post = (session: Session) => void;

interface Kept {
  readonly bytes: number;
  readonly post: Post;
}

/** What is kept of one group for one peer. */
class Lane {
  readonly kept = new Queue<Kept>();
  bytes = 0;
  slowBytes = 0;

  shift(): Kept | undefined {
    const first = this.kept.shift();
    if (first !== undefined) this.bytes -= first.bytes;
    return first;
  }
}

/**
 * Sends a notification of `bytes` bytes by a policy: at once to a peer that takes what it is sent; for one that does not, it is
 * kept behind those of its lane that are kept already, or dropped, or the peer is.
 */
export function sendSlowly(session: Session, policy: Policy, bytes: number, post: Post): void {
  const kept = lanesOf.get(session);
  if (kept === undefined && session.link.buffered <= policy.slowBytes) post(session);
  else (kept ?? new SlowLanes(session)).send(policy, bytes, post);
}

/** What is kept for the peers of sessions that are slow. */
const lanesOf = new WeakMap<Session, SlowLanes>();

/** Whether something is kept for the peer of a session. */
export function isSlow(session: Session): boolean {
  return lanesOf.has(session);
}

/** What is kept for one slow peer, by lanes. It is there as long as something is kept. */
class SlowLanes implements SessionPart {
  private readonly lanes = new Map<string | undefined, Lane>();

  constructor(private readonly session: Session) {
    lanesOf.set(session, this);
    session.add(this);
    session.remind(time() + LOOK);
  }

  get bytes(): number {
    let bytes = 0;
    for (const lane of this.lanes.values()) bytes += lane.bytes;
    return bytes;
  }

  send(policy: Policy, bytes: number, post: Post): void {
    let lane = this.lanes.get(policy.lane);
    if (lane === undefined && this.session.link.buffered <= policy.slowBytes) {
      post(this.session);
      return;
    }
    if (policy.slow === 'drop-newest' && this.isFull(policy, lane?.kept.length ?? 0, lane?.bytes ?? 0, bytes)) {
      policy.dropped(1);
      return;
    }
    if (lane === undefined) {
      lane = new Lane();
      this.lanes.set(policy.lane, lane);
    }
    lane.slowBytes = policy.slowBytes;
    lane.kept.push({ bytes, post });
    lane.bytes += bytes;
    if (this.isFull(policy, lane.kept.length - 1, lane.bytes, 0)) this.shorten(lane, policy);
  }

  /** Whether there is no room for one more of so many bytes beside those that are kept. */
  private isFull({ keep }: Policy, kept: number, keptBytes: number, bytes: number): boolean {
    return kept >= keep || keptBytes + bytes > this.session.host.limits.bufferedBytes;
  }

  private shorten(lane: Lane, policy: Policy): void {
    if (policy.slow === 'close') {
      const { session } = this;
      const whose = policy.lane === undefined ? '' : ` of the group "${policy.lane}"`;
      const text = `${session.link.peer} does not read, and ${lane.kept.length} notifications${whose} wait for it`;
      session.end(new ProtocolError(text, Code.Busy));
      return;
    }
    let dropped = 0;
    for (; this.isFull(policy, lane.kept.length - 1, lane.bytes, 0); dropped++) lane.shift();
    policy.dropped(dropped);
  }

  /** Sends what the peer takes now, one of each lane in turn. */
  drained(): void {
    const { session, lanes } = this;
    for (let moved = true; moved && session.over === undefined; ) {
      moved = false;
      for (const [name, lane] of lanes) {
        if (!this.hasRoom(lane)) continue;
        lane.shift()?.post(session);
        moved = true;
        if (lane.kept.length === 0) lanes.delete(name);
      }
    }
    if (lanes.size === 0) this.leave();
  }

  /** What was collected is given to the link first, as soon as it counts: only then does it show whether it is taken. */
  private hasRoom({ slowBytes }: Lane): boolean {
    const { link, outbox } = this.session;
    if (link.buffered + outbox.collected <= slowBytes) return true;
    outbox.send();
    return link.buffered <= slowBytes;
  }

  /** Sends everything: the link ends. */
  closing(): void {
    for (const lane of this.lanes.values())
      for (let kept = lane.shift(); kept !== undefined; kept = lane.shift()) kept.post(this.session);
    this.lanes.clear();
  }

  ended(): void {
    lanesOf.delete(this.session);
  }

  private leave(): void {
    lanesOf.delete(this.session);
    this.session.remove(this);
  }

  /** Looks whether the peer takes more, and says when to look again. */
  due(at: number): number {
    this.drained();
    return this.lanes.size === 0 ? Number.POSITIVE_INFINITY : at + LOOK;
  }
}
