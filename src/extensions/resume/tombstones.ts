import { time } from '../../base/time.js';
import type { Fresh } from './hello-field.js';

/** How many sessions that have ended are remembered. */
const MOST = 10_000;

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
