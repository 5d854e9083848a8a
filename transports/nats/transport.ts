import type { Msg } from '@nats-io/nats-core';
import { printable } from '../../src/base/quote.js';
import { messageOf } from '../../src/base/thrown.js';
import { clearTimer, setTimer, type Timer } from '../../src/base/time.js';
import type { Accept, Frame, FramingFactory, Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { mustBePattern, type NatsPlan } from './address.js';
import { Beats, USUAL_BEAT } from './beats.js';
import { NatsClient, type NatsLoader } from './client.js';
import { Discovery } from './discovery.js';
import { Drops } from './drops.js';
import { ForeignMessages } from './foreign.js';
import { NatsFrames } from './frames.js';
import { type NatsHub, type NatsLink, PeerLink, ServiceLink } from './link.js';
import { Outage } from './outage.js';
import { addressOf, asks, beatWord, END, isObverse, WHO } from './reply.js';
import { NatsTopics } from './topics.js';
import { Unconfirmed } from './unconfirmed.js';

/**
 * Calls over NATS. Who serves receives a subject, with others of the same queue one message each; who connects has one link, to all who
 * serve, whose members come up as they answer. Each message names where its sender is reached: the address of its connection, the number
 * of its link, and the id of the call, 0 for anything else. A message with another reply comes from a client that is not Obverse.
 */
export class NatsTransport implements Transport, NatsHub {
  readonly address: string;
  readonly scheme = 'nats';
  readonly subject: string;
  readonly hello: boolean;
  readonly beat: number;
  readonly beats: Beats;
  readonly frames: NatsFrames;
  readonly outage: Outage;
  readonly unconfirmed: Unconfirmed;
  /** Reaches all who are connected. Only of who serves. */
  readonly broadcast?: (frames: readonly Frame[]) => void;
  private readonly client: NatsClient;
  private readonly topics: NatsTopics;
  private readonly drops: Drops;
  private readonly discovery: Discovery | undefined;
  private readonly links = new Set<NatsLink>();
  private readonly byNumber = new Map<number, PeerLink | ServiceLink>();
  /** By the addresses of their peers. */
  private readonly byAddress = new Map<string, PeerLink>();
  private service: ServiceLink | undefined;
  private accept!: Accept;
  private last = 0;
  private readonly foreign: ForeignMessages;
  /** The messages to the subject that this side serves. */
  private received = 0;
  private stopServing: (() => Promise<void>) | undefined;
  private sweeper: Timer | undefined;
  private over = false;

  constructor(
    private readonly plan: NatsPlan,
    private readonly wire: Wire,
    loader: NatsLoader,
    framing?: FramingFactory,
  ) {
    if (wire.form === 'values') throw new UsageError('nats: carries text or bytes, not values; use another codec');
    this.address = plan.address;
    this.drops = new Drops(plan.address, wire.logger);
    this.subject = plan.subject;
    this.beat = plan.beat ?? USUAL_BEAT;
    this.beats = new Beats(plan.beat, () => this.post(`${this.subject}._spread`, '', `${this.own}.0.${WHO}`));
    this.hello = wire.hello;
    this.foreign = new ForeignMessages(this, wire.limits.peers, (link) => this.admit(link));
    this.frames = new NatsFrames(wire, framing);
    this.client = new NatsClient(plan, wire, loader, {
      lost: () => this.outage.begin(this.links),
      restored: () => {
        this.outage.end(this.links);
        this.unconfirmed.restored();
        if (this.stopServing !== undefined) this.announce();
      },
      ended: (error) => this.ended(error),
    });
    this.outage = new Outage(this.client, wire.limits.bufferedBytes);
    this.unconfirmed = new Unconfirmed(() => this.client.flush());
    this.topics = new NatsTopics(this, this.client, plan.subject, wire.limits.bufferedBytes);
    if (wire.listen) this.broadcast = (frames) => this.tell(`${this.subject}._everyone`, frames);
    this.discovery = wire.listen && plan.discover ? new Discovery(plan, this.client, () => this.received) : undefined;
  }

  get away(): boolean {
    return this.client.away;
  }

  get maxPayload(): number {
    return this.client.maxPayload;
  }

  get own(): string {
    return this.client.own;
  }

  get shown(): string {
    return this.client.shown;
  }

  async open(accept: Accept): Promise<void> {
    if (this.over) throw this.closedEarly();
    this.accept = accept;
    const { client, subject, plan } = this;
    try {
      await client.connect();
      await client.subscribe(`${client.own}.>`, undefined, (message) => this.direct(message));
      if (this.wire.listen) {
        await client.subscribe(`${subject}._spread`, undefined, (message) => this.spread(message));
        this.announce();
        this.stopServing = await client.subscribe(subject, plan.queue, (message) => this.asked(message));
        await this.discovery?.open();
      } else {
        this.service = new ServiceLink(this, 0);
        this.byNumber.set(0, this.service);
        await client.subscribe(`${subject}._everyone`, undefined, (message) => this.everyone(message));
        await this.beats.begin();
      }
    } catch (error) {
      // Its end is reported, too.
      const isClosed = this.over;
      await client.close();
      throw isClosed ? this.closedEarly() : error;
    }
    if (this.over) throw this.closedEarly();
    this.sweep();
    if (this.service !== undefined) this.admit(this.service);
  }

  private closedEarly(): Error {
    return new ConnectionLost(`${this.address} was closed before it was open`);
  }

  // ---- what arrives ---------------------------------------------------------------------------------------------------

  /** A message to the address of this connection. */
  private direct(message: Msg): void {
    const { data } = message;
    const words = message.subject.slice(this.own.length + 1);
    const dot = words.indexOf('.');
    const link = this.byNumber.get(Number(words.slice(0, dot)));
    if (link === undefined) return;
    if (data.length === 0) this.empty(link, message, words.slice(dot + 1));
    else if (link !== this.service) {
      if (message.reply?.startsWith((link as PeerLink).inbox)) link.take(data);
    } else {
      const from = addressOf(message.reply);
      (from === undefined ? link : (this.byAddress.get(from) ?? this.member(from, link))).take(data);
    }
  }

  /** Without a body: nobody has received a message, or a peer reports that its link has ended or that it serves; else a probe. */
  private empty(link: PeerLink | ServiceLink, { headers, reply }: Msg, word: string): void {
    if (headers?.code === 503 && word === WHO) this.beats.nobody();
    else if (headers?.code === 503) link.missed(Number(word));
    if (reply === undefined || reply === '') return;
    if (link === this.service) this.beats.take(reply);
    if (!reply.endsWith(`.${END}`)) return;
    const ended = link instanceof PeerLink ? link : this.byAddress.get(addressOf(reply) ?? '');
    if (ended !== undefined && reply.startsWith(ended.inbox)) ended.over();
  }

  private member(from: string, service: ServiceLink): PeerLink | ServiceLink {
    // A server that has received a call knows the address of its caller, and could pretend to be any number of peers.
    if (!isObverse(`${from}.0`, this.subject) || this.byAddress.size >= this.wire.limits.peers) return service;
    this.beats.reports = true;
    return this.peer(from, service);
  }

  /** A message to the subject that this side serves. */
  private asked(message: Msg): void {
    this.received++;
    const from = addressOf(message.reply);
    const known = from === undefined ? undefined : this.byAddress.get(from);
    if (known !== undefined) known.take(message.data);
    else if (
      from === undefined ||
      !isObverse(message.reply, this.subject) ||
      this.byAddress.size >= this.wire.limits.peers
    )
      this.foreign.take(message);
    else this.peer(from, undefined).take(message.data);
  }

  /** A message to all who serve, for one of them: only of a caller that is known here. Without a body, it asks who serves. */
  private spread({ reply = '', data }: Msg): void {
    const from = addressOf(reply) ?? '';
    if (data.length > 0) this.byAddress.get(from)?.take(data);
    else if (this.stopServing !== undefined && asks(reply, this.subject)) this.announce(`${from}.0`);
  }

  /** A message to all who are connected; without a body, somebody begins to serve. */
  private everyone({ reply, data }: Msg): void {
    if (data.length > 0) this.service?.published(data);
    else this.beats.take(reply ?? '');
  }

  /** Says to somebody, or to all who are connected, that this side serves. */
  private announce(to = `${this.subject}._everyone`): void {
    this.post(to, '', `${this.own}.0.${beatWord(this.beat)}`);
  }

  private peer(address: string, service: ServiceLink | undefined): PeerLink {
    const link = new PeerLink(this, ++this.last, address, service);
    this.byNumber.set(link.number, link);
    this.byAddress.set(address, link);
    this.admit(link);
    return link;
  }

  private admit(link: NatsLink): void {
    if (this.away) link.held = [];
    this.links.add(link);
    link.receiver = this.accept(link);
  }

  gone(link: NatsLink): void {
    this.links.delete(link);
    this.foreign.gone(link);
    if (link instanceof PeerLink) {
      this.byNumber.delete(link.number);
      this.byAddress.delete(link.address);
    } else if (link === this.service) for (const member of this.byAddress.values()) member.close();
  }

  drop(what: string, error: unknown): void {
    this.drops.add(what, error);
  }

  /** Probes the peers that were silent: one that is gone without a message is found. */
  private sweep(): void {
    this.sweeper = setTimer(this.plan.forget / 2, () => {
      this.sweep();
      if (this.away) return;
      if (!this.wire.listen) this.beats.ask();
      for (const link of this.byAddress.values()) if (++link.silent > 2) link.probe();
    }).unref();
  }

  post(to: string, body: string | Uint8Array, reply: string | undefined): void {
    if (!this.away) this.client.publish(to, body, reply);
    else if (!this.outage.keep({ to, body, reply }))
      this.drop('a message was dropped', 'too many wait until the connection is restored');
  }

  publish(topic: string, frames: readonly Frame[]): void {
    if (!this.over && frames.length > 0) this.topics.publish(topic, frames);
  }

  private tell(to: string, frames: readonly Frame[]): void {
    if (this.over || frames.length === 0) return;
    const body = this.frames.together(frames);
    if (body.length > this.maxPayload)
      this.drop(`a message to ${to} was dropped`, 'it is larger than the server allows');
    else this.post(to, body, undefined);
  }

  async subscribe(topic: string): Promise<() => Promise<void>> {
    mustBePattern(topic);
    return this.client.subscribe(`${this.subject}._topic.${topic}`, undefined, (message) => {
      if (this.service === undefined) this.foreign.take(message);
      else this.service.published(message.data);
    });
  }

  async flush(): Promise<void> {
    const isAgain = await this.outage.settled(this.wire.limits.connectMs);
    await this.unconfirmed.allOf(this.address, isAgain && !this.over);
  }

  // ---- ends -----------------------------------------------------------------------------------------------------------

  async retire(): Promise<void> {
    this.discovery?.close();
    const stop = this.stopServing;
    this.stopServing = undefined;
    await stop?.();
  }

  async close(): Promise<void> {
    this.over = true;
    clearTimer(this.sweeper);
    this.beats.end();
    this.discovery?.close();
    for (const link of [...this.links]) link.close();
    await this.client.close();
  }

  /** The client has stopped reconnecting, or was closed. */
  private ended(error: Error | undefined): void {
    const reason = this.over
      ? undefined
      : new ConnectionLost(`${this.address} was lost: ${printable(messageOf(error ?? 'the client was closed'))}`);
    this.over = true;
    clearTimer(this.sweeper);
    this.beats.end();
    for (const link of [...this.links]) link.close(reason);
  }
}
