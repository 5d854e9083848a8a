import type { Bad, Batch, Call, Frame, Link, Message, Receiver } from '../contract/contract.js';
import { ProtocolError, type RpcError } from '../contract/errors.js';
import { BadMessages } from './receiving/bad-messages.js';
import { FrameMemory, WEIGHED, weighMessage } from './receiving/frame-memory.js';
import { InboundQueue } from './receiving/inbound-queue.js';
import { STEP, TurnShare } from './receiving/turn-share.js';
import { UnreadableFrame, wrongWith } from './receiving/unreadable-frame.js';
import { FrameWriter, type FrameWriterHost } from './sending/frame-writer.js';
import { whenDelivered } from './sending/when-delivered.js';

/** So many bytes of a frame take as long as a message. */
const MESSAGE_BITS = 13;

/** What an extension adds to `rpc.hello`, in both directions. Nothing here throws. */
export interface Greeting {
  /**
   * A field for the hello of this side; undefined adds none. Called when the hello is about to be sent: by the side that has dialed
   * before anything has arrived, by the other one after `greeted`.
   */
  hello?(connection: Connection): { readonly name: string; readonly value: unknown } | undefined;
  /** The peer has sent hello, with these fields, whatever they contain. Called with each hello that arrives. */
  greeted?(connection: Connection, fields: Readonly<Record<string, unknown>>): void;
  /** The connection has ended. */
  ended?(connection: Connection): void;
}

/**
 * Called with each message of a connection before it is served: calls, answers, the library's own messages, and what could not be read.
 * `bytes`: its length within its frame, in letters or bytes; where the codec does not report it, the first such message of a frame has
 * what is left of the frame, and the others have 0. Returns how many milliseconds reading rests, 0 for not at all: nothing of the
 * connection is served meanwhile, answers included. A thrown RpcError refuses the message; anything else that is thrown is reported, and
 * refuses it too. `connection.close(reason)` ends the connection.
 */
export type Meter = (connection: Connection, message: Message, bytes: number) => number;

/** What the meters need of their connection. */
export interface Metering {
  begin(bytes: number): void;
  note(message: Message, bytes: number | undefined): void;
  refuses(message: Message): RpcError | undefined;
  end(): void;
}

/** What a connection needs of its side. One for all connections of a side. */
export interface ConnectionHost extends FrameWriterHost {
  /** Frames for fewer levels than this cannot be nested too deep; 0 where stages may have made them shorter. */
  readonly shallow: number;
  /** Of the extensions that add to `rpc.hello`; none on most sides. */
  readonly gates: readonly Greeting[];
  /** What the extensions do for the side: makes the metering of a connection, where one of them meters. */
  readonly attached: { readonly metering: ((connection: Connection) => Metering) | undefined };
  /** The connection has ended. Called once. */
  disconnected(connection: Connection): void;
}

/**
 * One link, as bytes and frames: what arrives is decoded, in its order and within the bounds, and what leaves is joined and counted. It is the
 * receiver of the link, and alone calls `Link.send`. The messages go to a sink: the session, or before there is one, an admission.
 */
export class Connection extends FrameWriter implements Receiver {
  /** What waits to be dispatched; undefined while nothing has to wait. */
  queue: InboundQueue | undefined;
  bad: BadMessages | undefined;
  /** While the sink wants to know when everything that has arrived was dispatched. */
  reportsDelivery = false;
  /** The length of the frame that is being read, with everything that is in it, in letters or bytes. Of a brief link, -1 before its frame. */
  size: number;
  /** The bytes of frames that were read and that no journal has counted: a small integer, which wraps around without one. */
  uncounted = 0;
  /** The frame that is being read, if it is long enough to be weighed. */
  weight: FrameMemory | undefined;
  /** Who the peer is, as an extension has found before there was a session. */
  user: unknown;
  /** A frame has arrived since this was last set to false. */
  heard = true;
  private pauses = 0;
  private readonly metering: Metering | undefined;
  /** After how many messages to ask whether this turn has dispatched enough. */
  private left = STEP;
  private step = STEP;
  private share: TurnShare | undefined;
  /** A frame or message that is longer than this may be nested too deep. */
  private threshold = 0;
  /** Whether what is dispatched may be nested too deep. */
  private long = false;
  private unclaimed = 0;
  /** The frame that is being read. */
  reading: Frame | undefined;
  /** The rest of the frame is dropped. */
  private dropsRest = false;
  /** The batch whose rest is dropped. */
  private droppedBatch: Batch | undefined;
  private readonly onMessage = (message: Message, bytes?: number, levels?: number): boolean => {
    this.long = levels === undefined ? (bytes ?? this.size) > this.threshold : levels > this.host.shallow;
    this.metering?.note(message, bytes);
    return this.take(message);
  };

