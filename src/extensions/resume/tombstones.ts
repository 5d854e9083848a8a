import { time } from '../../base/time.js';
import type { Fresh } from './hello-field.js';

/** How many sessions that have ended are remembered. */
const MOST = 10_000;

/** Why a session has ended, for those whose calls are open in it. */
export const WHY: { readonly [F in Fresh]: string } = {
  unknown: 'it is not known',
  expired: 'it was without a link for too long (resume.ms)',
  overrun: 'too much waited for the peer (resume.hold)',
  evicted: 'too many sessions, or too many bytes, were kept without a link (resume.sessions, resume.totalBytes)',
  closed: 'it was closed',
  unconfirmed: 'it was never confirmed',
  'given up': 'the peer has given it up',
};

/** What is known of a session that has ended. */
export interface Tombstone {
  readonly why: Fresh;
  /** How many messages of the peer had come. */
  readonly got: number;
  readonly at: number;
}

/**
 * The sessions that have ended, for who asks for one: why, and how much of it had arrived. They are remembered for a while, and 10,000 of them
 * at most: the one that was asked for longest ago is forgotten first.
 */
export class Tombstones {
  private readonly all = new Map<string, Tombstone>();

  /** `ms`: for how long one is remembered. */
  constructor(private readonly ms: number) {}

  get size(): number {
    return this.all.size;
  }

  add(token: string, why: Fresh, got: number): void {
    const now = time();
    this.all.delete(token);
    this.all.set(token, { why, got, at: now });
    for (const [oldest, { at }] of this.all) {
      if (this.all.size <= MOST && now - at < this.ms) break;
      this.all.delete(oldest);
    }
  }

  /** Somebody asks for the session. */
  ask(token: string): Tombstone | undefined {
    const found = this.all.get(token);
    if (found === undefined) return undefined;
    this.all.delete(token);
    if (time() - found.at >= this.ms) return undefined;
    this.all.set(token, { ...found, at: time() });
    return found;
  }
}
