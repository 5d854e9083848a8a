import { afterTurn } from '../../base/time.js';
import type { Session } from '../../session/session.js';
import type { SessionPart } from '../../session/session-part.js';
import { Pacer } from './pacer.js';
import { type InLine, RoundRobin } from './round-robin.js';

/** Whoever sends in its turn. */
export interface Sending extends InLine<Sending> {
  /** Sends at most one message; true if there is more that could be sent at once. */
  turn(): boolean;
}

/**
 * How much the streams of one peer send before the event loop goes on, in bytes: some 0.05 ms at each end. So a call waits for
 * little. With less, a thousand streams carry less; with more, calls wait longer, and meet the collector of garbage more often.
 */
const SHARE = 4 * 1024;
/** The same for a stream that is alone, as long as few other peers are sent streams: turns of the event loop cost more than items. */
const ALONE = 16 * 1024;
const FEW = 4;
/** And how much one of them, perhaps in several turns of the loop, before another has its turn. */
const TURN = 16 * 1024;
/** What an item costs of that besides its own bytes. */
const EACH = 64;
/** More is not given to a link that has not let go what it was given. */
const CROWDED = 256 * 1024;

/** How many peers have been sent their share, and wait for the next turn of the event loop. */
let resting = 0;

/**
 * Who of the streams for one peer sends next. They take turns, a few messages each, and together they leave the event loop free
 * after a while: whatever they are given to send, calls beside them are read, carried out and answered.
 */
export class StreamScheduler implements SessionPart {
  private readonly ready = new RoundRobin<Sending>();
  private readonly pace: Pacer;
  private left = SHARE;
  /** Whose turn it is, and how much of it is over. */
  private current: Sending | undefined;
  private spent = 0;
  private running = false;
  private resting = false;

  constructor(private readonly session: Session) {
    this.pace = new Pacer(session, () => this.run());
  }

  /** Whether anything more may be sent now. */
  get isOpen(): boolean {
    return this.left > 0 && this.session.link.buffered < CROWDED && this.pace.isOpen;
  }

  /** Whether one stream at most waits for its turn. */
  private get isAlone(): boolean {
    return this.ready.length + (this.current === undefined ? 0 : 1) <= 1;
  }

  /** A message of so many items and bytes has been sent. */
  sent(items: number, bytes: number): void {
    const cost = items * EACH + bytes;
    this.left -= cost;
    this.spent += cost;
    if (this.left <= 0) this.rest();
    this.pace.add(bytes);
  }

  /** Notes one that could send and does not wait already; it is called when its turn has come, perhaps within this call. */
  enqueue(sending: Sending): void {
    this.ready.push(sending);
    this.run();
  }

  /** One that waits for its turn has nothing more to send. */
  leave(sending: Sending): void {
    if (sending === this.current) this.current = undefined;
    else this.ready.remove(sending);
  }

  /** The link has let go what it was given. */
  drained(): void {
    this.run();
  }

  /** The peer has read up to a mark. */
  arrived(mark: number): boolean {
    const known = this.pace.read(mark);
    this.run();
    return known;
  }

  /** The session has ended. */
  ended(): void {
    this.pace.end();
  }

  private run(): void {
    if (this.running) return;
    this.running = true;
    while (this.isOpen) {
      const sending = this.next();
      if (sending === undefined) break;
      if (!sending.turn()) continue;
      // Who is served seldom and much at a time costs its consumer less than who is served often and little.
      if (this.spent < TURN) this.current = sending;
      else this.ready.push(sending);
    }
    this.running = false;
  }

  private next(): Sending | undefined {
    const { current } = this;
    this.current = undefined;
    if (current === undefined) this.spent = 0;
    return current ?? this.ready.shift();
  }

  /** Goes on when the event loop has done what else there is. */
  private rest(): void {
    if (this.resting) return;
    this.resting = true;
    resting++;
    afterTurn(() => {
      this.resting = false;
      this.left = this.isAlone && resting <= FEW ? ALONE : SHARE;
      resting--;
      this.run();
    });
  }
}

const flows = new WeakMap<Session, StreamScheduler>();

/** The flow of a session; made with its first stream. */
export function flowOf(session: Session): StreamScheduler {
  let flow = flows.get(session);
  if (flow === undefined) {
    flow = new StreamScheduler(session);
    flows.set(session, flow);
    session.outbox.add(flow);
  }
  return flow;
}

/** The peer has read up to a mark of its streams. False if there is none. */
export function markArrived(session: Session, mark: number): boolean {
  return flows.get(session)?.arrived(mark) === true;
}
