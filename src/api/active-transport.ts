import { outside } from '../base/async-context.js';
import { RecentSet } from '../base/recent-set.js';
import { afterTurn, clearTimer, setTimer, type Timer } from '../base/time.js';
import type { Frame, Link, Receiver, Transport } from '../contract/contract.js';
import { ConnectionLost } from '../contract/errors.js';
import type { Connection } from '../session/connection.js';
import { RpcSession } from '../session/rpc-session.js';
import type { SideLoad } from '../session/side-load.js';

/** Transports that have a time limit of their own report more than this file can: they get so many milliseconds for it. */
const SLACK_MS = 100;

/** One open transport, and the connections over it. A side has one, and for a while two when it changes its transport. */
export class ActiveTransport {
  /** Those that have not ended. */
  readonly connections: RecentSet<Connection> = new RecentSet();
  /** What arrives waits: the code that opens the side has not had a turn yet to add handlers. */
  private holding = true;
  private retired = false;
  /** New links are ended at once. */
  private refusesLinks = false;
  private closing: Promise<void> | undefined;
  private emptied: (() => void) | undefined;
  /** Of the links that this side has dialed while it is being opened, and whose sessions gates look for. */
  private readonly admissions: Promise<void>[] = [];
  /** It could not be opened in time, and so may not be closed in time either. */
  private closesLate = false;
  /** There was a link. */
  reached = false;

  /**
   * `patience`: how long, in milliseconds, `close` waits for what is still being sealed. `replaces`: the side is open already, over
   * another line.
   */
  constructor(
    readonly transport: Transport,
    private readonly connect: (link: Link) => Connection,
    private readonly patience: number,
    private readonly replaces = false,
  ) {}

  /** What a peer connects to. */
  get address(): string {
    return this.transport.address;
  }

  /** Whether everybody can be reached at once. */
  get broadcasts(): boolean {
    return this.transport.broadcast !== undefined;
  }

  /** The sessions that are connected over it. */
  get sessions(): RpcSession[] {
    return [...this.connections.all].map(({ sink }) => sink).filter((sink) => sink instanceof RpcSession);
  }

  /**
   * Resolves when peers can be reached or can reach us. With `connectMs` it rejects with ConnectionLost when that takes longer,
   * whatever the transport does.
   */
  async open(connectMs = Number.POSITIVE_INFINITY): Promise<void> {
    const opening = outside(() => this.transport.open((link) => this.accept(link)));
    if (connectMs === Number.POSITIVE_INFINITY) return opening;
    let timer: Timer | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimer(connectMs + SLACK_MS, () => {
        this.closesLate = true;
        reject(new ConnectionLost(`${this.address} was not connected within ${connectMs} ms (limits.connectMs)`));
      });
    });
    try {
      await Promise.race([opening, late]);
      if (this.admissions.length > 0) await Promise.race([Promise.all(this.admissions), late]);
    } finally {
      clearTimer(timer);
    }
  }

  private accept(link: Link): Receiver {
    this.reached = true;
    const connection = this.connect(link);
    const { dialed, redialer, service } = link;
    // Where one of several links is enough, the transport waits for it.
    const isAwaited = redialer !== undefined || (this.holding && dialed === true && service === undefined);
    const admitted = isAwaited ? connection.sink.admitted : undefined;
    if (admitted !== undefined) {
      admitted.catch(() => {});
      // A transport that dials again may try another link.
      if (redialer?.awaits === undefined) this.admissions.push(admitted);
      else redialer.awaits(admitted);
    }
    if (connection.ended) return connection;
    this.connections.add(connection);
    if (this.holding) connection.inboundQueue.awaitOpening(this.replaces || redialer !== undefined);
    if (this.closing !== undefined || this.refusesLinks) connection.sink.end();
    else if (this.retired) connection.sink.closeWhenIdle();
    return connection;
  }

  /** The promise of who opens the line resolves now: from the next turn of the event loop on, what arrives is dispatched. */
  deliver(): void {
    if (this.holding) afterTurn(() => this.release());
  }

  private release(): void {
    this.holding = false;
    for (const { queue } of this.connections.all) queue?.opened();
  }

  /** Sends frames to everybody at once; `load` counts them. */
  broadcast(frames: readonly Frame[], load: SideLoad): void {
    load.countSent(frames);
    this.transport.broadcast?.(frames);
  }

  /** One of the connections has ended. */
  gone(connection: Connection): void {
    if (this.connections.delete(connection) && this.connections.size === 0) this.emptied?.();
  }

  /** From now on, no link is accepted. Resolves when another transport can have its address. */
  async refuseLinks(): Promise<void> {
    this.refusesLinks = true;
    await this.transport.retire?.();
  }

  /** Resolves when no connection is left. */
  async empty(): Promise<void> {
    if (this.connections.size === 0) return;
    const before = this.emptied;
    await new Promise<void>((resolve) => {
      this.emptied = () => {
        before?.();
        resolve();
      };
    });
  }

  /**
   * Lets what is pending finish, then closes. What is pending may wait for what comes over the line that replaces this one: so that
   * delivers at once then, and otherwise with the end of this.
   */
  async retire(next: ActiveTransport): Promise<void> {
    this.retired = true;
    await this.transport.retire?.();
    for (const { sink } of [...this.connections.all]) sink.closeWhenIdle();
    try {
      if (this.connections.size > 0) {
        next.deliver();
        await this.empty();
      }
      await this.transport.close();
    } finally {
      next.deliver();
    }
  }

  /** Ends every connection, and frees everything. What was posted still leaves. May be called twice. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    for (const { sink } of [...this.connections.all]) sink.end();
    if (this.connections.size > 0) await this.ended();
    const closed = this.transport.close();
    if (this.closesLate) closed.catch(() => {});
    else await closed;
  }

  /** Those that still seal what was posted, or have begun in this turn, end a little later. */
  private async ended(): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimer(this.patience, resolve);
    });
    await Promise.race([late, this.empty()]);
    clearTimer(timer);
    const reason = new ConnectionLost('the side was closed, and the last messages could not be sealed in time');
    for (const { sink } of [...this.connections.all]) sink.end(reason);
  }
}