  constructor(
    link: Link,
    override readonly host: ConnectionHost,
  ) {
    super(link, host);
    this.size = link.brief === true ? -1 : 0;
    this.metering = host.attached.metering?.(this);
  }

  /** How many calls are open, in both directions. */
  get open(): number {
    return this.sink.open;
  }

  // ---- in -----------------------------------------------------------------------------------------------------------

  receive(frame: Frame): void {
    if (this.ended) return;
    this.heard = true;
    const { traffic } = this.host.load;
    traffic.framesReceived++;
    traffic.bytesReceived += frame.length;
    if (this.queue === undefined) this.start(frame);
    else this.queue.add(frame);
    if (this.reportsDelivery && this.queue === undefined) this.sink.delivered();
  }

  /** What waits to be dispatched; made now. */
  get inboundQueue(): InboundQueue {
    this.queue ??= new InboundQueue(this);
    return this.queue;
  }

  /** A frame is at its turn. */
  start(frame: Frame): void {
    const { filter } = this;
    if (filter !== undefined) filter.receive(frame);
    else this.read(frame);
  }

  /** Decodes a frame; `onMessage` receives its messages, in order, and returns false once no more of them are wanted. */
  read(frame: Frame, onMessage: (message: Message, bytes?: number) => boolean = this.onMessage): void {
    const { codec, shallow } = this.host;
    // Only what is long enough can be nested too deep: a level costs two letters, or one byte.
    this.threshold = shallow * (typeof frame === 'string' ? 2 : 1);
    this.long = frame.length > this.threshold;
    this.bad?.begin();
    this.dropsRest = false;
    this.unclaimed = this.size = frame.length;
    this.uncounted = (this.uncounted + frame.length) | 0;
    this.reading = frame;
    this.metering?.begin(frame.length);
    this.left -= frame.length >> MESSAGE_BITS;
    if (frame.length >= WEIGHED || this.load.isLoaded) this.weight = new FrameMemory(this.load, frame);
    try {
      codec.decode(frame, onMessage, this.agreed);
    } catch (thrown) {
      const error = new UnreadableFrame(thrown, wrongWith(this.link, frame));
      if (this.queue?.blocked) this.queue.keep(error);
      else this.next(error);
    }
    this.reading = undefined;
    this.weight = undefined;
    if (this.droppedBatch?.left === 0) this.sink.complete(this.droppedBatch);
    this.droppedBatch = undefined;
  }

  /** The bytes of the frame that is being read, for the first of its messages that asks. */
  claim(): number {
    const { unclaimed } = this;
    this.unclaimed = 0;
    return unclaimed;
  }

  /** A call begins to wait, or to work for longer than this turn: its frame counts for as long. Most calls never get here. */
  weigh(call: Call): void {
    if (call.frameMemory === undefined) weighMessage(call, this.weight);
    call.frameMemory?.retain();
  }

  /** A frame as a whole is lost, or refused before it is read. */
  unreadable(error: ProtocolError): void {
    if (this.ended) return;
    this.sink.unreadable(error);
    this.unreadables.count(error.message);
  }

