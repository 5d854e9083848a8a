import { printable } from '../../src/base/quote.js';
import { messageOf } from '../../src/base/thrown.js';
import type { Accept, Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import type { ZmqPlan } from './address.js';
import { ZmqEndpoints } from './endpoints.js';
import { ZmqFrames } from './frames.js';
import {
  bindTo,
  connectTo,
  detachFrom,
  mustBeFree,
  type Parts,
  unbound,
  type ZmqEvent,
  type ZmqLoader,
  type ZmqPackage,
  type ZmqSocket,
} from './package.js';
import { type PipeHost, ZmqPipe } from './pipe.js';

/** What the transports of pipeline and pubsub have in common: one socket for all endpoints, in one direction. */
export abstract class OneWayTransport<S extends ZmqSocket> implements Transport {
  readonly frames: ZmqFrames;
  protected socket: S | undefined;
  protected pipe: ZmqPipe | undefined;
  protected accept!: Accept;
  protected over = false;
  private readonly endpoints: ZmqEndpoints;

  constructor(
    readonly plan: ZmqPlan,
    readonly wire: Wire,
    private readonly load: ZmqLoader,
  ) {
    this.frames = new ZmqFrames(wire, false);
    this.endpoints = new ZmqEndpoints(plan.endpoints, plan.role);
  }

  get address(): string {
    return this.endpoints.address;
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
    const { plan, endpoints } = this;
    if (plan.bind) await mustBeFree(endpoints.names);
    this.mustNotBeClosed();
    this.accept = accept;
    const options = {
      maxMessageSize: this.frames.limit,
      heartbeatInterval: plan.beat,
      heartbeatTimeout: 2 * plan.beat,
      ipv6: this.endpoints.names.some((endpoint) => endpoint.includes('[')),
      ...plan.socket,
    };
    const host: PipeHost = {
      take: (parts) => this.take(parts),
      drained: () => this.drained(),
      event: (event) => this.watched(event),
      failed: (error) => this.hasFailed(error),
    };
    const pipe = new ZmqPipe(() => this.make(zeromq, options), host, this.onlySends, plan.queue);
    const socket = pipe.socket as S;
    this.socket = socket;
    this.pipe = pipe;
    try {
      this.begin(pipe, socket);
      endpoints.rename((endpoint) => this.attach(endpoint));
      await this.opened();
      this.mustNotBeClosed();
    } catch (error) {
      this.over = true;
      pipe.close(0);
      this.released();
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
    if (plan.bind) return bindTo(socket, endpoint, plan.role);
    connectTo(socket, endpoint);
    return endpoint;
  }

  async add(text: string): Promise<void> {
    const endpoint = this.endpoints.unknown(text);
    if (this.plan.bind) await mustBeFree([endpoint]);
    this.mustBeOpen();
    this.endpoints.unknown(endpoint);
    this.endpoints.add(endpoint, this.attach(endpoint));
    this.changed();
  }

  async remove(text: string): Promise<void> {
    this.mustBeOpen();
    const name = this.endpoints.known(text);
    if (this.socket !== undefined) this.detach(this.socket, name);
    this.changed();
    this.endpoints.remove(name);
  }

  private mustBeOpen(): void {
    if (this.over) throw new ConnectionLost(`${this.address} is closed`);
  }

  private detach(socket: S, name: string): void {
    detachFrom(socket, name);
    unbound(socket, name);
  }

  /** Its socket is closed: others may bind its endpoints. */
  protected released(): void {
    unbound(this.socket);
  }

  async retire(): Promise<void> {
    if (this.over) return;
    for (const name of this.endpoints.names) {
      try {
        if (this.socket !== undefined) this.detach(this.socket, name);
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
    this.released();
    this.failed(new ConnectionLost(`${this.address} has failed: ${printable(messageOf(error))}`, { cause: error }));
  }
}
