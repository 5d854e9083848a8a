import type { Envelope, Frame, Link, LinkInfo, Receiver } from '../../src/contract/contract.js';
import { Code, ConnectionLost, ProtocolError } from '../../src/contract/errors.js';
import type { Beats } from './beats.js';
import type { NatsFrames } from './frames.js';
import type { NatsMessage, Outage, Waiting } from './outage.js';
import { END } from './reply.js';
import type { Unconfirmed } from './unconfirmed.js';

/** What the links of a transport share. */
export interface NatsHub {
  readonly scheme: string;
  readonly subject: string;
  /** Whether a peer that sends hello could understand it. */
  readonly hello: boolean;
  /** In ms, of a side that serves. */
  readonly beat: number;
  /** Of a side that connects: what is known about the reports of those who serve. */
  readonly beats: Beats;
  readonly away: boolean;
  readonly maxPayload: number;
  readonly own: string;
  /** What the ids of peers begin with. */
  readonly shown: string;
  readonly frames: NatsFrames;
  readonly outage: Outage;
  readonly unconfirmed: Unconfirmed;
  /** Sends a message; while the connection is being restored, it waits. */
  post(to: string, body: string | Uint8Array, reply: string | undefined): void;
  /** A link has ended. */
  gone(link: NatsLink): void;
  /** A frame or a message of somebody was dropped. */
  drop(what: string, error: unknown): void;
}

/** What all links have: their end is reported once, and what waits to be sent is counted. */
export abstract class NatsLink implements Link, Waiting {
  abstract readonly peer: string;
  readonly agreed: boolean = false;
  receiver: Receiver | undefined;
  held: NatsMessage[] | undefined;
  unheard = false;
  /** The bytes that the server has not confirmed: since it was last asked, and before. */
  fresh = 0;
  asked = 0;
  isOver = false;

  constructor(protected readonly hub: NatsHub) {}

  get buffered(): number {
    return this.fresh + this.asked;
  }

  get away(): boolean {
    return this.hub.away;
  }

  /** For the error of a call that times out meanwhile: otherwise it seems that nobody serves. */
  get advice(): string | undefined {
    return this.away ? 'the connection to the server of NATS is lost, and is being restored' : undefined;
  }

  get maxFrame(): number {
    return this.hub.frames.largest(this.hub.maxPayload);
  }

  get info(): LinkInfo {
    return { subject: this.hub.subject };
  }

  abstract send(frames: readonly Frame[]): void;

  // A subscription of NATS cannot be paused: the server ends the connection of a client that does not read.
  pause(): void {}

  resume(): void {}

  close(reason?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    if (reason === undefined) for (const { to, body, reply } of this.held ?? []) this.hub.post(to, body, reply);
    this.ends();
    this.held = undefined;
    this.hub.gone(this);
    // In a microtask, because the end may come from within `accept`, when there is no receiver yet.
    queueMicrotask(() => this.receiver?.closed(reason));
  }

  /** It ends: the last chance to send something. */
  protected ends(): void {}

  deserted(_held: readonly NatsMessage[]): void {}

  /** A message of the peer. */
  take(body: Uint8Array): void {
    this.unpack(body, (frame) => this.receiver?.receive(frame));
  }

  protected unpack(body: Uint8Array, give: (frame: Frame) => void): void {
    try {
      this.hub.frames.unpack(body, (frame) => {
        if (!this.isOver) give(frame);
      });
    } catch (error) {
      this.unreadable(error as Error);
    }
  }

  /** A message of the peer is too large, or not in the framing. */
  protected unreadable(error: Error): void {
    this.close(error);
  }

  protected put(to: string, body: string | Uint8Array, reply: string | undefined, id?: number): void {
    this.hub.unconfirmed.add(this, body.length);
    if (this.held === undefined) this.hub.post(to, body, reply);
    else this.hub.outage.hold(this, { to, body, reply, id });
  }
}

/** The link to all who serve a subject. */
export class ServiceLink extends NatsLink {
  readonly peer: string;
  override readonly agreed: boolean;
  readonly anycast = true;
  private readonly from: string;

  constructor(hub: NatsHub, number: number) {
    super(hub);
    this.peer = `${hub.scheme}:${hub.subject}`;
    this.agreed = hub.hello;
    this.from = `${hub.own}.${number}.`;
  }

  get callBeat(): number {
    return this.hub.beats.beat;
  }

