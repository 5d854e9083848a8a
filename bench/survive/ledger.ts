/** What has become of a call, as its caller has seen it. */
export const OPEN = 0;
export const OK = 1;
/** Rejected, and it may have been carried out. */
export const MAYBE = 2;
/** Rejected, and its caller was told that it was not carried out. */
export const DENIED = 3;
/** Answered with something else than its number. */
export const WRONG = 4;

/** What one end knows of all calls, notifications, items and callbacks. */
export interface Account {
  /** Of the calls that this end has made. */
  readonly outcomes: Uint8Array;
  readonly made: number;
  /** How often each call of the other end was carried out here. */
  readonly runs: Uint8Array;
  readonly notesSent: number;
  readonly notesHeard: number;
  /** Notifications that came twice, or too late. */
  readonly notesDoubled: number;
  /** Items of streams and calls of callbacks: those that came, those that were missing in between, those that came twice. */
  readonly items: number;
  readonly gaps: number;
  readonly doubled: number;
  /** Streams and callbacks that ended with an error, and were opened again. */
  readonly reopened: number;
  /** Why calls were rejected. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** Counts for one end. Its memory does not grow while it counts. */
export class Ledger {
  readonly outcomes: Uint8Array;
  readonly runs: Uint8Array;
  made = 0;
  notesSent = 0;
  items = 0;
  gaps = 0;
  doubled = 0;
  reopened = 0;
  private notesHeard = 0;
  private notesDoubled = 0;
  private lastNote = 0;
  private readonly reasons: Record<string, number> = {};

  constructor(most: number) {
    this.outcomes = new Uint8Array(most);
    this.runs = new Uint8Array(most);
  }

  /** Follows a call until it settles. */
  follow(n: number, reply: Promise<number>): void {
    reply.then(
      (value) => {
        this.outcomes[n] = value === n ? OK : WRONG;
      },
      (error: Error & { readonly maybeExecuted?: boolean }) => {
        this.outcomes[n] = error.maybeExecuted === false ? DENIED : MAYBE;
        this.reasons[error.name] = (this.reasons[error.name] ?? 0) + 1;
      },
    );
  }

  ran(n: number): number {
    this.runs[n]!++;
    return n;
  }

  heard(n: number): void {
    this.notesHeard++;
    if (n <= this.lastNote) this.notesDoubled++;
    this.lastNote = Math.max(this.lastNote, n);
  }

  /** An item has come where `expected` was to come. Returns what is to come next. */
  came(n: number, expected: number): number {
    this.items++;
    if (n > expected) this.gaps += n - expected;
    else if (n < expected) this.doubled++;
    return Math.max(n, expected - 1) + 1;
  }

  get open(): number {
    let open = 0;
    for (let n = 0; n < this.made; n++) if (this.outcomes[n] === OPEN) open++;
    return open;
  }

  account(): Account {
    const { made, notesSent, notesHeard, notesDoubled, items, gaps, doubled, reopened, reasons } = this;
    const [outcomes, runs] = [this.outcomes, this.runs];
    return { outcomes, made, runs, notesSent, notesHeard, notesDoubled, items, gaps, doubled, reopened, reasons };
  }
}

/** Both ends compared: everything that a user would notice. */
export interface Findings {
  readonly calls: number;
  readonly answered: number;
  /** Rejected though it may have run, and rejected as not carried out. */
  readonly maybeExecuted: number;
  readonly denied: number;
  /** Never settled. */
  readonly pending: number;
  /** Carried out more than once; carried out though its caller was told otherwise; answered and never carried out. */
  readonly doubledCalls: number;
  readonly falselyDenied: number;
  readonly neverRan: number;
  readonly notifications: number;
  readonly lostNotifications: number;
  readonly doubledNotifications: number;
  readonly items: number;
  readonly gaps: number;
  readonly doubledItems: number;
  readonly reopened: number;
  readonly reasons: Readonly<Record<string, number>>;
}

export function compared(client: Account, server: Account): Findings {
  const reasons: Record<string, number> = {};
  for (const { reasons: own } of [client, server])
    for (const [name, count] of Object.entries(own)) reasons[name] = (reasons[name] ?? 0) + count;
  const both = (key: 'notesSent' | 'notesHeard' | 'notesDoubled' | 'items' | 'gaps' | 'doubled' | 'reopened'): number =>
    client[key] + server[key];
  return {
    ...countCalls([
      [client, server],
      [server, client],
    ]),
    notifications: both('notesSent'),
    lostNotifications: both('notesSent') - both('notesHeard') + both('notesDoubled'),
    doubledNotifications: both('notesDoubled'),
    items: both('items'),
    gaps: both('gaps'),
    doubledItems: both('doubled'),
    reopened: both('reopened'),
    reasons,
  };
}

function countCalls(directions: readonly (readonly [caller: Account, called: Account])[]) {
  const counts = {
    calls: 0,
    answered: 0,
    maybeExecuted: 0,
    denied: 0,
    pending: 0,
    doubledCalls: 0,
    falselyDenied: 0,
    neverRan: 0,
  };
  for (const [{ outcomes, made }, { runs }] of directions) {
    for (let n = 0; n < made; n++) {
      const [outcome, ran] = [outcomes[n], runs[n] as number];
      counts.calls++;
      if (outcome === OK || outcome === WRONG) counts.answered++;
      else if (outcome === MAYBE) counts.maybeExecuted++;
      else if (outcome === DENIED) counts.denied++;
      else counts.pending++;
      if (ran > 1) counts.doubledCalls++;
      if (outcome === DENIED && ran > 0) counts.falselyDenied++;
      if (outcome === WRONG || (outcome === OK && ran === 0)) counts.neverRan++;
    }
  }
  return counts;
}
