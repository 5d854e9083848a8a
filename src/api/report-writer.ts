import { loggable } from '../base/details.js';
import { printable, quoteId } from '../base/quote.js';
import { clearTimer, setTimer, type Timer } from '../base/time.js';
import type { Id } from '../contract/contract.js';
import { RpcError } from '../contract/errors.js';
import type { SideLogger } from '../types/log-entry.js';
import { withError } from './log-entry.js';
import type { Reported, ReportWriter } from './reported.js';

/** How many reports about one peer are written before they are only counted. */
const EACH = 10;
/** The same for all peers of a side together: a new link is a new peer. */
const ALL = 100;
/** How many characters of a text are written. */
const LONGEST = 1_000;
/** How often, in milliseconds, those that were only counted are reported. */
const COUNT_MS = 10_000;

/** Counts the recent reports about one peer. */
class Tally {
  private written = 0;
  private counted = 0;
  private timer: Timer | undefined;

  /** `most`: how many are written; `writeCount` writes how many more there were; `over` is called when nothing was reported for a while. */
  constructor(
    private readonly most: number,
    private readonly writeCount: (counted: number) => void,
    private readonly over: () => void,
  ) {
    this.wait();
  }

  /** Whether one more may be written. */
  get hasRoom(): boolean {
    return this.written < this.most;
  }

  write(): void {
    this.written++;
  }

  count(more = 1): void {
    this.counted += more;
  }

  /** Nothing is reported any more: says how many there were besides those that were written. */
  end(): void {
    clearTimer(this.timer);
    this.flush();
  }

  private flush(): void {
    const { counted } = this;
    this.counted = 0;
    if (counted > 0) this.writeCount(counted);
  }

  /** The timer does not keep the process alive. */
  private wait(): void {
    this.timer = setTimer(COUNT_MS, () => {
      if (this.counted === 0) {
        this.over();
        return;
      }
      this.wait();
      this.flush();
    }).unref();
  }
}

/**
 * What a side writes to its logger about its peers. A peer decides by what it sends how often there is something to report, so
 * of each peer 10 reports are written, and from then on, every 10 s, how many more there were, until there is none for 10 s. Of
 * all peers together it is 100, and of all peers with brief links together 10. Texts are on one line, cut, and without control characters.
 *
 * Nothing is kept of a peer about which nothing was reported in the last 10 s.
 */
export class CountingReports implements ReportWriter {
  /** Stands for all peers with brief links: each has one message. */
  private readonly brief: Reported = { id: 'peers of one message' };
  private readonly tallies = new Map<Reported, Tally>();
  private all: Tally | undefined;

  constructor(readonly logger: SideLogger) {}

  /** Something that concerns a peer, or what a peer has caused; `what` is printable, `detail` is made so. */
  write(level: 'warn' | 'error', peer: Reported | undefined, what: string, detail: unknown): void {
    if (!this.admits(peer)) return;
    const error = loggable(detail);
    const message = withError(`obverse: ${what}`, textOf(detail, error));
    const who = peer && { peer: peer.id };
    // What this library or the other side refuses needs no stack; what code of the program throws does.
    const shown = level === 'warn' && detail instanceof RpcError ? printable(detail.message, LONGEST) : error;
    this.logger.entry({ level, event: 'side', message, ...who, error }, `obverse: ${what}`, shown);
  }

  /** What is wrong with something that a peer has sent; `id` is that of the message. */
  writeError(peer: Reported, error: unknown, id: Id | undefined, method: string | undefined): void {
    if (!this.admits(peer)) return;
    const about = id === undefined || id === null ? '' : ` (message ${quoteId(id)})`;
    const given = loggable(error);
    const from = method === undefined ? '' : `${printable(method)} from `;
    const text = `obverse: ${from}${printable(peer.id)}${about}:`;
    const known = { ...(id !== undefined && id !== null && { id }), ...(method !== undefined && { method }) };
    this.logger.entry(
      {
        level: 'warn',
        event: 'message.error',
        message: withError(text, textOf(error, given)),
        peer: peer.id,
        ...known,
        error: given,
      },
      text,
      // Protocol errors are logged in one line; what a handler throws needs its stack.
      error instanceof RpcError ? printable(error.message, LONGEST) : given,
    );
  }

  /** Whether one more report is written; if not, it is counted. */
  private admits(peer: Reported | undefined): boolean {
    const mine = peer && this.of(peer);
    const all = this.allPeers();
    if (mine?.hasRoom !== false && all.hasRoom) {
      mine?.write();
      all.write();
      return true;
    }
    (mine ?? all).count();
    return false;
  }

  /** The peer has gone. */
  leave(peer: Reported): void {
    const tally = this.tallies.get(peer);
    if (tally === undefined) return;
    this.tallies.delete(peer);
    tally.end();
  }

  /** The side is closed. */
  end(): void {
    for (const peer of this.tallies.keys()) this.leave(peer);
    this.all?.end();
    this.all = undefined;
  }

  private of(reported: Reported): Tally {
    const peer = reported.session?.link.brief === true ? this.brief : reported;
    let tally = this.tallies.get(peer);
    if (tally === undefined) {
      const { id } = peer;
      const writeCount = (counted: number): void => {
        const all = this.allPeers();
        if (all.hasRoom) {
          all.write();
          this.count(counted, printable(id));
        } else all.count(counted);
      };
      tally = new Tally(EACH, writeCount, () => this.tallies.delete(peer));
      this.tallies.set(peer, tally);
    }
    return tally;
  }

  private allPeers(): Tally {
    this.all ??= new Tally(
      ALL,
      (counted) => this.count(counted, 'all peers'),
      () => {
        this.all = undefined;
      },
    );
    return this.all;
  }

  private count(counted: number, who: string): void {
    const message = `obverse: … and ${counted} more from ${who} in the last ${COUNT_MS / 1_000} s`;
    this.logger.entry({ level: 'warn', event: 'reports.omitted', message }, message);
  }
}

/** The detail after a text: an error as it is, anything else as text, shortened if it is long. */
function textOf(thrown: unknown, shown: unknown): unknown {
  return thrown instanceof Error ? thrown : shown;
}
