import { afterTurn } from '../../../src/base/time.js';
import type { Accept, Frame, Link, LinkInfo, Logger, Parcel, Receiver } from '../../../src/contract/contract.js';
import { Code, ConnectionLost, ProtocolError } from '../../../src/contract/errors.js';
import { copyParcels } from './parcels.js';

/** The options of one end of a pair. */
export interface MemoryEnd {
  /** The id of this end at the other one. */
  readonly name: string;
  readonly accept: Accept;
  /** The largest frame, in bytes, that this end accepts; a larger one ends the link. */
  readonly frameBytes: number;
  /** Receives a report of values that cannot be copied. */
  readonly logger: Pick<Logger, 'error'>;
  /** Whether this end has initiated the pair. */
  readonly dialed?: boolean;
  /** Called once, when the link of this end has ended, before its receiver is notified. */
  readonly ended?: (link: Link) => void;
}

/**
 * Two links connected to each other. A frame arrives in a later microtask, together with all frames of the same tick,
 * so that no handler runs within its own call; both ends are accepted before this returns, `left` first.
 */
export function memoryPair(left: MemoryEnd, right: MemoryEnd): readonly [left: Link, right: Link] {
  const one = new MemoryLink(right.name, left);
  const two = new MemoryLink(left.name, right);
  one.face(two);
  two.face(one);
  one.start();
  two.start();
  return [one, two];
}

/**
 * The number of deliveries by microtask before the event loop gets its turn. Two ends that answer each other at once
 * would otherwise starve timers and sockets.
 */
const IN_A_ROW = 1_024;
let inARow = 0;

function soon(work: () => void): void {
  if (++inARow < IN_A_ROW) {
    queueMicrotask(work);
    return;
  }
  inARow = 0;
  afterTurn(work);
}

class MemoryLink implements Link {
  readonly peer: string;
  readonly dialed: boolean;
  private readonly end: MemoryEnd;
  private other!: MemoryLink;
  private receiver: Receiver | undefined;
  /** The frames that the other end has sent and this one has not yet received; those before `head` are processed. */
  private inbox: Frame[] = [];
  private head = 0;
  private waiting = 0;
  private paused = false;
  private scheduled = false;
  /** The other end has ended cleanly: this one ends when the inbox is empty, even while paused. */
  private finishing = false;
  private over = false;
  private readonly delivering = (): void => this.deliver();

  constructor(peer: string, end: MemoryEnd) {
    this.peer = peer;
    this.dialed = end.dialed === true;
    this.end = end;
  }

  face(other: MemoryLink): void {
    this.other = other;
  }

  start(): void {
    this.receiver = this.end.accept(this);
  }

  get info(): LinkInfo {
    return { name: this.peer };
  }

  get buffered(): number {
    return this.other.waiting;
  }

  send(frames: readonly Frame[]): void {
    if (this.over || this.other.over) return;
    const parcels = typeof frames[0] === 'object' && !(frames[0] instanceof Uint8Array);
    this.other.take(parcels ? copyParcels(frames as readonly Parcel[], this.end.logger) : frames);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    if (this.inbox.length > 0) this.schedule();
  }

  close(reason?: Error): void {
    if (!this.over) this.finish(reason);
    if (reason === undefined) this.other.endAfterInbox();
    else this.other.cut(reason);
  }

  private take(frames: readonly Frame[]): void {
    for (const frame of frames) {
      this.inbox.push(frame);
      this.waiting += frame.length;
    }
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    soon(this.delivering);
  }

  /** Frames that are sent while this runs wait for the next turn: otherwise two ends could call each other forever. */
  private deliver(): void {
    this.scheduled = false;
    if (this.over) return;
    const until = this.inbox.length;
    while (this.head < until && (!this.paused || this.finishing)) {
      const frame = this.inbox[this.head]!;
      this.head++;
      this.waiting -= frame.length;
      if (frame.length > this.end.frameBytes) {
        this.close(tooLarge(frame.length, this.end.frameBytes));
        return;
      }
      this.receiver!.receive(frame);
      if (this.over) return;
    }
    this.tidy();
    if (this.inbox.length === 0) {
      if (this.finishing) this.finish(undefined);
      else this.other.emptied();
    } else if (!this.paused || this.finishing) this.schedule();
  }

  /** Frees processed frames, at most once for as many frames as it moves: a reader that pauses often costs no more. */
  private tidy(): void {
    if (this.head === this.inbox.length) this.inbox = [];
    else if (this.head * 2 > this.inbox.length) this.inbox = this.inbox.slice(this.head);
    else return;
    this.head = 0;
  }

  private emptied(): void {
    if (!this.over) this.receiver?.drained();
  }

  private endAfterInbox(): void {
    if (this.over) return;
    this.finishing = true;
    // A paused end is notified too: earlier frames come first.
    if (this.inbox.length === 0) this.finish(undefined);
    else this.schedule();
  }

  private cut(cause: Error): void {
    if (!this.over) this.finish(new ConnectionLost(`${this.peer} closed the link abruptly`, { cause }));
  }

  /** In a microtask, because the end may come from within `accept`, when there is no receiver yet. */
  private finish(reason: Error | undefined): void {
    this.over = true;
    this.inbox = [];
    this.waiting = 0;
    queueMicrotask(() => {
      this.end.ended?.(this);
      this.receiver?.closed(reason);
    });
  }
}

function tooLarge(size: number, limit: number): ProtocolError {
  return new ProtocolError(`a frame of ${size} bytes came, and the limit "frameBytes" is ${limit}`, Code.TooLarge);
}
