import { printable } from '../../src/base/quote.js';
import { messageOf } from '../../src/base/thrown.js';
import { clearTimer, setTimer, type Timer } from '../../src/base/time.js';
import type { Accept, Envelope, Frame, Link, LinkInfo, Receiver } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import type { ZmqPlan } from './address.js';
import { newIdentity, PROBE } from './controls.js';
import { type MemberHost, MemberLink } from './member.js';
import { connectTo, isBoundHere, type Parts, type ZmqEvent, type ZmqPackage } from './package.js';
import { ZmqPipe } from './pipe.js';

/** How long, in ms, a server is not connected to again after it has ended the link, or was lost. */
const AGAIN_MS = 100;

/** What the links to servers share. */
export interface ServersHost extends MemberHost {
  readonly plan: ZmqPlan;
  readonly zeromq: ZmqPackage;
  readonly address: string;
  readonly buffered: number;
  accept: Accept;
  /** A server is there. */
  admit(member: MemberLink): void;
  /** The server whose turn it is; undefined if none is there. */
  next(): MemberLink | undefined;
  /** The link to the service has ended. */
  ended(): void;
}

/** The link to all servers: each call goes to the next one. */
export class ServiceLink implements Link {
  readonly anycast = true;
  readonly dialed = true;
  readonly peer: string;
  receiver: Receiver | undefined;
  private isOver = false;

  constructor(private readonly host: ServersHost) {
    this.peer = `zmq:${host.plan.endpoints.join(',')}`;
  }

  get buffered(): number {
    return this.host.buffered;
  }

  get info(): LinkInfo {
    return { address: this.host.address };
  }

  /** Nobody sends to a service but by calls. */
  send(): void {}
  pause(): void {}
  resume(): void {}

  dispatch(frames: readonly Frame[], { id }: Envelope): Link | undefined {
    if (this.isOver) return undefined;
    const member = this.host.next();
    if (member !== undefined) member.send(frames);
    else if (id !== undefined) {
      const error = new ConnectionLost(`nobody serves ${this.host.address} at the moment`, { maybeExecuted: false });
      queueMicrotask(() => this.receiver?.outcome?.(id, error));
    }
    return member;
  }

  close(reason?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.host.ended();
    queueMicrotask(() => this.receiver?.closed(reason));
  }
}

/** The address of one server, and the socket to it. When that is lost, another socket takes its place: nothing is sent twice. */
export class ServerLine {
  link: MemberLink | undefined;
  /** Why nobody is there. */
  trouble: string | undefined;
  /** Resolves when it is known whether a server is there. */
  readonly decided: Promise<void>;
  private decide!: () => void;
  private pipe: ZmqPipe | undefined;
  private timer: Timer | undefined;
  private closing: Promise<void> | undefined;
  private over = false;

  constructor(
    readonly endpoint: string,
    private readonly host: ServersHost,
  ) {
    this.decided = new Promise((resolve) => {
      this.decide = resolve;
    });
  }

  mustBeThere(): void {
    if (this.link === undefined) throw new ConnectionLost(`nobody is at ${this.endpoint}`);
  }

  get waitingMessages(): number {
    return this.pipe?.waitingMessages ?? 0;
  }

  /** Connects, and stays with it. Throws a ConnectionLost for an endpoint that ZeroMQ does not take. */
  dial(): void {
    const { host, endpoint } = this;
    if (host.wire.hello && endpoint.startsWith('inproc:') && !isBoundHere(endpoint, 'rpc')) {
      this.failed('nobody serves it in this process');
      this.dialLater();
      return;
    }
    const { plan, frames } = host;
    const options = {
      routingId: newIdentity(),
      sendTimeout: 0,
      sendHighWaterMark: plan.queue,
      receiveHighWaterMark: plan.queue,
      maxMessageSize: frames.limit,
      heartbeatInterval: plan.beat,
      heartbeatTimeout: 2 * plan.beat,
      ...plan.socket,
    };
    const pipe: ZmqPipe = new ZmqPipe(() => new host.zeromq.Dealer(options), {
      take: (parts) => this.take(pipe, parts),
      drained: () => this.link?.receiver?.drained(),
      event: (event) => this.watched(pipe, event),
      failed: (error) => this.lost(pipe, `its socket has failed: ${messageOf(error)}`),
    });
    this.pipe = pipe;
    try {
      connectTo(pipe.socket, endpoint);
    } catch (error) {
      pipe.close(0);
      throw error;
    }
    void pipe.read();
    if (endpoint.startsWith('inproc:')) this.enter(pipe);
  }

