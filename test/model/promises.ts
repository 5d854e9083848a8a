import { fail } from './scheduler.js';

export type Side = 'client' | 'server';
export type Outcome = 'ok' | 'busy' | 'timeout' | 'lost';

export const SIDES: readonly Side[] = ['client', 'server'];
export const other = (side: Side): Side => (side === 'client' ? 'server' : 'client');

/** In how many sessions an idempotent call is sent, at most. */
export const TRIES = 3;

/** A call, and what is known of it by the one who watches both ends. */
export interface Call {
  readonly uid: number;
  readonly by: Side;
  readonly idempotent: boolean;
  /** Something is passed with it by reference, which means nothing in another session. */
  readonly tagged: boolean;
  /** The session in which it was handed to a link, if it was. */
  given?: string;
  /** It was handed to a link in a session that is lost, and may have been carried out there. */
  doubtful?: boolean;
  settled?: string;
  /** In how many sessions it was sent. */
  tries: number;
  /** How often it was carried out. */
  runs: number;
  /** Its caller was told that it was not carried out. */
  denied?: boolean;
}

/**
 * Watches both ends of a conversation, and fails if a promise is broken: each call settles once, runs at most once (an
 * idempotent one at most {@link TRIES} times), and its caller is never told wrongly that it did not run; notifications
 * arrive in order and at most once. In a mild world nothing is lost.
 */
export class Promises {
  readonly calls: Call[] = [];
  /** The number of the last notification of each end that was sent, and that has come. */
  private readonly notes = { sent: { client: 0, server: 0 }, come: { client: 0, server: 0 } };

  constructor(
    readonly isMild: boolean,
    /** How often what happened, for a report. */
    readonly stats: Map<string, number> = new Map(),
  ) {}

  count(what: string): void {
    this.stats.set(what, (this.stats.get(what) ?? 0) + 1);
  }

  call(uid: number): Call {
    return this.calls[uid] ?? fail(`there is no call ${uid}`);
  }

  newCall(by: Side, idempotent: boolean, tagged = false): Call {
    const call: Call = { uid: this.calls.length, by, idempotent, tagged, tries: 0, runs: 0 };
    this.calls.push(call);
    return call;
  }

  /** `maybe`: its caller is told that it may have been carried out. */
  settle(call: Call, outcome: Outcome, maybe: boolean): void {
    const { uid, runs, settled } = call;
    if (settled !== undefined) fail(`call ${uid} is settled as ${outcome}, and was as ${settled}`);
    if (this.isMild && outcome === 'lost') fail(`call ${uid} is lost, though nothing has happened but cuts`);
    if (outcome === 'ok' && runs === 0) fail(`call ${uid} is answered, and never ran`);
    this.count(`settled: ${outcome}${outcome === 'lost' ? `, maybe ${maybe}` : ''}`);
    call.settled = outcome;
    if (outcome === 'lost') call.denied = !maybe;
    else if (outcome === 'busy') call.denied = !call.doubtful;
    else call.denied = outcome === 'timeout' && !maybe;
    if (call.denied && runs > 0) fail(`call ${uid} ran, and its caller is told that it has not: ${outcome}`);
  }

  /** A handler begins. */
  ran(uid: number): void {
    const call = this.call(uid);
    call.runs++;
    if (call.denied) fail(`call ${uid} runs, and its caller was told that it has not: ${call.settled}`);
    if (call.runs > (call.idempotent ? TRIES : 1)) fail(`call ${uid} runs ${call.runs} times`);
  }

  /** The number of the next notification of a side. */
  nextNote(from: Side): number {
    return ++this.notes.sent[from];
  }

  heard(from: Side, n: number): void {
    const { come } = this.notes;
    if (n <= come[from] || (this.isMild && n > come[from] + 1))
      fail(`notification ${n} of the ${from} comes after ${come[from]}`);
    come[from] = n;
  }

  checkAtRest(): void {
    const { sent, come } = this.notes;
    for (const { uid, settled } of this.calls) if (settled === undefined) fail(`call ${uid} is never settled`);
    for (const side of SIDES) if (this.isMild && come[side] < sent[side]) fail(`a notification of the ${side} is lost`);
  }
}
