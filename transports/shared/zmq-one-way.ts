import { printable } from '../../src/base/quote.js';
import { messageOf } from '../../src/base/thrown.js';
import type { Accept, Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { addressOf, readEndpoint, type ZmqPlan } from './zmq-address.js';
import { ZmqFrames } from './zmq-frames.js';
import {
  bindTo,
  connectTo,
  detachFrom,
  type Parts,
  type ZmqEvent,
  type ZmqLoader,
  type ZmqPackage,
  type ZmqSocket,
} from './zmq-package.js';
import { type PipeHost, ZmqPipe } from './zmq-pipe.js';

/** What the transports of pipeline and pubsub have in common: one socket for all endpoints, in one direction. */
export abstract class OneWayTransport<S extends ZmqSocket> implements Transport {
  readonly frames: ZmqFrames;
  protected socket: S | undefined;
  protected pipe: ZmqPipe | undefined;
  protected accept!: Accept;
  protected over = false;
  private bound: readonly string[];
  /** The address of its endpoints: a reader asks for it with each message. */
  private text: string;

  constructor(
    readonly plan: ZmqPlan,
    readonly wire: Wire,
    private readonly load: ZmqLoader,
  ) {
    this.frames = new ZmqFrames(wire, false);
    this.bound = plan.endpoints;
    this.text = addressOf(plan.endpoints, plan.role);
  }

  get address(): string {
    return this.text;
  }

  private get endpoints(): readonly string[] {
    return this.bound;
  }

  private set endpoints(endpoints: readonly string[]) {
    this.bound = endpoints;
    this.text = addressOf(endpoints, this.plan.role);
  }

  /** Whether nothing is read. */
  protected readonly onlySends: boolean = false;
  protected abstract make(zeromq: ZmqPackage, options: Readonly<Record<string, unknown>>): S;
  /** The socket is there, and is not bound or connected yet. */
  protected abstract begin(pipe: ZmqPipe, socket: S): void;
  /** The socket is bound, or connects. */
  protected abstract opened(): void | Promise<void>;
  protected abstract take(parts: Parts): void;
  protected abstract failed(reason: Error): void;
  /** Endpoints were added or removed while messages are read. */
  protected changed(): void {}
  protected drained(): void {}
  protected watched(_event: ZmqEvent): void {}

  async open(accept: Accept): Promise<void> {
    this.mustNotBeClosed();
    const zeromq = await this.load();
    this.mustNotBeClosed();
    this.accept = accept;
    const { plan, endpoints } = this;
    const options = {
      maxMessageSize: this.frames.limit,
      heartbeatInterval: plan.beat,
      heartbeatTimeout: 2 * plan.beat,
      ipv6: endpoints.some((endpoint) => endpoint.includes('[')),
      ...plan.socket,
    };
    const host: PipeHost = {
      take: (parts) => this.take(parts),
      drained: () => this.drained(),
      event: (event) => this.watched(event),
      failed: (error) => this.hasFailed(error),
    };
    const pipe = new ZmqPipe(() => this.make(zeromq, options), host, this.onlySends);
    const socket = pipe.socket as S;
    this.socket = socket;
    this.pipe = pipe;
    try {
      this.begin(pipe, socket);
      const attached: string[] = [];
      for (const endpoint of endpoints) attached.push(this.attach(endpoint));
      this.endpoints = attached;
      await this.opened();
      this.mustNotBeClosed();
    } catch (error) {
      this.over = true;
      pipe.close(0);
      throw error;
    }
  }

  private mustNotBeClosed(): void {
    if (this.over) throw new ConnectionLost(`${this.address} was closed before it was open`);
  }

  /** Binds the socket to an endpoint, or lets it connect there. */
  private attach(endpoint: string): string {
    const { socket, plan } = this;
    if (socket === undefined) return endpoint;
    if (plan.bind) return bindTo(socket, endpoint);
    connectTo(socket, endpoint);
    return endpoint;
  }

  async add(text: string): Promise<void> {
    const endpoint = readEndpoint(text);
    if (this.endpoints.includes(endpoint)) throw new UsageError(`${this.address} has ${endpoint} already`);
    this.endpoints = [...this.endpoints, this.attach(endpoint)];
    this.changed();
  }

  async remove(text: string): Promise<void> {
    const endpoint = readEndpoint(text);
    if (!this.endpoints.includes(endpoint))
      throw new UsageError(`${endpoint} is none of the endpoints of ${this.address}`);
    if (this.socket !== undefined) detachFrom(this.socket, endpoint);
    this.changed();
    this.endpoints = this.endpoints.filter((each) => each !== endpoint);
  }

  async retire(): Promise<void> {
    if (this.over) return;
    for (const endpoint of this.endpoints) {
      try {
        if (this.socket !== undefined) detachFrom(this.socket, endpoint);
      } catch {
        // ZeroMQ does not have it any more.
      }
    }
    this.changed();
  }

  abstract close(): Promise<void>;

  private hasFailed(error: unknown): void {
    this.over = true;
    this.pipe?.close(0);
    this.failed(new ConnectionLost(`${this.address} has failed: ${printable(messageOf(error))}`, { cause: error }));
  }
}
