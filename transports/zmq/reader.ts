import { randomUUID } from 'node:crypto';
import { printable } from '../../src/base/quote.js';
import { RecentSet } from '../../src/base/recent-set.js';
import { messageOf } from '../../src/base/thrown.js';
import type { Frame, Link, LinkInfo, Receiver, Wire } from '../../src/contract/contract.js';
import type { ZmqPlan } from './address.js';
import { Drops } from './drops.js';
import { OneWayTransport } from './one-way.js';
import { bindTo, type Parts, type ZmqLoader, type ZmqPackage, type ZmqSocket, type ZmqSubscriber } from './package.js';
import type { ZmqPipe } from './pipe.js';

/**
 * Who serves in the roles pipeline and pubsub: each message is a link of its own, so that one that cannot be read harms no other. While as
 * many as it may are being handled, nothing is read, and ZeroMQ gives what follows to others.
 */
export class ReaderTransport extends OneWayTransport<ZmqSocket> {
  /** Only of a subscriber. */
  readonly subscribe?: (topic: string) => Promise<() => Promise<void>>;
  private readonly isSubscriber: boolean;
  private readonly links = new RecentSet<MessageLink>();
  private readonly drops: Drops;
  private count = 0;
  private isRetired = false;

  constructor(plan: ZmqPlan, wire: Wire, load: ZmqLoader) {
    super(plan, wire, load);
    this.drops = new Drops(wire.logger);
    this.isSubscriber = plan.role === 'pubsub';
    if (this.isSubscriber) this.subscribe = (topic) => this.begins(topic);
  }

  private zeromq!: ZmqPackage;

  protected make(zeromq: ZmqPackage, options: Readonly<Record<string, unknown>>): ZmqSocket {
    const { Pull, Subscriber } = zeromq;
    this.zeromq = zeromq;
    const Socket = this.isSubscriber ? Subscriber : Pull;
    return new Socket({ receiveHighWaterMark: this.plan.queue, ...options });
  }

  protected begin(_pipe: ZmqPipe, socket: ZmqSocket): void {
    const { topics } = this.plan;
    // The package takes none at all for everything.
    if (this.isSubscriber && topics.length > 0) (socket as ZmqSubscriber).subscribe(...topics);
  }

  protected opened(): void {
    void this.pipe?.read();
  }

  /**
   * What ZeroMQ has reported while endpoints were changed, the package does not know, and it looks again only when something else happens. A socket
   * that does not send can make it so by a visitor in this process.
   */
  protected override changed(): void {
    const { socket, pipe } = this;
    if (socket === undefined || pipe?.hasUnread !== true) return;
    const { Push, Publisher } = this.zeromq;
    const visitor = new (this.isSubscriber ? Publisher : Push)({ linger: 0 });
    visitor.connect(bindTo(socket, `inproc://obverse-${randomUUID()}`));
    visitor.close();
  }

  /** ZeroMQ counts the subscriptions of a topic: each is ended once. */
  private async begins(topic: string): Promise<() => Promise<void>> {
    const socket = this.socket as ZmqSubscriber;
    socket.subscribe(topic);
    return async () => {
      if (!this.over) socket.unsubscribe(topic);
    };
  }

  protected take(parts: Parts): void {
    const [first] = parts;
    let frames: readonly Frame[];
    try {
      frames = this.frames.frames(this.isSubscriber ? parts.slice(1) : parts);
    } catch (error) {
      this.drops.add(`${this.address}: a message was dropped: ${printable(messageOf(error))}`);
      return;
    }
    const topic = this.isSubscriber ? (first as Buffer).toString() : undefined;
    const link = new MessageLink(this, ++this.count, topic);
    this.links.add(link);
    if (this.links.size >= this.plan.inFlight) this.pipe?.pause();
    link.receiver = this.accept(link);
    for (const frame of frames) if (!link.isOver) link.receiver.receive(frame);
  }

  gone(link: MessageLink): void {
    this.links.delete(link);
    if (this.links.size < this.plan.inFlight && !this.isRetired) this.pipe?.resume();
  }

  async stats(): Promise<Readonly<Record<string, number>>> {
    return { taken: this.links.size };
  }

  override async retire(): Promise<void> {
    this.isRetired = true;
    await super.retire();
    this.pipe?.pause();
  }

  protected failed(reason: Error): void {
    for (const link of [...this.links.all]) link.close(reason);
  }

  async close(): Promise<void> {
    this.over = true;
    for (const link of [...this.links.all]) link.close();
    this.pipe?.close(0);
    this.released();
    await undefined;
  }
}

/** One message, which is never answered. */
class MessageLink implements Link {
  readonly brief = true;
  readonly takes = 'nothing';
  readonly buffered = 0;
  receiver: Receiver | undefined;
  isOver = false;

  constructor(
    private readonly reader: ReaderTransport,
    private readonly number: number,
    private readonly topic: string | undefined,
  ) {}

  get peer(): string {
    return `${this.reader.address}#${this.number}`;
  }

  get info(): LinkInfo {
    const { address } = this.reader;
    return this.topic === undefined ? { address } : { address, topic: this.topic };
  }

  send(): void {}
  pause(): void {}
  resume(): void {}

  close(reason?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.reader.gone(this);
    const { receiver } = this;
    if (receiver !== undefined) receiver.closed(reason);
    else queueMicrotask(() => this.receiver?.closed(reason));
  }
}
