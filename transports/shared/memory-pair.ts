import { afterTurn } from '../../src/base/time.js';
import type { Accept, Frame, Link, LinkInfo, Logger, Parcel, Receiver } from '../../src/contract/contract.js';
import { Code, ConnectionLost, ProtocolError } from '../../src/contract/errors.js';
import { copyParcels } from './memory-parcels.js';

/** What one end of a pair is given. */
export interface MemoryEnd {
  /** What the other end calls this one. */
  readonly name: string;
  readonly accept: Accept;
  /** The largest frame, in bytes, that this end reads; a longer one ends the link. */
  readonly frameBytes: number;
  /** Is told of values that cannot be copied. */
  readonly logger: Pick<Logger, 'error'>;
  /** Whether this end has brought the pair up. */
  readonly dialed?: boolean;
  /** Called once, when the link of this end has ended, before its receiver is told. */
  readonly ended?: (link: Link) => void;
}

/**
 * Two links face to face. A frame arrives in a later microtask, all frames of a tick in one, so that nobody is called back
 * within his own call; both ends are accepted before this returns, `left` first.
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
 * Deliveries by microtask until the event loop gets its turn. Two ends that answer each other at once would otherwise
 * never let a timer or a socket in.
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
  /** What the other end has sent and this one has not yet received; what stands before `head` is done with. */
  private inbox: Frame[] = [];
  private head = 0;
  private waiting = 0;
  private paused = false;
  private scheduled = false;
  /** The other end has ended cleanly: this one ends when the inbox is empty, also while it has paused. */
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

  /** What is sent while this runs waits for the next turn: otherwise two ends in one call could go on for ever. */
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

  /** Frees what has been received, at most once for as many frames as it moves: a reader that pauses often pays no more. */
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
    // Also an end that has paused is told: what came before goes before it.
    if (this.inbox.length === 0) this.finish(undefined);
    else this.schedule();
  }

  private cut(cause: Error): void {
    if (!this.over) this.finish(new ConnectionLost(`${this.peer} has cut the link`, { cause }));
  }

  /** A microtask later, because the end may come from within `accept`, when there is no receiver yet. */
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
