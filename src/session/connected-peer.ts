import { makeDetachable } from '../base/bound-methods.js';
import type { LinkInfo } from '../contract/contract.js';
import type { PeerUser } from '../types/authentication.js';
import type { Session, SessionPeer } from './session.js';

const nothing: Readonly<Record<string, never>> = Object.freeze({});

/** A peer of a side: stable for as long as its session. */
export class ConnectedPeer implements SessionPeer {
  /** Not to be seen by one who prints a peer: behind it lies the whole side. Over a brief link, a peer is made for each call. */
  readonly #session: Session;
  #ended: (() => void)[] | undefined;

  constructor(
    session: Session,
    public id: string,
  ) {
    this.#session = session;
  }

  get session(): Session {
    return this.#session;
  }

  get info(): LinkInfo {
    return this.#session.link.info ?? nothing;
  }

  get user(): PeerUser {
    return this.#session.user as PeerUser;
  }

  get isAway(): boolean {
    const { connection, ended, link } = this.#session;
    return connection === undefined || ended !== undefined || link.away === true;
  }

  close(reason?: Error): Promise<void> {
    if (this.#session.ended !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#ended ??= [];
      this.#ended.push(resolve);
      this.#session.end(reason);
    });
  }

  /** The session has ended. */
  sessionEnded(): void {
    const waiting = this.#ended;
    if (waiting === undefined) return;
    this.#ended = undefined;
    for (const resolve of waiting) resolve();
  }
}

makeDetachable(ConnectedPeer.prototype, ['close']);
