import { outside } from '../base/async-context.js';
import { afterTurn, clearTimer, setTimer, type Timer } from '../base/time.js';
import type { Frame, Link, Receiver, Transport } from '../contract/contract.js';
import { ConnectionLost } from '../contract/errors.js';
import type { ConnectedPeer } from '../session/peer.js';
import type { RpcSession } from '../session/rpc-session.js';
import type { SideLoad } from '../session/side-load.js';

/** Transports that have a time limit of their own report more than this file can: they get so many milliseconds for it. */
const SLACK_MS = 100;

/** One open transport, and the sessions over it. A side has one, and for a while two when it changes its transport. */
export class ActiveTransport {
  /** Those that have not ended. */
  readonly sessions: Set<RpcSession> = new Set();
  /** What arrives waits: whoever opens the side has not had a turn yet to add handlers. */
  private holding = true;
  private retired = false;
  private closing: Promise<void> | undefined;
  private emptied: (() => void) | undefined;
  /** It could not be opened in time, and so may not be closed in time either. */
  private stuck = false;

  /**
   * `patience`: how long, in milliseconds, `close` waits for what is still being sealed. `replaces`: the side is open already, over
   * another line.
   */
  constructor(
    private readonly transport: Transport,
    private readonly begin: (link: Link) => RpcSession,
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

  /** Those who are connected over it. */
  get peers(): ConnectedPeer[] {
    return [...this.sessions].map((session) => session.peer as ConnectedPeer);
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
        this.stuck = true;
        reject(new ConnectionLost(`${this.address} was not connected within ${connectMs} ms (limits.connectMs)`));
      });
    });
    try {
      await Promise.race([opening, late]);
    } finally {
      clearTimer(timer);
    }
  }

  private accept(link: Link): Receiver {
    const session = this.begin(link);
    if (session.over !== undefined) return session;
    this.sessions.add(session);
    if (this.holding) session.inbox.held.awaitOpening(this.replaces);
    if (this.closing !== undefined) session.end();
    else if (this.retired) session.retire();
    return session;
  }

  /** The promise of who opens the line resolves now: from the next turn of the event loop on, what arrives is dispatched. */
  deliver(): void {
    if (this.holding) afterTurn(() => this.release());
  }

  private release(): void {
    this.holding = false;
    for (const session of this.sessions) session.inbox.queue?.opened();
  }

  /** Sends frames to everybody at once; `load` counts them. */
  broadcast(frames: readonly Frame[], load: SideLoad): void {
    load.sends(frames);
    this.transport.broadcast?.(frames);
  }

  /** One of the sessions has ended. */
  gone(session: RpcSession): void {
    if (this.sessions.delete(session) && this.sessions.size === 0) this.emptied?.();
  }

  /**
   * Lets what is pending finish, then closes. What is pending may wait for what comes over the line that replaces this one: so that
   * delivers at once then, and otherwise with the end of this.
   */
  async retire(next: ActiveTransport): Promise<void> {
    this.retired = true;
    const empty = new Promise<void>((resolve) => {
      this.emptied = resolve;
    });
    for (const session of [...this.sessions]) session.retire();
    try {
      if (this.sessions.size > 0) {
        next.deliver();
        await empty;
      }
      await this.transport.close();
    } finally {
      next.deliver();
    }
  }

  /** Ends every session, and frees everything. What was posted still leaves. May be called twice. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    const sessions = [...this.sessions];
    for (const session of sessions) session.end();
    const last = sessions.filter((session) => session.over === undefined);
    if (last.length > 0) await this.ended(last);
    const closed = this.transport.close();
    if (this.stuck) closed.catch(() => {});
    else await closed;
  }

  /** Those that still seal what was posted, or have begun in this turn, end a little later. */
  private async ended(sessions: readonly RpcSession[]): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimer(this.patience, resolve);
    });
    await Promise.race([late, Promise.all(sessions.map((session) => session.peer?.close()))]);
    clearTimer(timer);
    const reason = new ConnectionLost('the side was closed, and the last messages could not be sealed in time');
    for (const session of sessions) session.end(reason);
  }
}
