import { Queue } from '../../base/queue.js';
import { afterTurn } from '../../base/time.js';
import type { Frame, Limits, Link, Message } from '../../contract/contract.js';
import { Code, ProtocolError } from '../../contract/errors.js';
import type { PeerLoad } from '../peer-load.js';
import { type FrameMemory, weighMessage } from './frame-memory.js';

/** What the queue needs of its connection. */
export interface InboundQueueOwner {
  readonly link: Link;
  readonly host: { readonly limits: Limits };
  readonly load: PeerLoad;
  readonly sink: { readonly pendingCount: number; end(reason: Error): void };
  readonly ended: boolean;
  queue: InboundQueue | undefined;
  /** The length of the frame that is being read, and the frame itself where it is weighed. */
  readonly size: number;
  readonly weight: FrameMemory | undefined;
  start(frame: Frame): void;
  next(message: Message | ProtocolError): void;
  delivered(): void;
  pauseReading(): void;
  resumeReading(): void;
}

/** What decides to which session a connection belongs. Messages wait until then, except those of the connection itself. */
export interface Admitting {
  /** Whether it goes on after the end of the link, if messages wait. */
  readonly outlivesLink: boolean;
  /** A message was read. Returns true if it belongs to the connection itself, and was dealt with. */
  passes(message: Message | ProtocolError): boolean;
  /** A message waits; it may be admitted within this call. */
  kept(message: Message | ProtocolError): void;
}

/**
 * What has arrived from one peer and is not dispatched yet, in the order of arrival: the rest of the frame that is being read, then
 * further frames, then what waits for both. A connection has one only while something makes it wait:
 *
 * - the side is not open yet, or has just been opened: the code that has opened it may still add handlers (`awaitOpening`, by the transport);
 * - gates decide to which session the connection belongs: frames are read, and their messages wait (`admit`, by the admission);
 * - a security opens a frame asynchronously (`hold`, by the filter);
 * - a meter has paused reading (`letRest`, by the metering);
 * - enough was dispatched in this turn of the event loop: other peers come first (`yieldTurn`, by the connection).
 *
 * Frames count by their bytes, up to `bufferedBytes`.
 */
export class InboundQueue {
  /** The rest of one frame; an error marks where the codec could read no further. Nothing else is read before this is dispatched. */
  private readonly rest = new Queue<Message | ProtocolError>();
  private restBytes = 0;
  /** Counts as long as something of that frame waits here. */
  private restWeight: FrameMemory | undefined;
  /** Whole frames, and jobs that run when everything before them was dispatched. */
  private readonly frames = new Queue<Frame | (() => void)>();
  /** How many bytes the whole frames have; they count as held for the peer. */
  frameBytes = 0;
  /** How many reasons to wait there are. */
  private holds = 0;
  /** One of them: the rest of the turn belongs to other peers. */
  private yielding = false;
  /** The queue is full: dispatch continues in spite of `yielding`. */
  private ignoresYield = false;
  private dispatching = false;
  /** One of the reasons to wait: the side that has the session is not open yet, or has been open for less than a turn. */
  private unopened = false;
  private untilAsked = false;
  /** One of them: a meter lets reading rest. */
  private resting = false;
  private admitting: Admitting | undefined;
  private paused = false;

  constructor(private readonly owner: InboundQueueOwner) {}

  /** How many bytes are held. */
  get bytes(): number {
    return this.frameBytes + this.restBytes;
  }

  /** Whether messages wait that were read with one that was dispatched, or before it. */
  get isWithinFrame(): boolean {
    return this.rest.length > 0;
  }

  /** Whether what arrives has to wait. If not, the queue is being emptied. */
  get blocked(): boolean {
    return this.holds > (this.ignoresYield ? 1 : 0);
  }

  /** Whether a security is opening a frame, for which all else waits. */
  get isOpening(): boolean {
    return this.holds > (this.yielding ? 1 : 0) + (this.resting ? 1 : 0) + this.unread;
  }

  /** For how many reasons messages wait that have been read. */
  private get unread(): number {
    return (this.unopened ? 1 : 0) + (this.admitting === undefined ? 0 : 1);
  }

  /** Keeps everything waiting until as many have released it as have held it. */
  hold(): void {
    this.holds++;
  }

  /** The last one who releases it dispatches what waits, within this call. */
  release(): void {
    if (--this.holds === 0) this.dispatch();
    else if (this.admitting !== undefined) this.readWaitingFrames();
  }

  /** Gates ask whose session it is: keeps messages waiting until `admitted`, but not the reading of frames. */
  admit(admitting: Admitting): void {
    this.admitting = admitting;
    this.hold();
  }

  admitted(): void {
    this.admitting = undefined;
    this.release();
  }

