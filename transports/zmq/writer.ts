import { clearTimer, setTimer, type Timer } from '../../src/base/time.js';
import type { Envelope, Frame, Link, LinkInfo, Receiver, Wire } from '../../src/contract/contract.js';
import { Code, ConnectionLost, ProtocolError } from '../../src/contract/errors.js';
import type { ZmqPlan } from './address.js';
import { OneWayTransport } from './one-way.js';
import { isBoundHere, type ZmqEvent, type ZmqLoader, type ZmqPackage, type ZmqSocket } from './package.js';
import type { ZmqPipe } from './pipe.js';

/** How long, in ms, `open` waits for subscribers at known addresses: what is published before they subscribe is lost. */
const SUBSCRIBERS_MS = 1_000;
/** How long, in ms, those that are there may take to subscribe. */
const SUBSCRIBES_MS = 100;
/** How long, in ms, further subscriptions may follow: a subscriber may have several, and says them one after the other. */
const FURTHER_MS = 10;
const nothing = new Uint8Array(0);

/** Who connects in the roles pipeline and pubsub: writes notifications, which are never answered. */
export class WriterTransport extends OneWayTransport<ZmqSocket> {
  /** Only of a publisher. */
  readonly publish?: (topic: string, frames: readonly Frame[]) => void;
  private link: WriterLink | undefined;
  private readonly isPublisher: boolean;
  protected override readonly onlySends: boolean;
  /** Where it is known whether somebody is there. */
  private readonly known = new Set<string>();
  /** How many subscribers are there, and how many subscriptions have arrived. */
  private subscribers = 0;
  private subscriptions = 0;
  private further: Timer | undefined;
  private decided: (() => void) | undefined;
  private subscribed: (() => void) | undefined;

  constructor(plan: ZmqPlan, wire: Wire, load: ZmqLoader) {
    super(plan, wire, load);
    this.isPublisher = plan.role === 'pubsub';
    this.onlySends = !this.isPublisher;
    if (this.isPublisher) this.publish = (topic, frames) => this.publishTo(topic, frames);
  }

  protected make({ Push, XPublisher }: ZmqPackage, options: Readonly<Record<string, unknown>>): ZmqSocket {
    const common = { sendTimeout: 0, sendHighWaterMark: this.plan.queue, ...options };
    // A subscription that another subscriber has too is reported as well: each of them is awaited.
    if (this.isPublisher) return new XPublisher({ verbosity: 'allSubs', ...common });
    // Otherwise ZeroMQ would keep messages for endpoints where nobody is, which others could take.
    return new Push({ immediate: true, ...common });
  }

  protected begin(pipe: ZmqPipe): void {
    // Subscriptions are all that arrives at a publisher.
    if (this.isPublisher) void pipe.read();
  }

  protected async opened(): Promise<void> {
    const { plan } = this;
    if (this.isPublisher && !plan.bind) {
      this.lookHere();
      await within(SUBSCRIBERS_MS, (resolve) => {
        this.decided = resolve;
        this.decide();
      });
      if (this.subscribers > 0)
        await within(SUBSCRIBES_MS, (resolve) => {
          this.subscribed = resolve;
          if (this.subscriptions >= this.subscribers) this.further = setTimer(FURTHER_MS, resolve);
        });
      clearTimer(this.further);
    }
    if (this.over) return;
    this.link = new WriterLink(this);
    this.link.receiver = this.accept(this.link);
  }

  /** ZeroMQ reports nothing of sockets in its own process. */
  private lookHere(): void {
    for (const endpoint of this.plan.endpoints) {
      if (!endpoint.startsWith('inproc:')) continue;
      this.known.add(endpoint);
      if (isBoundHere(endpoint, 'pubsub')) this.subscribers++;
    }
  }

  protected take(): void {
    if (this.link !== undefined) return;
    this.subscriptions++;
    clearTimer(this.further);
    if (this.subscriptions >= this.subscribers) this.further = setTimer(FURTHER_MS, () => this.subscribed?.());
  }

  protected override watched({ type, address = '' }: ZmqEvent): void {
    if (type !== 'handshake' && type !== 'connect:retry') return;
    this.known.add(address);
    if (type === 'handshake') this.subscribers++;
    this.decide();
  }

  private decide(): void {
    if (this.known.size >= this.plan.endpoints.length) this.decided?.();
  }

  get buffered(): number {
    return this.pipe?.buffered ?? 0;
  }

  /** Nobody takes what is written. */
  get isFull(): boolean {
    return this.pipe?.isFull === true;
  }

  /** How many messages nobody has taken yet. */
  get waiting(): number {
    return this.pipe?.waitingMessages ?? 0;
  }

  /** What waits is bounded by the session, which reads `Link.buffered`. */
  write(frames: readonly Frame[], topic: Uint8Array = nothing): void {
    this.pipe?.send(this.isPublisher ? [topic, ...this.frames.parts(frames)] : this.frames.message(frames));
  }

  private publishTo(topic: string, frames: readonly Frame[]): void {
    const { bufferedBytes } = this.wire.limits;
    if (this.buffered > bufferedBytes)
      throw new ProtocolError(`${this.address}: more than ${bufferedBytes} bytes wait to be sent`, Code.Busy);
    this.write(frames, Buffer.from(topic));
  }

  protected override drained(): void {
    this.link?.receiver?.drained();
  }

  async flush(): Promise<void> {
    await this.pipe?.sent(true);
    if (this.over) throw new ConnectionLost(`${this.address} was closed before everything was sent`);
  }

  async stats(): Promise<Readonly<Record<string, number>>> {
    return { waiting: this.waiting };
  }

  protected failed(reason: Error): void {
    this.link?.close(reason);
  }

  /** Endpoints that it has bound are for others now. Those that it has connected to take what waits. */
  override async retire(): Promise<void> {
    if (!this.plan.bind) return;
    await this.pipe?.sent(false);
    await super.retire();
  }

  async close(): Promise<void> {
    this.over = true;
    this.link?.close();
    this.decided?.();
    this.subscribed?.();
    await this.pipe?.sent(false);
    const { waiting } = this;
    this.pipe?.close();
    this.released();
    if (waiting > 0)
      this.wire.logger.warn(
        `${this.address} was closed, and ${waiting} ${waiting === 1 ? 'message was' : 'messages were'} dropped: nobody has taken ${waiting === 1 ? 'it' : 'them'}`,
      );
  }
}

/** Resolves when `begin` calls its argument, at the latest after so many ms. */
function within(ms: number, begin: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    setTimer(ms, resolve).unref();
    begin(resolve);
  });
}

/** The link to all who may receive what is written. */
class WriterLink implements Link {
  readonly takes = 'notifications';
  /** Nobody answers a hello. */
  readonly agreed = false;
  readonly peer: string;
  receiver: Receiver | undefined;
  private isOver = false;

  constructor(private readonly transport: WriterTransport) {
    this.peer = `zmq:${transport.address.slice('zmq+'.length)}`;
  }

  get buffered(): number {
    return this.transport.buffered;
  }

  /** Nobody takes what is written: it waits, however long that lasts. */
  get away(): boolean {
    return this.transport.isFull;
  }

  get info(): LinkInfo {
    return { address: this.transport.address };
  }

  send(frames: readonly Frame[]): void {
    for (const frame of frames) if (!this.isOver) this.transport.write([frame]);
  }

  dispatch(frames: readonly Frame[], _call: Envelope): undefined {
    if (!this.isOver) this.transport.write(frames);
  }

  pause(): void {}
  resume(): void {}

  close(reason?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    queueMicrotask(() => this.receiver?.closed(reason));
  }
}
