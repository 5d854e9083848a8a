import { Queue } from '../../base/queue.js';
import type { Frame } from '../../contract/contract.js';
import { Code, ProtocolError } from '../../contract/errors.js';
import type { Session } from '../session.js';

/** Replies that wait until the peer reads more. Their calls were executed, so they cannot be refused. */
export class ParkedReplies {
  /** How many bytes wait. */
  bytes = 0;
  private readonly frames = new Queue<Frame>();

  constructor(private readonly session: Session) {}

  /** Whether any waits. */
  get waits(): boolean {
    return this.frames.length > 0;
  }

  /**
   * Keeps a reply. There can be one for each call and stream that may run at a time, since none starts before the peer reads. The
   * session ends if there are more.
   */
  add(frame: Frame): void {
    const { session, frames } = this;
    const { concurrency, limits } = session.host;
    frames.push(frame);
    this.bytes += frame.length;
    session.load.add(frame.length);
    if (frames.length <= 2 * concurrency + limits.streams) return;
    const text = `${session.link.peer} does not read, and ${frames.length} answers wait for it`;
    session.end(new ProtocolError(text, Code.Busy));
  }

  /** The peer has read more: sends as many replies as fit. */
  send(): void {
    const { session, frames } = this;
    while (session.ended === undefined) {
      const { first } = frames;
      if (first === undefined) break;
      try {
        session.post(first);
      } catch {
        return;
      }
      frames.shift();
      this.bytes -= first.length;
      session.load.subtract(first.length);
    }
    session.closeIfIdle();
  }
}

/** Whether a reply of this length may be kept in addition to what waits for the peer and for all peers of the side. */
export function hasRoom(
  { load, host, sendQueue }: Session,
  parked: ParkedReplies | undefined,
  length: number,
): boolean {
  const { bufferedBytes } = host.limits;
  const waiting = Math.max(0, sendQueue.unread - bufferedBytes) + (parked === undefined ? 0 : parked.bytes);
  return (waiting === 0 || waiting + length <= bufferedBytes) && load.fits(length);
}
