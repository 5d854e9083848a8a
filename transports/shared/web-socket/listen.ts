import type { IncomingMessage, Server } from 'node:http';
import type { ListenOptions, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { WebSocket, WebSocketServer } from 'ws';
import type { Accept, Transport, Wire } from '../../../src/contract/contract.js';
import { ConnectionLost, ProtocolError, UsageError } from '../../../src/contract/errors.js';
import type { HttpServer } from '../http-servers.js';
import { PartialFrames } from '../partial-frames.js';
import { Refusals } from '../refusals.js';
import { peerOf } from '../socket-address.js';
import { explain } from '../stream/errors.js';
import { refusalOf, type Visitors } from '../visitors.js';
import { choose, mismatch, OTHER_CODEC } from './hello.js';
import type { LinkKeeper, WebSocketLink } from './link.js';
import { loadPackage, socketOptions } from './load.js';
import { PackageLink } from './package.js';
import { RETIRED, refuse, type TakenPath, takeUpgrades } from './upgrade.js';

/** The options of a transport that accepts WebSockets. */
export interface ListenPlan {
  readonly wire: Wire;
  /** The path for upgrades; it begins with a slash. */
  readonly path: string;
  /** The subprotocols of the application. */
  readonly protocols: readonly string[];
  readonly visitors: Visitors;
  /** In milliseconds. */
  readonly keepAlive: number | undefined;
  readonly server: HttpServer;
}

/** A transport that accepts WebSockets on one path of an HTTP server. */
export class WebSocketListener implements Transport, LinkKeeper {
  readonly wire: Wire;
  readonly keepAlive: number | undefined;
  readonly partial: PartialFrames;
  private readonly plan: ListenPlan;
  private readonly links = new Set<WebSocketLink>();
  /** The connections of a server of this library, upgraded or not. */
  private readonly sockets = new Set<Socket>();
  private upgrader!: WebSocketServer;
  private accept!: Accept;
  private taken: TakenPath | undefined;
  /** Resolves when its own server has ended; set when nobody is let in any more. */
  private stopped: Promise<void> | undefined;
  private opening: Promise<void> | undefined;
  private closing: Promise<void> | undefined;
  private emptied: (() => void) | undefined;
  private named = 0;
  private readonly full = new Refusals();
  private readonly unwelcome = { origins: new Refusals(), hosts: new Refusals() };

  constructor(plan: ListenPlan) {
    this.plan = plan;
    this.wire = plan.wire;
    this.keepAlive = plan.keepAlive;
    this.partial = new PartialFrames(plan.wire.memory);
  }

  get frameBytes(): number {
    return this.wire.acceptedFrameBytes;
  }

  get address(): string {
    const { server, path } = this.plan;
    return `${server.origin() ?? 'ws:'}${path === '/' ? '' : path}`;
  }

  open(accept: Accept): Promise<void> {
    if (this.opening !== undefined) return Promise.reject(new UsageError(`${this.address} is opened only once`));
    this.accept = accept;
    this.opening = this.begin();
    return this.opening;
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /** Lets nobody in: its own server listens no more, an existing one refuses its path. Links that are up stay. */
  async retire(): Promise<void> {
    await this.opening?.catch(() => {});
    this.stop();
  }

  gone(link: WebSocketLink): void {
    this.links.delete(link);
    if (this.links.size === 0) this.emptied?.();
  }

  private async begin(): Promise<void> {
    const { plan, wire } = this;
    const { WebSocketServer } = await loadPackage();
    this.refuseIfClosed();
    this.upgrader = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      handleProtocols: (offered) => choose(offered, wire, plan.protocols),
      ...socketOptions(this.frameBytes),
    });
    const { server, target } = plan.server;
    this.taken = takeUpgrades(server, plan.path, (request, socket, head) => this.upgrade(request, socket, head));
    if (target !== undefined) await this.listen(server, target);
  }

  private async listen(server: Server, target: ListenOptions): Promise<void> {
    // Connections that are still in their handshakes count too, but must not keep out those that have completed it.
    server.maxConnections = this.wire.limits.peers * 2;
    server.on('connection', (socket) => this.note(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(explain(`cannot listen on ${this.address}`, error)));
      server.listen(target, () => resolve());
    });
    this.refuseIfClosed();
    server.removeAllListeners('error');
    // A connection that could not be accepted (too many open files) does not affect the others.
    server.on('error', (error) => this.wire.logger.error(`${this.address} could not accept a connection`, error));
  }

  private refuseIfClosed(): void {
    if (this.closing !== undefined) throw new ConnectionLost(`${this.address} was closed before it was open`);
  }

  private async end(): Promise<void> {
    await this.retire();
    this.taken?.release();
    if (this.links.size > 0) {
      const empty = new Promise<void>((resolve) => {
        this.emptied = resolve;
      });
      for (const link of this.links) link.close();
      await empty;
    }
    for (const socket of this.sockets) socket.destroy();
    await this.stop();
  }

  private stop(): Promise<void> {
    const { server, target } = this.plan.server;
    this.taken?.retire();
    this.stopped ??= target === undefined ? Promise.resolve() : new Promise((resolve) => server.close(() => resolve()));
    return this.stopped;
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { wire, plan } = this;
    const { secure } = plan.server;
    if (this.stopped !== undefined) {
      refuse(socket, 503, RETIRED);
      return;
    }
    const certificate = secure?.refusal(socket as TLSSocket);
    if (secure !== undefined && certificate !== undefined) {
      secure.report(peerOf(socket) ?? 'a connection', certificate.text);
      refuse(socket, 403, certificate.brief);
      return;
    }
    const refusal = refusalOf(request.headers, socket as Socket, plan.visitors);
    if (refusal !== undefined) {
      refuse(socket, 403, refusal.text);
      const count = this.unwelcome[refusal.option].add();
      const whom = count === 1 ? 'a connection' : `${count} connections, the last one`;
      if (count > 0) wire.logger.warn(`${this.address} refused ${whom}: ${refusal.text}`);
      return;
    }
    if (this.links.size >= wire.limits.peers) {
      refuse(socket, 503, 'this server has reached its maximum of peers (limits.peers)');
      const count = this.full.add();
      const has = `has ${wire.limits.peers} peers, its limit (limits.peers)`;
      if (count > 0) wire.logger.warn(`${this.address} ${has}, and refused ${count} more`);
      return;
    }
    const offered = offeredBy(request);
    const other = mismatch(offered, wire);
    if (other !== undefined && !offered.has(OTHER_CODEC)) refuse(socket, 400, other);
    else this.upgrader.handleUpgrade(request, socket, head, (upgraded) => this.up(upgraded, request, socket, other));
  }

  private up(upgraded: WebSocket, request: IncomingMessage, socket: Duplex, other: string | undefined): void {
    const { url, headers } = request;
    const link = new PackageLink(this.nameOf(socket), { url, headers }, upgraded, socket, this);
    this.links.add(link);
    if (other === undefined) {
      link.start(this.accept);
    } else {
      link.start(() => NOBODY);
      link.close(new ProtocolError(other));
    }
  }

  private nameOf(socket: Duplex): string {
    // An HTTP server may listen on a local socket, where peers have no address.
    return peerOf(socket) ?? `ws#${++this.named}`;
  }

  private note(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }
}

/** The receiver of a connection that only gets the reason for its refusal. */
const NOBODY = { receive: () => {}, drained: () => {}, closed: () => {} };

function offeredBy(request: IncomingMessage): ReadonlySet<string> {
  const header = request.headers['sec-websocket-protocol'] ?? '';
  return new Set(header.split(',').map((name) => name.trim()));
}
