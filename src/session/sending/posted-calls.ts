import type { Frame } from '../../contract/contract.js';
import type { PendingCalls, ReplyHandler } from '../outgoing-calls/pending-calls.js';
import { HEADERS, NOTIFICATION, NotedMessages } from './noted-messages.js';

/** A call as it was encoded: its headers, if it has any, and itself. */
export interface PostedCall {
  readonly frames: readonly Frame[];
  /** The id of a request, and who waits for its reply. */
  readonly id: number | undefined;
  readonly waiter: ReplyHandler | undefined;
}

type Open = [id: number, waiter: ReplyHandler];

/** The session, as far as this needs it. */
export interface PostingSession {
  readonly sendQueue: {
    readonly place: number;
    readonly sent: number;
    collected: number;
    readonly unsent: readonly Frame[];
  };
  readonly filter: object | undefined;
  readonly journal: { readonly keptMessages?: number; readonly waiting?: number } | undefined;
  readonly pending: PendingCalls | undefined;
}

/**
 * Which messages of a session are calls, for a session that goes on over another link, or whose calls another session sends. A request is
 * found by the number of its message (`ReplyHandler.place`); for everything else that can move, a number is noted here.
 */
export class PostedCalls {
  private readonly noted = new NotedMessages();
  /** The last notification that was noted. */
  private lastMethod: string | undefined;
  /** The numbers of messages that are not to leave. */
  private readonly withdrawn = new Set<number>();

  /** `moves`: another session may send what this one does not, so that notifications are noted as well. */
  constructor(
    private readonly session: PostingSession,
    private readonly moves: boolean,
  ) {}

  // ---- what is posted -----------------------------------------------------------------------------------------------

  /** The message that was posted last has headers, in the message before it. */
  headed(): void {
    this.note(HEADERS);
  }

  /** The message that was posted last is a notification. Those of the library itself belong to their session. */
  notified(method: string): void {
    if (!this.moves) return;
    // The same one follows mostly: to compare it is cheaper than to look for the prefix.
    if (method === this.lastMethod) this.note(NOTIFICATION);
    else if (!method.startsWith('rpc.')) {
      this.lastMethod = method;
      this.note(NOTIFICATION);
    }
  }

  /** The messages that were posted last are a notification that was encoded for several sessions, after its headers if it has any. */
  encoded(method: string, frames: readonly Frame[]): void {
    if (frames.length > 1) this.headed();
    this.notified(method);
  }

  private note(kind: number): void {
    const { noted, session } = this;
    const isLong = noted.add(session.sendQueue.place, kind);
    if (isLong) noted.forget(session.sendQueue.sent - (session.journal?.keptMessages ?? 0));
  }

  // ---- what does not leave ------------------------------------------------------------------------------------------

  /**
   * Nobody waits for a call any more. Returns true if no connection was given it: then it never leaves. One that waits to be sealed is
   * not found here.
   */
  withdraw({ place = 0 }: ReplyHandler): boolean {
    const { sendQueue, filter, journal } = this.session;
    const first = this.noted.kindOf(place) & HEADERS ? place - 1 : place;
    const { unsent } = sendQueue;
    const before = filter === undefined ? sendQueue.sent : sendQueue.place - (journal?.waiting ?? 0);
    const end = filter === undefined ? before + unsent.length : sendQueue.place;
    if (first <= before || place > end) return false;
    for (let each = first; each <= place; each++) {
      this.withdrawn.add(each);
      if (filter === undefined) sendQueue.collected -= (unsent[each - before - 1] as Frame).length;
    }
    return true;
  }

  get hasWithdrawn(): boolean {
    return this.withdrawn.size > 0;
  }

  /** These messages without those that are not to leave; their numbers follow `before`. The others get the numbers that remain. */
  without<T>(messages: readonly T[], before: number): T[] {
    const { withdrawn } = this;
    const left = messages.filter((_message, at) => !withdrawn.has(before + 1 + at));
    this.skip([...withdrawn]);
    withdrawn.clear();
    return left;
  }

  /** The messages with these numbers are not sent: those behind them move up. */
  skip(places: readonly number[]): void {
    const before = countBelow(places);
    for (const [, waiter] of this.own()) waiter.place = (waiter.place ?? 0) - before(waiter.place ?? 0);
    this.noted.moveUp(before);
  }

  /** The requests of this session that wait for their replies. */
  private own(): Open[] {
    const { pending } = this.session;
    const holder: unknown = this.session;
    return [...(pending?.all() ?? [])].filter((entry) => (entry[1].holder ?? holder) === holder);
  }

  /** The requests of this session that wait for their replies, by the numbers of their messages. */
  requests(): Map<number, Open> {
    const requests = new Map<number, Open>();
    for (const entry of this.own()) requests.set(entry[1].place ?? 0, entry);
    return requests;
  }

  // ---- what another session sends -----------------------------------------------------------------------------------

  /**
   * The calls among these messages, whose numbers follow `before`: notifications, and requests that still wait for their replies. What else
   * is in them belongs to the session, and so does what goes by reference, and a call whose headers are not among them.
   */
  among(messages: readonly Frame[], before: number): PostedCall[] {
    const requests = this.requests();
    const calls: PostedCall[] = [];
    for (const [at, message] of messages.entries()) {
      const place = before + 1 + at;
      const kind = this.noted.kindOf(place);
      const [id, waiter] = requests.get(place) ?? [];
      const isCall = waiter === undefined ? (kind & NOTIFICATION) !== 0 : !isBound(waiter);
      const hasHeaders = (kind & HEADERS) !== 0;
      if (!isCall || (hasHeaders && at === 0)) continue;
      calls.push({ frames: hasHeaders ? [messages[at - 1] as Frame, message] : [message], id, waiter });
    }
    return calls;
  }
}

/** How many of these numbers are less than a number. */
function countBelow(places: readonly number[]): (place: number) => number {
  const sorted = Float64Array.from(places).sort();
  return (place) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] as number) < place) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Whether a call belongs to its session: it passes something by reference, calls what was passed, or yields a stream. */
export function isBound({ next, passed, method }: ReplyHandler): boolean {
  return next !== undefined || passed !== undefined || method.startsWith('rpc.');
}
