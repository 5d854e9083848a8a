import { clearTimer, setTimer, type Timer } from '../../../src/base/time.js';
import type { Accept, LinkInfo, Transport, Wire } from '../../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../../src/contract/errors.js';
import { Refusals } from '../refusals.js';
import { choose, OTHER_CODEC } from '../web-socket/hello.js';
import type { LinkKeeper } from '../web-socket/link.js';
import { FAILED } from '../web-socket/standard.js';
import { infoOf } from './info.js';
import { GivenLink } from './link.js';
import { asSocket, type GivenSocket, hasEvents, isOpening, letGo, listenTo, refuseClosed } from './socket.js';

let sockets = 0;

/** A socket to make a link of. */
export interface Given {
  readonly socket: GivenSocket;
  readonly info: LinkInfo;
}

/** A transport whose links are sockets that the program has opened: one, for which `open` waits, or those that are added. */
export class GivenSockets implements Transport, LinkKeeper {
  readonly address = 'socket:';
  readonly wire: Wire;
  readonly keepAlive = undefined;
  readonly partial = undefined;
  readonly frameBytes: number;
  private readonly maxFrame: number | undefined;
  private readonly only: Given | undefined;
  private accept: Accept | undefined;
  private opening: Promise<void> | undefined;
  private readonly links = new Map<GivenSocket, GivenLink>();
  /** What ends the wait for the handshake of a socket. */
  private readonly waiting = new Map<GivenSocket, (reason: Error) => void>();
  private retired = false;
  private closing: Promise<void> | undefined;
  private emptied: (() => void) | undefined;
  private readonly full = new Refusals();

  constructor(wire: Wire, maxFrame: number | undefined, only?: Given) {
    this.wire = wire;
    this.maxFrame = maxFrame;
    this.only = only;
    this.frameBytes = wire.listen ? wire.acceptedFrameBytes : wire.limits.frameBytes;
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

  async retire(): Promise<void> {
    this.retired = true;
  }

  gone(link: GivenLink): void {
    for (const [socket, its] of this.links) if (its === link) this.links.delete(socket);
    if (this.links.size === 0) this.emptied?.();
  }

  /** Whether sockets can be added. */
  get isOpen(): boolean {
    return this.accept !== undefined && this.closing === undefined;
  }

  /** Makes a link of a socket. Throws a UsageError or ConnectionLost for one that cannot be used. */
  add(value: unknown, about: unknown, who: string): void {
    const socket = asSocket(value, who);
    const { limits, logger } = this.wire;
    const refusal = this.retired
      ? 'this server is about to end; connect to another one'
      : this.links.size + this.waiting.size >= limits.peers
        ? 'this server has reached its maximum of peers (limits.peers)'
        : undefined;
    if (refusal === undefined) this.bring({ socket, info: infoOf(about, who) }, who).catch(failed);
    else letGo(socket, FAILED, refusal);
    const count = refusal === undefined || this.retired ? 0 : this.full.add();
    if (count > 0)
      logger.warn(`socket: there are ${limits.peers} peers, the limit (limits.peers): ${count} more refused`);
    function failed(error: Error): void {
      logger.warn(error.message);
    }
  }

  /** The link that was made of a socket, if it is up. */
  linkOf(socket: GivenSocket): GivenLink | undefined {
    return this.links.get(socket);
  }

  get isClosed(): boolean {
    return this.closing !== undefined;
  }

  /** The subprotocol to answer to a client that offers these. */
  subprotocol(offered: ReadonlySet<string>): string | undefined {
    const chosen = choose(offered, this.wire, []);
    return chosen === false || chosen === OTHER_CODEC ? undefined : chosen;
  }

  private async begin(accept: Accept): Promise<void> {
    this.refuseIfClosed();
    this.accept = accept;
    if (this.only !== undefined) await this.bring(this.only, 'socket:');
  }

  private async end(): Promise<void> {
    for (const stop of this.waiting.values()) stop(this.closedBefore());
    // A socket that was not opened by then is not used by anybody else.
    if (this.accept === undefined && this.only !== undefined) letGo(this.only.socket, 1000);
    if (this.links.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.emptied = resolve;
    });
    for (const link of this.links.values()) link.close();
    await empty;
  }

  /** Resolves when the link is up; it is accepted within this call if the socket is open. */
  private bring(given: Given, who: string): Promise<void> {
    const { socket } = given;
    refuseClosed(socket, who);
    if (taken.has(socket)) throw new UsageError(`${who}: this socket has a link already; a socket carries one`);
    taken.add(socket);
    if (!isOpening(socket)) {
      this.up(given);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const { connectMs } = this.wire.limits;
      const settle = (): void => {
        clearTimer(timer);
        this.waiting.delete(socket);
        deaf();
      };
      const stop = (reason: Error): void => {
        settle();
        letGo(socket);
        reject(reason);
      };
      const lost = (why: string): void => stop(new ConnectionLost(`${who}: ${why}`, { maybeExecuted: false }));
      let cause = '';
      const deaf = listenTo(socket, {
        open: () => {
          settle();
          this.up(given);
          resolve();
        },
        error: ({ message }: { readonly message?: unknown }) => {
          if (typeof message === 'string' && message !== '') cause = `: ${message}`;
        },
        close: () => lost(`the socket was closed before it was open${cause}`),
      });
      const timer: Timer = setTimer(connectMs, () =>
        lost(`the socket was not open within ${connectMs} ms (limits.connectMs)`),
      );
      this.waiting.set(socket, stop);
    });
  }

  private up({ socket, info }: Given): void {
    const link = new GivenLink(socket, { peer: `socket:${++sockets}`, info, maxFrame: this.maxFrame }, this);
    this.links.set(socket, link);
    link.start(this.accept!);
  }

  private refuseIfClosed(): void {
    if (this.closing !== undefined) throw this.closedBefore();
  }

  private closedBefore(): ConnectionLost {
    return new ConnectionLost(`${this.address} was closed before it was open`, { maybeExecuted: false });
  }
}

/** The sockets of which a link was made: none gets two. */
const taken = new WeakSet<GivenSocket>();

/** Throws a UsageError for a socket that has no events. */
export function mustHaveEvents(socket: GivenSocket, who: string): void {
  if (hasEvents(socket)) return;
  throw new UsageError(
    `${who}: this socket has no addEventListener(), such as those of Bun.serve; use sockets() of obverse/transports/socket, and call it from the handlers`,
  );
}
