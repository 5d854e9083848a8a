import type { Link, Transport, TransportSource } from '../contract/contract.js';
import { ConnectionLost, UsageError } from '../contract/errors.js';
import type { Limits } from '../contract/limits.js';
import type { Connection } from '../session/connection.js';
import type { SealedFrames } from '../session/frame-filter.js';
import type { RpcSession } from '../session/rpc-session.js';
import type { SideLoad } from '../session/side-load.js';

import { ActiveTransport } from './active-transport.js';
import { NOT_SENT } from './side-states.js';

/** What the transports need of their side. */
export interface TransportsOwner {
  readonly limits: Limits;
  /** Counts what is sent to everybody at once. */
  readonly load: SideLoad;
  readonly listens: boolean;
  readonly isClosed: boolean;
  /** Rejects with a UsageError for a source that no transport fits. */
  makeTransport(source: TransportSource): Promise<Transport>;
  /** `changing`: the side is about to change to this transport, which is open. If it rejects, the side stays with the other one. */
  readonly attached: { changing(transport: Transport): Promise<unknown> };
  /** Told before and after a side that dials opens its next transport. */
  readonly peerRegistry: { changes(nextLinks: WeakSet<Link> | undefined): void };
  /** A link is there: returns what receives its frames. */
  connect(link: Link): Connection;
}

/** The transports of a side that are not closed: the one over which new calls go, and one that comes or goes. */
export class Transports {
  readonly all: Set<ActiveTransport> = new Set();
  current: ActiveTransport | undefined;
  private changing = false;

  constructor(private readonly owner: TransportsOwner) {}

  /** Opens a transport. Rejects if it cannot be opened: then nothing of it stays. */
  async open(source: TransportSource): Promise<ActiveTransport> {
    const { owner } = this;
    const transport = await owner.makeTransport(source);
    // The peers of a side that listens are others: none of them is left out.
    const links = this.changing && !owner.listens ? new WeakSet<Link>() : undefined;
    const connect = (link: Link): Connection => {
      // Not afterwards: to add a link to a WeakSet costs much where each message has a link of its own.
      if (this.changing) links?.add(link);
      return owner.connect(link);
    };
    const line = new ActiveTransport(transport, connect, owner.limits.stalledMs, this.changing);
    if (links !== undefined) owner.peerRegistry.changes(links);
    this.all.add(line);
    // The first one serves before it is open: its peers may come earlier.
    this.current ??= line;
    try {
      this.mustNotBeClosed();
      await line.open(owner.listens ? undefined : owner.limits.connectMs);
      if (this.changing) await owner.attached.changing(transport);
      this.mustNotBeClosed();
    } catch (error) {
      await line.close();
      this.all.delete(line);
      // Without a link, nothing was sent, whatever the transport says.
      if (!line.reached && error instanceof ConnectionLost) Object.assign(error, NOT_SENT);
      throw error;
    }
    return line;
  }

  private mustNotBeClosed(): void {
    if (this.owner.isClosed) throw new ConnectionLost('the side was closed while its transport was being opened');
  }

  /**
   * Opens another transport for new calls, lets what is pending on the old one finish, and closes it. `left` is called for each session of
   * the old one. Rejects with a UsageError if one is being changed already.
   */
  async change(source: TransportSource, left: (session: RpcSession) => void): Promise<void> {
    const old = this.current as ActiveTransport;
    if (this.changing) throw new UsageError('the transport is already being changed: await that first');
    this.changing = true;
    try {
      try {
        this.current = await this.open(source);
      } finally {
        this.owner.peerRegistry.changes(undefined);
      }
      for (const session of old.sessions) left(session);
      await old.retire(this.current);
      this.all.delete(old);
    } finally {
      this.changing = false;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.all].map((line) => line.close()));
    this.all.clear();
  }

  /** Throws a UsageError as long as none was opened. */
  get address(): string {
    if (this.current === undefined) throw new UsageError('a side has an address once it is open: await open() first');
    return this.current.address;
  }

  /** The sessions over all of them. */
  *sessions(): Generator<RpcSession> {
    for (const line of this.all) yield* line.sessions;
  }

  /** The connections over all of them. */
  *connections(): Generator<Connection> {
    for (const line of this.all) yield* line.connections.all;
  }

  /** A connection has ended. */
  gone(connection: Connection): void {
    for (const line of this.all) line.gone(connection);
  }

  /** Whether the transport can reach everybody with one message. */
  get broadcasts(): boolean {
    return this.current?.broadcasts === true;
  }

  /** Sends frames to everybody; `failed` is called if they could not be sealed. */
  broadcast(frames: SealedFrames | Promise<SealedFrames>, failed: (error: unknown) => void): void {
    const { current } = this;
    if (frames instanceof Promise) frames.then((sealed) => current?.broadcast(sealed, this.owner.load), failed);
    else current?.broadcast(frames, this.owner.load);
  }
}