  private get unreadables(): BadMessages {
    this.bad ??= new BadMessages(this);
    return this.bad;
  }

  /** The codec has read a message. Returns false if no more of the frame is wanted: the link has ended, or is about to. */
  take(message: Message): boolean {
    const { queue } = this;
    if (this.ended || this.dropsRest) return false;
    if (message.kind === 'bad') this.countBad(message);
    if (queue?.blocked) {
      // Its own length is not kept with it: it is looked into as if it were as long as the frame.
      this.long = this.size > this.threshold;
      queue.keep(message);
    } else {
      this.dispatch(message);
      if (--this.left <= 0) this.checkTurnShare();
    }
    return true;
  }

  /** The last one that is counted ends the link, or the frame on a bus. What follows is neither read nor reported. */
  private countBad(bad: Bad): void {
    this.dropsRest = this.unreadables.read();
    if (this.dropsRest) this.droppedBatch = bad.batch;
    if (this.reading !== undefined) bad.read = wrongWith(this.link, this.reading);
  }

  /** A message is at its turn, or the error that has ended the reading of its frame. */
  next(message: Message | ProtocolError): void {
    // Not by `instanceof`, which walks the prototypes of each message.
    if ('kind' in message) this.dispatch(message);
    else this.unreadable(message);
    if (--this.left <= 0) this.checkTurnShare();
  }

  private dispatch(message: Message): void {
    const refused = this.metering?.refuses(message);
    if (this.ended) return;
    if (message.kind === 'bad') {
      const { code, message: text } = message.error;
      const error = new ProtocolError(message.read === undefined ? text : `${text}: ${message.read}`, code);
      this.sink.refuse(message, error);
      this.unreadables.count(error.message);
      return;
    }
    this.bad?.interrupt();
    const refusal: RpcError | undefined = refused ?? this.filter?.refuses(message);
    if (refusal === undefined) this.sink.receive(message, this.long);
    else this.sink.refuse(message, refusal);
  }

  /** Whether enough was dispatched in this turn. */
  private checkTurnShare(): void {
    this.share ??= new TurnShare();
    const next = this.share.spend(this.step);
    this.left = this.step = next === 0 ? this.share.next : next;
    if (next !== 0 || this.ended) return;
    this.inboundQueue.yieldTurn();
  }

  /** Everything that has arrived was dispatched. */
  delivered(): void {
    if (this.reportsDelivery) this.sink.delivered();
  }

  /** Stops reading until `resumeReading` was called as often. */
  pauseReading(): void {
    if (this.pauses++ === 0) this.link.pause();
  }

  /** Whether this side does not read at the moment. */
  get isPaused(): boolean {
    return this.pauses > 0;
  }

  resumeReading(): void {
    if (--this.pauses === 0 && !this.ended) this.link.resume();
  }

  /** Ends the connection and what goes on over it. Without a reason, what was posted still leaves. */
  close(reason?: Error): void {
    this.sink.end(reason);
  }

  inputEnded(reason?: Error): void {
    if (!this.ended) whenDelivered(this, () => this.sink.inputEnded(reason));
  }

  outcome(id: number, answer: readonly Frame[] | Error): void {
    if (!this.ended) this.sink.outcome?.(id, answer);
  }

  published(frame: Frame): void {
    if (!this.ended) this.sink.published?.(frame);
  }

  /** The link has ended. What came before a clean end is dispatched first. */
  closed(reason?: Error): void {
    if (this.ended) return;
    if (reason === undefined) whenDelivered(this, () => this.sink.lost(undefined));
    else this.sink.lost(reason);
  }

  /** The link has ended, or is about to: nothing more arrives or leaves, and what waits to be dispatched is dropped. */
  detach(): void {
    if (this.ended) return;
    this.ended = true;
    this.watch = undefined;
    this.queue?.drop();
    for (const gate of this.host.gates) gate.ended?.(this);
    this.metering?.end();
    this.host.disconnected(this);
  }
}
