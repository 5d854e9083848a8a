import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { ListenOptions, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterRealTime, clearTimer, setTimer } from '../../src/base/time.js';
import type { Accept, Transport } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import type { HttpServer } from '../shared/http-servers.js';
import { peerOf } from '../shared/socket-address.js';
import { explain } from '../shared/stream/errors.js';
import { NodeExchange } from './node.js';
import { HttpParts } from './parts.js';
import { answerNothing, takeRequests } from './paths.js';
import { HttpRequests, type RequestPlan } from './requests.js';

/** How long, in milliseconds, responses that are complete may take to be sent when the transport is closed. */
const LINGER_MS = 2_000;
/** How often, in milliseconds, it is checked which connections have become idle then: no event reports it. */
const LOOK_MS = 10;

/** The options of a transport that listens for requests. */
export interface HttpPlan extends RequestPlan {
  /** It begins with a slash. */
  readonly path: string;
  readonly server: HttpServer;
}

/** A transport that receives the requests at one path of an HTTP server. */
export class HttpListener implements Transport {
  private readonly requests: HttpRequests;
  /** The connections of a server of this library. */
  private readonly sockets = new Set<Socket>();
  /** Why the certificates of clients are not accepted; one entry for each connection. */
  private readonly refusals = new WeakMap<object, { readonly text: string | undefined }>();
  private leave: (() => void) | undefined;
  private opening: Promise<void> | undefined;
  private stopped: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly plan: HttpPlan) {
    this.requests = new HttpRequests(plan, new HttpParts(plan.wire), () => this.address);
  }

  get address(): string {
    const { server, path } = this.plan;
    return `${server.origin() ?? 'http:'}${path === '/' ? '' : path}`;
  }

  open(accept: Accept): Promise<void> {
    if (this.opening !== undefined) return Promise.reject(new UsageError(`${this.address} is opened only once`));
    this.opening = this.begin(accept);
    return this.opening;
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /** Its own server listens no more; requests over connections that are still open are answered with 503. */
  async retire(): Promise<void> {
    await this.opening?.catch(() => {});
    this.requests.retire();
    this.stop();
  }

  private async begin(accept: Accept): Promise<void> {
    this.refuseIfClosed();
    const { server, target } = this.plan.server;
    this.requests.begin(accept);
    this.leave = takeRequests(server, this.plan.path, (request, response, expects) =>
      this.take(request, response, expects),
    );
    if (target !== undefined) await this.listen(server, target);
  }

  private async listen(server: Server, target: ListenOptions): Promise<void> {
    const { wire } = this.plan;
    server.maxConnections = wire.limits.peers * 2;
    // With a listener, a client that asks for 100 (Continue) gets it only when its body is wanted.
    server.on('checkContinue', answerNothing);
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(explain(`cannot listen on ${this.address}`, error)));
      server.listen(target, () => resolve());
    });
    this.refuseIfClosed();
    server.removeAllListeners('error');
    // A connection that could not be accepted (too many open files) does not affect the others.
    server.on('error', (error) => wire.logger.error(`${this.address} could not accept a connection`, error));
  }

  private refuseIfClosed(): void {
    if (this.closing !== undefined) throw new ConnectionLost(`${this.address} was closed before it was open`);
  }

  private take(request: IncomingMessage, response: ServerResponse, expects: boolean): void {
    const refusal = this.certificateRefusal(request.socket as TLSSocket);
    if (refusal !== undefined) {
      response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(`${refusal}\n`);
    } else this.requests.take(new NodeExchange(request, response, expects));
  }

  private certificateRefusal(socket: TLSSocket): string | undefined {
    const { secure } = this.plan.server;
    if (secure === undefined) return undefined;
    let known = this.refusals.get(socket);
    if (known === undefined) {
      const refusal = secure.refusal(socket);
      if (refusal !== undefined) secure.report(peerOf(socket) ?? 'a connection', refusal.text);
      known = { text: refusal?.brief };
      this.refusals.set(socket, known);
    }
    return known.text;
  }

  private stop(): Promise<void> {
    const { server, target } = this.plan.server;
    if (target === undefined) this.stopped ??= Promise.resolve();
    this.stopped ??= new Promise((resolve) => server.close(() => resolve()));
    if (target !== undefined) server.closeIdleConnections?.();
    return this.stopped;
  }

  private async end(): Promise<void> {
    await this.retire();
    await this.requests.end();
    this.leave?.();
    const { server, target, secure } = this.plan.server;
    secure?.stop();
    if (target === undefined || this.sockets.size === 0) return this.stop();
    // Responses that are complete still leave.
    const timer = setTimer(LINGER_MS, () => this.destroy());
    let isOver = false;
    const look = (): void => {
      server.closeIdleConnections?.();
      if (!isOver) afterRealTime(LOOK_MS, look);
    };
    look();
    await this.stop();
    isOver = true;
    clearTimer(timer);
  }

  private destroy(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
