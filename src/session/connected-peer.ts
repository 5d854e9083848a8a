import { letTakeOut } from '../base/bound-methods.js';
import type { LinkInfo } from '../contract/contract.js';
import type { PeerUser } from '../types/authentication.js';
import type { Session, SessionPeer } from './session.js';

const nothing: Readonly<Record<string, never>> = Object.freeze({});

/** A peer of a side: stable for as long as its session. */
export class ConnectedPeer implements SessionPeer {
  /** Not to be seen by one who prints a peer: behind it lies the whole side. */
  declare readonly session: Session;
  declare private ended: (() => void)[] | undefined;

  constructor(
    session: Session,
    public id: string,
  ) {
    Object.defineProperty(this, 'session', { value: session });
    Object.defineProperty(this, 'ended', { value: undefined, writable: true });
  }

  get info(): LinkInfo {
    return this.session.link.info ?? nothing;
  }

  get user(): PeerUser {
    return this.session.user as PeerUser;
  }

  get isAway(): boolean {
    const { connection, ended, link } = this.session;
    return connection === undefined || ended !== undefined || link.away === true;
  }

  close(reason?: Error): Promise<void> {
    if (this.session.ended !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.ended ??= [];
      this.ended.push(resolve);
      this.session.end(reason);
    });
  }

  /** The session has ended. */
  sessionEnded(): void {
    const waiting = this.ended;
    this.ended = undefined;
    if (waiting !== undefined) for (const resolve of waiting) resolve();
  }
}

letTakeOut(ConnectedPeer.prototype, ['close']);
