import { clearTimer, setTimer, type Timer, time } from '../../src/base/time.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import type { CallerLink } from './callers.js';

/** How long, in ms, it takes until ZeroMQ knows that a connection that has ended leads nowhere. */
const PROBE_MS = 10;
/** The shortest time, in ms, between two messages by which callers are asked that may not expect them. */
const ASK_MS = 1_000;
/** From this share of the places on, they are asked. */
const CROWDED = 0.75;

/** The links to callers, by their names and by their connections: which of them make room for others, and which are gone. */
export class ZmqConnections {
  private readonly links = new Map<string, CallerLink>();
  /** A connection has several links if there are callers behind a device, or if it says so. */
  private readonly connections = new Map<string, Set<CallerLink>>();
  /** The connections that have more than one. */
  private readonly shared = new Set<Set<CallerLink>>();
  private probing: Timer | undefined;
  private sweeper: Timer | undefined;
  private asked = Number.NEGATIVE_INFINITY;
  /** Since callers were asked, a connection has ended. */
  private isDoubtful = false;

  /** `most`: of links. `forget`, in ms: for how long a caller that is not Obverse may be silent. */
  constructor(
    private readonly most: number,
    private readonly forget: number,
  ) {}

  get size(): number {
    return this.links.size;
  }

  get all(): readonly CallerLink[] {
    return [...this.links.values()];
  }

  get(key: string): CallerLink | undefined {
    return this.links.get(key);
  }

  add(link: CallerLink): void {
    this.links.set(link.key, link);
    const links = this.connections.get(link.connection);
    if (links === undefined) {
      this.connections.set(link.connection, new Set([link]));
      return;
    }
    links.add(link);
    this.shared.add(links);
  }

  delete(link: CallerLink): void {
    const links = this.connections.get(link.connection);
    if (links?.delete(link) !== true) return;
    this.links.delete(link.key);
    if (links.size < 2) this.shared.delete(links);
    if (links.size === 0) this.connections.delete(link.connection);
  }

  /**
   * Whether there is room for another caller of a connection. Ends links for it where that is needed: one without open calls of a caller that
   * knows no sessions or is behind a device; otherwise the oldest of the connection that has the most, if it has more than this one would.
   */
  hasRoom(connection: string): boolean {
    const { links, most } = this;
    if (links.size >= CROWDED * most) this.ask();
    if (links.size < most) return true;
    for (const link of links.values()) {
      if ((link.isObverse && link.isDirect) || link.isBusy) continue;
      link.close();
      if (links.size < most) return true;
    }
    let widest = this.connections.get(connection);
    const own = widest?.size ?? 0;
    for (const each of this.shared) if (each.size > (widest?.size ?? 0)) widest = each;
    const [oldest] = widest ?? [];
    if (oldest !== undefined && widest !== undefined && widest.size > own + 1)
      oldest.close(new ConnectionLost(`${oldest.peer} makes room for a caller of another connection (limits.peers)`));
    if (links.size < most) return true;
    this.probeSoon();
    return false;
  }

  /** A connection has ended; ZeroMQ does not report which. */
  disconnected(): void {
    this.isDoubtful = true;
    this.probeSoon();
  }

  private probeSoon(): void {
    // Seldom where there are many: each of them gets a message.
    this.probing ??= setTimer(Math.max(PROBE_MS, this.links.size / 10), () => {
      this.probing = undefined;
      this.probe(false);
    }).unref();
  }

  /** Nearly all places are taken, perhaps by callers that are gone. */
  private ask(): void {
    if (!this.isDoubtful || time() - this.asked < ASK_MS) return;
    this.isDoubtful = false;
    this.asked = time();
    setTimer(PROBE_MS, () => this.probe(true)).unref();
  }

  /** Finds out which connections have ended. `isUrgent`: also by messages that a caller may not expect. */
  private probe(isUrgent: boolean): void {
    for (const links of this.connections.values()) {
      let isAsked = false;
      for (const link of links) if (link.isObverse || !isAsked) isAsked = link.probe(isUrgent) || isAsked;
    }
  }

  /** The connection of this link has ended, and so have all links of it. */
  lost(link: CallerLink): void {
    for (const each of this.connections.get(link.connection) ?? []) each.lost();
    // It may have ended before, while something waited.
    link.lost();
  }

  /**
   * Looks from time to time for callers that are not Obverse and were silent for long: nobody else reports that they are gone. One whose call is
   * open may be waiting for it, and is asked.
   */
  sweep(): void {
    this.sweeper = setTimer(this.forget / 2, () => {
      this.sweep();
      for (const link of this.links.values()) {
        if (++link.silent <= 2 || link.isObverse) continue;
        if (!link.isBusy) link.close();
        else {
          link.silent = 0;
          link.probe(true);
        }
      }
    }).unref();
  }

  stop(): void {
    clearTimer(this.probing);
    clearTimer(this.sweeper);
  }
}
