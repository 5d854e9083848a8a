import net from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import type {
  Accept,
  FramingFactory,
  Limits,
  LinkInfo,
  Logger,
  Transport,
  Wire,
} from '../../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../../src/contract/errors.js';
import { PartialFrames } from '../partial-frames.js';
import { Refusals } from '../refusals.js';
import { explain } from './errors.js';
import { type StreamHost, StreamLink } from './link.js';

/** What encrypts the connections of a server. */
export interface SecureListening {
  /**
   * Makes the server. `up` receives each connection once its handshake is complete and its peer is accepted; `address`
   * returns the address of the server for reports.
   */
  create(options: net.ServerOpts, up: (socket: net.Socket) => void, address: () => string): net.Server;
  /** Ends the connections whose handshakes are not complete. */
  stop(): void;
}

/** The options of a transport that listens on a socket. */
export interface ListenPlan {
  /** The requested address, for people. */
  readonly asked: string;
  readonly target: net.ListenOptions;
  readonly socket: net.ServerOpts;
  readonly wire: Wire;
  readonly framing: FramingFactory;
  /** The id of a new peer; undefined if its socket is already closed. */
  peerOf(socket: net.Socket): string | undefined;
  /** What is known of its connection. */
  infoOf(socket: Duplex): LinkInfo;
  /** The address that a peer connects to, once the server listens. */
  addressOf(server: net.Server): string;
  /** Without it, connections are not encrypted. */
  readonly secure?: SecureListening;
  /** Makes room for the socket before it is bound. */
  prepare?(): Promise<void>;
  /**
   * Hints for system errors by their names, where they differ from the general ones. Called once an error has occurred.
   */
  hints?(): Readonly<Record<string, string>>;
}

/** A transport that accepts connections on a socket. */
export class StreamListener implements Transport, StreamHost {
  readonly dials = false;
  address: string;
  readonly limits: Limits;
  readonly frameBytes: number;
  readonly partial: PartialFrames;
  readonly logger: Logger;
  private readonly plan: ListenPlan;
  private readonly server: net.Server;
  private readonly links = new Set<StreamLink>();
  private accept: Accept | undefined;
  private opening: Promise<void> | undefined;
  /** Resolves when the server and its connections have ended; set when it listens no more. */
  private stopped: Promise<void> | undefined;
  private closing: Promise<void> | undefined;
  private emptied: (() => void) | undefined;
  private readonly full = new Refusals();

  constructor(plan: ListenPlan) {
    this.plan = plan;
    this.address = plan.asked;
    this.limits = plan.wire.limits;
    this.frameBytes = plan.wire.acceptedFrameBytes;
    this.partial = new PartialFrames(plan.wire.memory);
    this.logger = plan.wire.logger;
    const options = { ...plan.socket, noDelay: true, allowHalfOpen: true };
    const up = (socket: net.Socket): void => this.up(socket);
    this.server = plan.secure?.create(options, up, () => this.address) ?? net.createServer(options, up);
    // Connections that are still in their handshakes count too, but must not keep out those that have completed it.
    this.server.maxConnections = this.limits.peers * (plan.secure === undefined ? 1 : 2);
    this.server.on('drop', () => this.refuse());
  }

  open(accept: Accept): Promise<void> {
    if (this.opening !== undefined) return Promise.reject(new UsageError(`${this.address} is opened only once`));
    if (this.closing !== undefined) return Promise.reject(this.closedBefore());
    this.accept = accept;
    this.opening = this.bind();
    return this.opening;
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /** Listens no more: its address is free. Links that are up stay. */
  async retire(): Promise<void> {
    // A server whose host is still being looked up would start to listen after all: it is closed when it does.
    await this.opening?.catch(() => {});
    this.stop();
  }

  infoOf(input: Readable): LinkInfo {
    return this.plan.infoOf(input as net.Socket);
  }

  gone(link: StreamLink): void {
    this.links.delete(link);
    if (this.links.size === 0) this.emptied?.();
  }

  private async bind(): Promise<void> {
    if (this.plan.prepare !== undefined) await this.plan.prepare();
    if (this.closing !== undefined) throw this.closedBefore();
    const { server } = this;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(explain(`cannot listen on ${this.address}`, error, this.plan.hints?.())));
      server.listen(this.plan.target, () => resolve());
    });
    if (this.closing !== undefined) throw this.closedBefore();
    server.removeAllListeners('error');
    // A connection that could not be accepted (too many open files) does not affect the others.
    server.on('error', (error) => this.logger.error(`${this.address} could not accept a connection`, error));
    this.address = this.plan.addressOf(server);
  }

  private async end(): Promise<void> {
    await this.retire();
    const emptied = new Promise<void>((resolve) => {
      if (this.links.size === 0) resolve();
      else this.emptied = resolve;
    });
    for (const link of this.links) link.close();
    // The server reports its close a little before its last socket does.
    await Promise.all([this.stop(), emptied]);
  }

  private stop(): Promise<void> {
    this.stopped ??= new Promise((resolve) => {
      this.server.close(() => resolve());
      this.plan.secure?.stop();
    });
    return this.stopped;
  }

  private closedBefore(): ConnectionLost {
    return new ConnectionLost(`${this.address} was closed before it was open`);
  }

  private up(socket: net.Socket): void {
    const { wire, framing, peerOf } = this.plan;
    const peer = peerOf(socket);
    if (peer === undefined || this.stopped !== undefined || this.closing !== undefined || this.accept === undefined) {
      socket.on('error', () => {}).destroy();
      return;
    }
    if (this.links.size >= this.limits.peers) {
      socket.on('error', () => {}).destroy();
      this.refuse();
      return;
    }
    const link = new StreamLink(peer, socket, socket, framing(wire.form as 'text' | 'bytes', this.frameBytes), this);
    this.links.add(link);
    link.start(this.accept);
  }

  /** The server has refused a connection above the limit. */
  private refuse(): void {
    const count = this.full.add();
    const has = `has ${this.limits.peers} peers, its limit (limits.peers)`;
    if (count > 0) this.logger.warn(`${this.address} ${has}, and refused ${count} more`);
  }
}
