import { printable } from '../../src/base/quote.js';
import { messageOf } from '../../src/base/thrown.js';
import { afterRealTime, clearTimer, setTimer, type Timer } from '../../src/base/time.js';
import type { Accept, Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import type { ZmqPlan } from './address.js';
import { CallerLink, type CallersHost } from './callers.js';
import { ZmqConnections } from './connections.js';
import { controlIn, END, isObverse, keyOf, LEAVING, PROBE } from './controls.js';
import { Drops } from './drops.js';
import { ZmqEndpoints } from './endpoints.js';
import { ZmqFrames } from './frames.js';
import {
  bindTo,
  detachFrom,
  mustBeFree,
  type Parts,
  unbound,
  type ZmqEvent,
  type ZmqLoader,
  type ZmqSocket,
} from './package.js';
import { ZmqPipe } from './pipe.js';

/** The most parts in front of a frame: one for each device that it has passed, and perhaps an empty one. */
const MOST_ENVELOPE = 16;
/** The parts of a call of a codec whose frames consist of parts. */
const CALL_PARTS = 4;
/** How many ended links are remembered, so that what is still on the way begins no new one. */
const MOST_ENDED = 1_000;
/** The longest time, in ms, for which `retire` waits for callers, and `close` for what was not sent. */
const LINGER_MS = 1_000;

/** Who serves in the role rpc: one socket for all callers, each of whom has a link from its first message on. */
export class RouterTransport implements Transport, CallersHost {
  readonly frames: ZmqFrames;
  private readonly endpoints: ZmqEndpoints;
  private readonly drops: Drops;
  private readonly links: ZmqConnections;
  /** The keys of callers whose links have ended, the oldest first. */
  private readonly ended = new Set<string>();
  /** Links that have ended, and whose last messages wait. */
  private readonly leaving = new Set<Promise<void>>();
  private stuckLinks = new Set<CallerLink>();
  private retryMs = 0;
  private socket: ZmqSocket | undefined;
  private pipe: ZmqPipe | undefined;
  private accept!: Accept;
  private count = 0;
  private retired = false;
  private over = false;

  constructor(
    private readonly plan: ZmqPlan,
    private readonly wire: Wire,
    private readonly load: ZmqLoader,
  ) {
    this.frames = new ZmqFrames(wire, true);
    this.endpoints = new ZmqEndpoints(plan.endpoints, 'rpc');
    this.links = new ZmqConnections(wire.limits.peers, plan.forget);
    this.drops = new Drops(wire.logger);
  }

  get address(): string {
    return this.endpoints.address;
  }

  async open(accept: Accept): Promise<void> {
    this.mustNotBeClosed();
    const { Router } = await this.load();
    await mustBeFree(this.endpoints.names);
    this.mustNotBeClosed();
    const { plan } = this;
    this.accept = accept;
    const options = {
      mandatory: true,
      sendTimeout: 0,
      sendHighWaterMark: plan.queue,
      receiveHighWaterMark: plan.queue,
      maxMessageSize: this.frames.limit,
      heartbeatInterval: plan.beat,
      heartbeatTimeout: 2 * plan.beat,
      ipv6: this.endpoints.names.some((endpoint) => endpoint.includes('[')),
      ...plan.socket,
    };
    const pipe = new ZmqPipe(() => new Router(options), {
      take: (parts) => this.take(parts),
      event: (event) => this.watched(event),
      failed: (error) => this.failed(error),
    });
    const { socket } = pipe;
    this.pipe = pipe;
    this.socket = socket;
    try {
      this.endpoints.rename((endpoint) => bindTo(socket, endpoint, plan.role));
    } catch (error) {
      this.over = true;
      unbound(socket);
      pipe.close(0);
      throw error;
    }
    void pipe.read();
    this.links.sweep();
  }

  private mustNotBeClosed(): void {
    if (this.over) throw new ConnectionLost(`${this.address} was closed before it was open`);
  }

  // ---- what arrives ---------------------------------------------------------------------------------------------------

  private take(parts: Parts): void {
    const own = this.frames.isHeaded ? Math.min(CALL_PARTS, parts.length - 1) : 1;
    const count = parts.length - own;
    if (count < 1 || count > MOST_ENVELOPE) {
      this.drops.add(`${this.address}: a message of ${parts.length} parts was dropped`);
      return;
    }
    const key = keyOf(parts, count);
    const link = this.links.get(key) ?? this.meet(key, parts.slice(0, count));
    if (link === undefined) return;
    const last = parts[parts.length - 1] as Uint8Array;
    const control = own === 1 && link.isObverse && last.length < 2 ? controlIn(last) : undefined;
    if (control === undefined) link.take(parts.slice(count));
    else if (control === END) link.over();
    else link.knowsEnd?.();
  }

  /** A caller that has no link yet; undefined if it gets none. */
  private meet(key: string, envelope: Parts): CallerLink | undefined {
    if (this.ended.has(key) || this.over) return undefined;
    if (this.retired) {
      if (this.knows(envelope)) void this.post([...envelope, ...LEAVING]).catch(() => {});
      return undefined;
    }
    if (!this.links.hasRoom((envelope[0] as Buffer).toString('latin1'))) {
      this.drops.add(
        `${this.address}: a message of a new peer was dropped: there are ${this.links.size} (limits.peers)`,
      );
      return undefined;
    }
    const knows = this.knows(envelope);
    const link = new CallerLink(this, `zmq:${++this.count}`, key, envelope, knows);
    this.links.add(link);
    link.receiver = this.accept(link);
    // A caller in the same process waits for it: ZeroMQ reports nothing there.
    if (knows) void this.post([...envelope, ...PROBE]).catch(() => {});
    return link;
  }

  /** Whether a caller is Obverse, and understands what is said beside frames. */
  private knows(envelope: Parts): boolean {
    return this.wire.hello && isObverse((envelope[envelope.length - 1] as Buffer).toString('latin1'));
  }

  private watched({ type }: ZmqEvent): void {
    if (type === 'disconnect') this.links.disconnected();
  }

  // ---- what leaves ----------------------------------------------------------------------------------------------------

  post(parts: Parts): Promise<void> {
    if (this.socket === undefined || this.pipe?.isClosed !== false) return Promise.reject(new Error('closed'));
    return this.socket.send(parts);
  }

  /** ZeroMQ does not report when there is room for one of the peers: it is tried again. */
  stuck(link: CallerLink): void {
    // A caller that does not read may have any number of links that have ended.
    if (link.isOver && this.stuckLinks.size >= this.wire.limits.peers) {
      link.lost();
      return;
    }
    this.stuckLinks.add(link);
    if (this.stuckLinks.size > 1) return;
    this.retryMs = Math.min(50, this.retryMs * 2 + 1);
    afterRealTime(this.retryMs, () => {
      const links = this.stuckLinks;
      this.stuckLinks = new Set();
      for (const each of links) each.retry();
      if (this.stuckLinks.size === 0) this.retryMs = 0;
    });
  }

  unreachable(link: CallerLink): void {
    this.links.lost(link);
  }

  gone(link: CallerLink): void {
    this.links.delete(link);
    const sent = link.sent();
    this.leaving.add(sent);
    void sent.then(() => this.leaving.delete(sent));
    if (!link.isObverse) return;
    this.ended.add(link.key);
    if (this.ended.size > MOST_ENDED) this.ended.delete(this.ended.values().next().value as string);
  }

  async flush(): Promise<void> {
    await Promise.all(this.links.all.map((link) => link.sent()));
  }

  async stats(): Promise<Readonly<Record<string, number>>> {
    let waiting = 0;
    for (const link of this.links.all) waiting += link.waitingMessages;
    return { waiting };
  }

  // ---- while it is open -----------------------------------------------------------------------------------------------

  async add(text: string): Promise<void> {
    const endpoint = this.endpoints.unknown(text);
    await mustBeFree([endpoint]);
    this.mustBeOpen();
    this.endpoints.unknown(endpoint);
    // One that is added while the others are bound is bound with them.
    const { socket } = this;
    this.endpoints.add(endpoint, socket === undefined ? endpoint : bindTo(socket, endpoint, 'rpc'));
    this.pipe?.changed();
  }

  async remove(text: string): Promise<void> {
    this.mustBeOpen();
    const name = this.endpoints.known(text);
    if (this.socket !== undefined) detachFrom(this.socket, name);
    unbound(this.socket, name);
    this.pipe?.changed();
    this.endpoints.remove(name);
  }

  private mustBeOpen(): void {
    if (this.over) throw new ConnectionLost(`${this.address} is closed`);
  }

  // ---- ends -----------------------------------------------------------------------------------------------------------

  async retire(): Promise<void> {
    if (this.retired || this.over) return;
    this.retired = true;
    // The sockets stay bound: ZeroMQ ends the connections of an endpoint with it.
    await atMost(LINGER_MS, Promise.all(this.links.all.map((link) => link.leave())));
  }

  async close(): Promise<void> {
    this.over = true;
    this.links.stop();
    for (const link of this.links.all) link.close();
    await atMost(LINGER_MS, Promise.all(this.leaving));
    unbound(this.socket);
    this.pipe?.close();
    await undefined;
  }

  private failed(error: unknown): void {
    const reason = new ConnectionLost(`${this.address} has failed: ${printable(messageOf(error))}`, { cause: error });
    this.over = true;
    for (const link of this.links.all) link.over(reason);
    unbound(this.socket);
    this.pipe?.close(0);
  }
}

async function atMost(ms: number, done: Promise<unknown>): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimer(ms, resolve);
  });
  await Promise.race([done, late]);
  clearTimer(timer);
}