  get reports(): boolean {
    return this.hub.beats.reports;
  }

  send(frames: readonly Frame[]): void {
    if (frames.length > 0) this.dispatch(frames, { id: undefined });
  }

  dispatch(frames: readonly Frame[], { id }: Pick<Envelope, 'id'>): undefined {
    if (this.isOver) return;
    const { hub } = this;
    const body = hub.frames.together(frames);
    if (body.length > hub.maxPayload) {
      const error = new ProtocolError(
        `the message is larger than the ${hub.maxPayload} bytes of the server`,
        Code.TooLarge,
      );
      if (id === undefined) hub.drop('a notification was not sent', error);
      else this.receiver?.outcome?.(id, error);
      return;
    }
    this.put(hub.subject, body, this.from + (id ?? 0), id);
  }

  /** A message to all, or to a topic, from any client that may publish there. */
  published(body: Uint8Array): void {
    this.unpack(body, (frame) => this.receiver?.published?.(frame));
  }

  withdraw(_id: number, frames: readonly Frame[]): void {
    if (this.isOver || frames.length === 0) return;
    this.put(`${this.hub.subject}._spread`, this.hub.frames.together(frames), `${this.from}0`);
  }

  /** The server reports that nobody has received the call; 0 is anything else than a call. */
  missed(id: number): void {
    if (this.held !== undefined) this.unheard = true;
    else if (id > 0) this.receiver?.outcome?.(id, this.nobody());
  }

  override deserted(held: readonly NatsMessage[]): void {
    for (const { id } of held) if (id !== undefined) this.receiver?.outcome?.(id, this.nobody());
  }

  private nobody(): ConnectionLost {
    return new ConnectionLost(`nobody serves ${this.peer}`, { maybeExecuted: false });
  }

  /** Anybody can publish what it receives, so that ends nothing. */
  protected override unreadable(error: Error): void {
    this.hub.drop('a message to everyone was dropped', error);
  }
}

/** The link to one peer, which has an address of its own: a caller, or a member of a service. */
export class PeerLink extends NatsLink {
  readonly peer: string;
  override readonly agreed: boolean;
  readonly packets: boolean;
  readonly service?: Link;
  readonly callBeat?: number;
  readonly broadcast?: boolean;
  /** The sweeps since it was last heard. */
  silent = 0;
  /** The beginning of the replies of its messages: where its connection is reached. */
  readonly inbox: string;
  private readonly to: string;
  private readonly from: string;
  /** No message about the end needs to be sent to the peer. */
  private isTold = false;

  /** `address`: where it is reached, without the last word. A caller has no `service`. */
  constructor(
    hub: NatsHub,
    readonly number: number,
    readonly address: string,
    service: Link | undefined,
  ) {
    super(hub);
    this.inbox = address.slice(0, address.lastIndexOf('.') + 1);
    // Not made of its address: ids are shown and logged, and a client that knows the address can send messages in the name of the peer.
    this.peer = `${hub.scheme}:${hub.shown}.${number}`;
    this.agreed = hub.hello;
    this.packets = hub.hello;
    if (service === undefined) {
      this.callBeat = hub.beat;
      this.broadcast = true;
    } else this.service = service;
    this.to = `${address}.0`;
    this.from = `${hub.own}.${number}.0`;
  }

  send(frames: readonly Frame[]): void {
    if (this.isOver) return;
    const { maxPayload, frames: packing } = this.hub;
    for (const body of packing.pack(frames, maxPayload)) this.put(this.to, body, this.from);
  }

  override take(body: Uint8Array): void {
    this.silent = 0;
    // It has restored its connection.
    if (this.held?.length === 0) this.held = undefined;
    super.take(body);
  }

  /** Asks the server whether the peer is still there: if not, `missed` follows. */
  probe(): void {
    this.silent = 0;
    this.put(this.to, '', this.from);
  }

  /** The server reports that nobody has received what was sent. */
  missed(): void {
    if (this.held !== undefined) this.unheard = true;
    else this.over(new ConnectionLost(`${this.peer} is gone`));
  }

  override deserted(): void {
    this.over(new ConnectionLost(`${this.peer} is gone`));
  }

  /** The peer has ended it, or is gone: it needs no report. */
  over(reason?: Error): void {
    this.isTold = true;
    this.close(reason);
  }

  protected override ends(): void {
    if (!this.isTold) this.hub.post(this.to, '', this.from.replace(/0$/, END));
  }
}