  /** ZeroMQ reports nothing of sockets in its own process. A server of Obverse answers, and any other is taken to be there. */
  private enter(pipe: ZmqPipe): void {
    if (!this.host.wire.hello) {
      this.up(pipe);
      return;
    }
    pipe.send(PROBE);
    // A socket that is connected to one that is being closed stays without a peer.
    this.timer = setTimer(AGAIN_MS, () => {
      if (this.link !== undefined || pipe !== this.pipe) return;
      pipe.close(0);
      this.dialAgain();
    });
  }

  private dialLater(): void {
    this.timer = setTimer(AGAIN_MS, () => this.dialAgain());
  }

  private dialAgain(): void {
    if (this.over) return;
    try {
      this.dial();
    } catch (error) {
      this.host.wire.logger.error(`zmq: cannot connect to ${this.endpoint}`, error);
      this.dialLater();
    }
  }

  private watched(pipe: ZmqPipe, { type, error }: ZmqEvent): void {
    if (this.over || pipe !== this.pipe) return;
    if (type === 'handshake') this.up(pipe);
    else if (type === 'disconnect') this.lost(pipe, 'it has disconnected');
    else if (type.startsWith('handshake:error')) this.failed(`it is no server of ZeroMQ for calls: ${error?.message}`);
    else if (type === 'connect:retry') this.failed('nobody listens there');
  }

  private failed(trouble: string): void {
    if (this.link !== undefined) return;
    this.trouble ??= printable(trouble);
    this.decide();
  }

  private up(pipe: ZmqPipe): void {
    if (this.link !== undefined || this.over) return;
    this.trouble = undefined;
    this.link = new MemberLink(this.endpoint, this.host, pipe, (gently, isOurs) => this.end(pipe, gently, isOurs));
    this.host.admit(this.link);
    this.decide();
  }

  private take(pipe: ZmqPipe, parts: Parts): void {
    if (pipe !== this.pipe) return;
    const [part] = parts;
    if (this.link === undefined && part?.length === 0) this.up(pipe);
    else this.link?.take(parts);
    if (this.link?.isLost && !pipe.hasUnread) this.link.lose();
  }

  /** What has arrived before is read first. */
  private lost(pipe: ZmqPipe, why: string): void {
    const { link } = this;
    if (this.over || pipe !== this.pipe) return;
    // ZeroMQ tries again by itself as long as nothing was sent.
    if (link === undefined) return;
    link.reason ??= new ConnectionLost(`${link.peer} is gone: ${why}`);
    const { hasUnread } = pipe;
    pipe.notice();
    if (!hasUnread || link.isPaused) link.lose();
  }

  /** The link has ended: another socket takes the place of this one. `isOurs`: this side has ended it. */
  private end(pipe: ZmqPipe, gently: boolean, isOurs: boolean): void {
    this.link = undefined;
    if (pipe !== this.pipe) return;
    this.pipe = undefined;
    this.closing = closed(pipe, gently);
    if (this.over) return;
    if (isOurs) queueMicrotask(() => this.dialAgain());
    else this.dialLater();
  }

  async sent(): Promise<void> {
    await this.pipe?.sent(true);
  }

  /** Ends it. `reason`: why its calls end, if this side goes on. */
  async close(reason?: Error): Promise<void> {
    if (this.over) return;
    this.over = true;
    clearTimer(this.timer);
    this.decide();
    this.link?.leave(reason);
    this.pipe?.close(0);
    await this.closing;
  }
}

/** Closes a pipe: gently, once ZeroMQ has everything. */
async function closed(pipe: ZmqPipe, gently: boolean): Promise<void> {
  if (gently) await pipe.sent(false);
  pipe.close(gently ? undefined : 0);
}