  /** While gates ask: reads the frames that wait. */
  private readWaitingFrames(): void {
    while (this.admitting !== undefined && this.holds === this.unread && !this.owner.ended) {
      const { first } = this.frames;
      if (first === undefined || typeof first === 'function') break;
      this.frames.shift();
      this.startFrame(first);
    }
    if (this.bytes < this.owner.host.limits.bufferedBytes / 4) this.resume();
  }

  /** Keeps everything waiting until `opened`; with `untilAsked`, no longer than until a frame comes while we await an answer. */
  awaitOpening(untilAsked: boolean): void {
    this.unopened = true;
    this.untilAsked = untilAsked;
    this.hold();
  }

  /** May be called twice. */
  opened(): void {
    if (!this.unopened) return;
    this.unopened = false;
    this.release();
  }

  /** Nothing is dispatched as long as reading rests. */
  setResting(begins: boolean): void {
    this.resting = begins;
    if (begins) this.hold();
    else this.release();
  }

  /** The rest of the turn belongs to other peers; reading stops meanwhile. */
  yieldTurn(): void {
    if (this.yielding) return;
    this.yielding = true;
    this.hold();
    this.pause();
    afterTurn(() => {
      this.yielding = false;
      this.release();
    });
  }

  /** A frame has arrived. Ends the session with a ProtocolError if more bytes wait than may be buffered. */
  add(frame: Frame): void {
    const { owner } = this;
    const { bufferedBytes } = owner.host.limits;
    if (this.admitting !== undefined && this.frames.length === 0 && this.holds === this.unread) {
      owner.start(frame);
      return;
    }
    this.frames.push(frame);
    this.frameBytes += frame.length;
    owner.load.add(frame.length);
    if (this.untilAsked && owner.sink.pendingCount > 0) this.opened();
    if (this.frameBytes <= bufferedBytes / 2) return;
    this.pause();
    if (this.frameBytes <= bufferedBytes) return;
    // Not every link can be paused. Where only fairness makes it wait, that ends here, and not the link.
    if (this.yielding && this.holds === 1) this.dispatchDownTo(bufferedBytes / 2);
    else {
      const text = `${this.frameBytes} bytes of ${owner.link.peer} wait to be dispatched`;
      owner.sink.end(new ProtocolError(`${text}, and the limit "bufferedBytes" is ${bufferedBytes}`, Code.Busy));
    }
  }

  /** A message of the frame that is being read has to wait, or the error that has ended the reading of it. */
  keep(message: Message | ProtocolError): void {
    const { admitting } = this;
    if (admitting?.passes(message)) return;
    const { size, weight } = this.owner;
    this.rest.push(message);
    this.restBytes = size;
    if ('kind' in message) weighMessage(message, weight);
    if (this.restWeight === undefined) {
      this.restWeight = weight;
      weight?.retain();
    }
    admitting?.kept(message);
  }

  /** Runs `job` when everything was dispatched that waits now, and before what comes later: at once, if only gates wait, for a first message. */
  whenDelivered(job: () => void): void {
    const { admitting } = this;
    const waits = this.isOpening || this.rest.length + this.frames.length > 0;
    if (admitting === undefined || (waits && admitting.outlivesLink)) this.frames.push(job);
    else job();
  }

  /** Nothing of it will be dispatched. */
  drop(): void {
    this.owner.load.subtract(this.frameBytes);
    this.restWeight?.release();
    this.restWeight = undefined;
    this.rest.clear();
    this.frames.clear();
    this.frameBytes = this.restBytes = 0;
  }

  private dispatch(down = -1): void {
    const { owner } = this;
    if (this.dispatching) return;
    this.dispatching = true;
    try {
      while (!this.blocked && !owner.ended && this.frameBytes > down) {
        const message = this.rest.shift();
        if (message !== undefined) owner.next(message);
        else if (!this.nextFrame()) break;
      }
    } finally {
      this.dispatching = false;
    }
    if (this.holds === 0) this.emptied();
    else if (!this.yielding && this.bytes < owner.host.limits.bufferedBytes / 4) this.resume();
  }

  /** Begins what comes next. Returns false if nothing waits. */
  private nextFrame(): boolean {
    this.restBytes = 0;
    this.restWeight?.release();
    this.restWeight = undefined;
    const next = this.frames.shift();
    if (typeof next === 'function') next();
    else if (next !== undefined) this.startFrame(next);
    return next !== undefined;
  }

  private startFrame(frame: Frame): void {
    this.frameBytes -= frame.length;
    this.owner.load.subtract(frame.length);
    this.owner.start(frame);
  }

  private emptied(): void {
    this.owner.queue = undefined;
    this.resume();
    this.owner.delivered();
  }

  private dispatchDownTo(down: number): void {
    this.ignoresYield = true;
    this.dispatch(down);
    this.ignoresYield = false;
  }

  private pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.owner.pauseReading();
  }

  private resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.owner.resumeReading();
  }
}
