import { afterTurn } from '../../base/time.js';
import type { Session } from '../../session/session.js';
import type { SessionPart } from '../../session/session-part.js';
import { Pacer } from './pacer.js';
import { type QueueNode, RoundRobin } from './round-robin.js';

/** A stream that sends in its turn. */
export interface StreamSender extends QueueNode<StreamSender> {
  /** Sends at most one message; returns whether it could send another one at once. */
  turn(): boolean;
}

/**
 * How much the streams of one peer send before the event loop continues, in bytes: about 0.05 ms at each end, so that calls wait
 * briefly. Less lowers the throughput of a thousand streams; more makes calls wait longer, and meet the garbage collector more often.
 */
const SHARE = 4 * 1024;
/** The same for a single stream while few other peers are sent streams: a turn of the event loop costs more than items. */
const SHARE_ALONE = 16 * 1024;
const FEW_PEERS = 4;
/** How much one stream sends, perhaps over several turns of the event loop, before the next one sends. */
const TURN = 16 * 1024;
/** What an item counts in addition to its bytes. */
const ITEM_COST = 64;
/** Nothing is sent while a link has more bytes than this in its buffer. */
const LINK_BYTES = 256 * 1024;

/** How many schedulers have used their share and wait for the next turn of the event loop. */
let paused = 0;

/**
 * Decides which of the streams to one peer sends next. They take turns of a few messages each, and together they yield to the event loop
 * after a share of bytes: calls beside them are read, handled and answered, however much the streams have to send.
 */
export class StreamScheduler implements SessionPart {
  private readonly ready = new RoundRobin<StreamSender>();
  private readonly pacer: Pacer;
  private shareLeft = SHARE;
  /** The stream whose turn it is, and what it has sent of its turn. */
  private current: StreamSender | undefined;
  private turnBytes = 0;
  private isRunning = false;
  private isPaused = false;

  constructor(private readonly session: Session) {
    this.pacer = new Pacer(session, () => this.run());
  }

  /** Whether more may be sent now. While there is no connection, nothing is. */
  get isOpen(): boolean {
    const { connection, link } = this.session;
    return this.shareLeft > 0 && connection !== undefined && link.buffered < LINK_BYTES && this.pacer.isOpen;
  }

  /** Whether one stream at most waits for its turn. */
  private get isAlone(): boolean {
    return this.ready.length + (this.current === undefined ? 0 : 1) <= 1;
  }

  /** Counts a message that was sent. */
  sent(items: number, bytes: number): void {
    const cost = items * ITEM_COST + bytes;
    this.shareLeft -= cost;
    this.turnBytes += cost;
    if (this.shareLeft <= 0) this.pause();
    this.pacer.recordSent(bytes);
  }

  /** Adds a stream that could send and is not queued; its `turn` is called when it is due, perhaps within this call. */
  enqueue(sending: StreamSender): void {
    this.ready.push(sending);
    this.run();
  }

  /** Removes a queued stream, which has nothing more to send. */
  remove(sending: StreamSender): void {
    if (sending === this.current) this.current = undefined;
    else this.ready.remove(sending);
  }

  /** The buffer of the link has been sent. */
  drained(): void {
    this.run();
  }

  /** The session continues over another connection. */
  attached(): void {
    this.pacer.restart();
    this.run();
  }

  /** The peer has read a mark. Returns false if it was not the next one. */
  markRead(mark: number): boolean {
    const known = this.pacer.markRead(mark);
    this.run();
    return known;
  }

  /** The session has ended. */
  ended(): void {
    this.pacer.end();
  }

  private run(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    while (this.isOpen) {
      const sending = this.next();
      if (sending === undefined) break;
      if (!sending.turn()) continue;
      // A consumer has less work with few large portions than with many small ones.
      if (this.turnBytes < TURN) this.current = sending;
      else this.ready.push(sending);
    }
    this.isRunning = false;
  }

  private next(): StreamSender | undefined {
    const { current } = this;
    this.current = undefined;
    if (current === undefined) this.turnBytes = 0;
    return current ?? this.ready.shift();
  }

  /** Continues in the next turn of the event loop. */
  private pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    paused++;
    afterTurn(() => {
      this.isPaused = false;
      this.shareLeft = this.isAlone && paused <= FEW_PEERS ? SHARE_ALONE : SHARE;
      paused--;
      this.run();
    });
  }
}

const schedulers = new WeakMap<Session, StreamScheduler>();

/** The scheduler of a session; created with its first stream. */
export function schedulerOf(session: Session): StreamScheduler {
  let scheduler = schedulers.get(session);
  if (scheduler === undefined) {
    scheduler = new StreamScheduler(session);
    schedulers.set(session, scheduler);
    session.add(scheduler);
  }
  return scheduler;
}

/** The peer has read a mark. Returns false if none of that number was sent. */
export function markRead(session: Session, mark: number): boolean {
  return schedulers.get(session)?.markRead(mark) === true;
}
