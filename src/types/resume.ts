/**
 * The types of sessions that outlive their links: the option `resume`, and what the events report. Nothing here exists at run time.
 */

import type { LinkInfo, SecurityInfo } from '../contract/contract.js';
import type { PeerUser } from './authentication.js';
import type { Peer } from './peers.js';

/** How long a side that listens keeps the session of a peer whose link has ended, and within which bounds. */
export interface ResumeOptions {
  /** How long, in milliseconds: 120,000 by default. Then the session ends, and the event `disconnect` follows. */
  readonly ms?: number | undefined;
  /** How many bytes of a session are sent and not acknowledged before more waits: 1 MiB by default, 64 KiB at least. */
  readonly bytes?: number | undefined;
  /** How many bytes are kept for a peer that is away, before its session ends: 8 MiB by default. */
  readonly hold?: number | undefined;
  /** How many sessions are kept without a link: 1,000 by default. Of more, the one in which the fewest messages were exchanged ends. */
  readonly sessions?: number | undefined;
  /** How many bytes are kept for all of them together: 64 MiB by default. */
  readonly totalBytes?: number | undefined;
  /** Called when a link claims the session of a peer: it returns false to refuse it. The session stays then. */
  allow?(peer: Peer, visitor: Visitor): boolean;
}

/** Who claims a session: what is known of the new link. */
export interface Visitor {
  /** What `authenticate` has returned, if the side has it. */
  readonly user: PeerUser | undefined;
  readonly info: LinkInfo;
  readonly securityInfo: SecurityInfo | undefined;
}

/** A session that goes on over another link, as the event `resumed` reports it. */
export interface Resumed {
  /** How long it was without a link, in whole milliseconds. */
  readonly away: number;
  /** How many messages were sent once more. */
  readonly again: number;
}

/** The events of sessions that outlive their links. */
export interface ResumeEvents {
  /** The session of a peer goes on over another link: its calls, streams and references are what they were. */
  resumed: (peer: Peer, how: Resumed) => void;
}
