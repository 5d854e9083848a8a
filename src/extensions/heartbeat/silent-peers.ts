import { whenReachable } from '../../base/page-events.js';
import { afterRealTime, clearTimer, isHeld, setTimerAt, type Timer, time } from '../../base/time.js';
import { ConnectionLost } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import { sendBeat } from './answer.js';

/** The shortest time between two beats, in milliseconds. */
export const SHORTEST_BEAT = 1_000;
/** At so many checks in a row without a sign of life, the link is cut; at the first one, the peer is asked. */
const SILENT_CHECKS = 3;
/** While a test holds the clock, an answer takes time all the same, in milliseconds. */
const HELD_MS = 500;

/** So many connections are checked together: their questions leave at once, those of other groups at other times. */
const GROUP = 512;
/** The checks of one group after the other are spread evenly by this part of the time between two checks, however many groups there are. */
const SPREAD = 0.618034;

/** A connection without a sign of life. */
interface Silent {
  readonly checks: number;
  /** As the link was at the last check. */
  readonly buffered: number;
  readonly moved: number;
}

/** Some of the connections with the same time between two beats. Twice in this time, it checks whether something has arrived. */
class Group {
  readonly connections = new Set<Connection>();
  /** An idle link is in here at every second check, so it takes little memory: `moved` alone if it was asked once and nothing is buffered. */
  private readonly silent = new Map<Connection, Silent | number>();

  /** `beat` in milliseconds; `due`: when it checks next. */
  constructor(
    private readonly beat: number,
    public due: number,
  ) {}

  delete(connection: Connection): boolean {
    this.silent.delete(connection);
    return this.connections.delete(connection);
  }

  check(now: number): void {
    const half = this.beat / 2;
    const late = now - this.due > half;
    this.due = now + half;
    // The process was stopped or busy, and what has arrived was not read.
    if (late) this.silent.clear();
    else for (const connection of this.connections) this.checkConnection(connection);
  }

  /** Asks each peer now; who does not answer within a beat is gone. */
  ask(): void {
    this.due = time() + this.beat / 2;
    for (const connection of this.connections) {
      // It was asked before, and its time is running.
      if (this.silent.has(connection)) continue;
      connection.heard = false;
      this.checkConnection(connection);
    }
  }

  private checkConnection(connection: Connection): void {
    if (connection.heard) {
      connection.heard = false;
      this.silent.delete(connection);
    } else if (connection.isPaused) {
      // It may have asked, and sees that this side lives.
      this.silent.delete(connection);
      sendBeat(connection, true);
    } else this.noteSilence(connection);
  }

  private noteSilence(connection: Connection): void {
    const { link } = connection;
    const noted = this.silent.get(connection);
    // Before the beat: in a page its own bytes count as buffered until the end of the task.
    const { buffered } = link;
    if (noted === undefined) sendBeat(connection);
    const { moved = 0 } = link;
    const known = typeof noted === 'number' ? { checks: 1, buffered: 0, moved: noted } : noted;
    const lives = known !== undefined && (buffered < known.buffered || moved > known.moved);
    const checks = known === undefined || lives ? 1 : known.checks + 1;
    this.silent.set(connection, checks === 1 && buffered === 0 ? moved : { checks, buffered, moved });
    if (checks !== SILENT_CHECKS) return;
    if (isHeld()) afterRealTime(HELD_MS, () => this.cut(connection));
    else this.cut(connection);
  }

  private cut(connection: Connection): void {
    if (connection.ended || connection.heard) return;
    const { link } = connection;
    const lost = new ConnectionLost(
      `nothing has arrived from ${link.peer} for at least ${1.5 * this.beat} ms, and it does not answer (option "beat": ${this.beat} ms)`,
    );
    connection.closed(lost);
    link.close(lost);
  }
}

/** All connections with the same time between two beats. */
class HeartbeatGroups {
  readonly groups: Group[] = [];
  private made = 0;

  constructor(private readonly beat: number) {}

  add(connection: Connection): void {
    const last = this.groups.at(-1);
    const group = last !== undefined && hasRoom(last) ? last : (this.groups.find(hasRoom) ?? this.newGroup());
    group.connections.add(connection);
  }

  private newGroup(): Group {
    // The first one checks half a beat from now.
    const part = (1 + this.made++ * SPREAD) % 1 || 1;
    const group = new Group(this.beat, time() + (part * this.beat) / 2);
    this.groups.push(group);
    wait();
    return group;
  }

  delete(connection: Connection): boolean {
    const at = this.groups.findIndex((group) => group.delete(connection));
    if (at >= 0 && this.groups[at]?.connections.size === 0) this.groups.splice(at, 1);
    return at >= 0;
  }
}

function hasRoom({ connections }: Group): boolean {
  return connections.size < GROUP;
}

/** By their times between two beats, which are whole seconds unless they are those of a side of this process: there are few. */
export const groupsByBeat: Map<number, HeartbeatGroups> = new Map();
let timer: Timer | undefined;
let forgetPage: (() => void) | undefined;

/** Watches over a connection; `own` and `theirs` are the times of both sides, in milliseconds: the shorter one holds. */
export function watchOver(connection: Connection, own: number, theirs: number): void {
  // A peer may send hello more than once.
  release(connection);
  const beat = theirs >= own ? own : Math.max(SHORTEST_BEAT, Math.floor(theirs / 1_000) * 1_000);
  let sameBeat = groupsByBeat.get(beat);
  if (sameBeat === undefined) {
    // The network was gone, or the page slept: links may have ended unnoticed.
    forgetPage ??= whenReachable(() => {
      for (const group of allGroups()) group.ask();
    });
    sameBeat = new HeartbeatGroups(beat);
    groupsByBeat.set(beat, sameBeat);
  }
  sameBeat.add(connection);
}

/** The connection has ended. */
export function release(connection: Connection): void {
  for (const [beat, pulse] of groupsByBeat) {
    if (!pulse.delete(connection)) continue;
    if (pulse.groups.length === 0) groupsByBeat.delete(beat);
    if (groupsByBeat.size > 0) return;
    forgetPage?.();
    forgetPage = undefined;
    return;
  }
}

function allGroups(): Group[] {
  return [...groupsByBeat.values()].flatMap(({ groups }) => groups);
}

/** One timer for the process, which does not keep it alive. It fires once more after the last connection. */
function wait(): void {
  let next = Number.POSITIVE_INFINITY;
  for (const { groups } of groupsByBeat.values()) for (const { due } of groups) next = Math.min(next, due);
  if (next === Number.POSITIVE_INFINITY || (timer !== undefined && timer.at <= next)) return;
  clearTimer(timer);
  timer = setTimerAt(next, checkDue).unref();
}

function checkDue(): void {
  timer = undefined;
  const now = time();
  for (const group of allGroups()) if (group.due <= now) group.check(now);
  wait();
}
