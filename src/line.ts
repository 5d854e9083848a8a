import type { Frame, Link, Receiver, Transport } from './contract.js';
import type { Session } from './session.js';

/** One open transport, and the sessions over it. A side has one, and for a while two when it changes its transport. */
export class Line {
  private readonly sessions = new Set<Session>();
  private retired = false;
  private emptied: (() => void) | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly begin: (link: Link) => Session,
  ) {}

  /** What a peer connects to. */
  get address(): string {
    return this.transport.address;
  }

  /** Whether everybody can be reached at once. */
  get broadcasts(): boolean {
    return this.transport.broadcast !== undefined;
  }

  /** Resolves when peers can be reached or can reach us. */
  open(): Promise<void> {
    return this.transport.open((link) => this.accept(link));
  }

  private accept(link: Link): Receiver {
    const session = this.begin(link);
    if (session.over !== undefined) return session;
    this.sessions.add(session);
    if (this.retired) session.retire();
    return session;
  }

  broadcast(frames: readonly Frame[]): void {
    this.transport.broadcast?.(frames);
  }

  /** One of the sessions has ended. */
  gone(session: Session): void {
    if (this.sessions.delete(session) && this.sessions.size === 0) this.emptied?.();
  }

  /** Lets what is pending finish, then closes. */
  async retire(): Promise<void> {
    this.retired = true;
    const empty = new Promise<void>((resolve) => {
      this.emptied = resolve;
    });
    for (const session of [...this.sessions]) session.retire();
    if (this.sessions.size > 0) await empty;
    await this.transport.close();
  }

  /** Ends every session, and frees everything. */
  close(): Promise<void> {
    for (const session of [...this.sessions]) session.end();
    return this.transport.close();
  }
}
