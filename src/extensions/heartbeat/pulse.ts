import { whenReachable } from '../../base/page-events.js';
import { clearTimer, isHeld, lookAgain, setTimerAt, type Timer, time } from '../../base/time.js';
import { ConnectionLost } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import { sendBeat } from './answer.js';

/** The shortest time between two beats, in milliseconds. */
export const LEAST_BEAT = 1_000;
/** At so many looks in a row without a sign of life, the link is cut; at the first one, the peer is asked. */
const LOOKS = 3;
/** While a test holds the clock, an answer takes time all the same, in milliseconds. */
const HELD_MS = 500;

/** A connection without a sign of life. */
interface Silent {
  looks: number;
  /** As the link was at the last look. */
  buffered: number;
  moved: number;
}

/** The connections with the same time between two beats. Twice in this time, it looks whether something has arrived. */
class Pulse {
  readonly connections = new Set<Connection>();
  readonly silent = new Map<Connection, Silent>();
  due: number;

  /** `beat` in milliseconds. */
  constructor(readonly beat: number) {
    this.due = time() + beat / 2;
  }

  look(now: number): void {
    const half = this.beat / 2;
    const late = now - this.due > half;
    this.due = now + half;
    // The process was stopped or busy, and what has arrived was not read.
    if (late) this.silent.clear();
    else for (const connection of this.connections) this.judge(connection);
  }

  /** Asks each peer now; who does not answer within a beat is gone. */
  ask(): void {
    this.due = time() + this.beat / 2;
    for (const connection of this.connections) {
      // It was asked before, and its time is running.
      if (this.silent.has(connection)) continue;
      connection.heard = false;
      this.judge(connection);
    }
  }

  private judge(connection: Connection): void {
    if (connection.heard) {
      connection.heard = false;
      this.silent.delete(connection);
    } else if (connection.isPaused) {
      // It may have asked, and sees that this side lives.
      this.silent.delete(connection);
      sendBeat(connection, true);
    } else this.miss(connection);
  }

  private miss(connection: Connection): void {
    const { link } = connection;
    const known = this.silent.get(connection);
    // Before the beat: in a page its own bytes count as buffered until the end of the task.
    const { buffered } = link;
    if (known === undefined) sendBeat(connection);
    const { moved = 0 } = link;
    const lives = known !== undefined && (buffered < known.buffered || moved > known.moved);
    const looks = known === undefined || lives ? 1 : known.looks + 1;
    this.silent.set(connection, { looks, buffered, moved });
    if (looks !== LOOKS) return;
    if (isHeld()) lookAgain(HELD_MS, () => this.cut(connection));
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

/** By their times between two beats, which are whole seconds unless they are those of a side of this process: there are few. */
export const pulses: Map<number, Pulse> = new Map();
let timer: Timer | undefined;
let forgetPage: (() => void) | undefined;

/** Watches over a connection; `own` and `theirs` are the times of both sides, in milliseconds: the shorter one holds. */
export function watchOver(connection: Connection, own: number, theirs: number): void {
  const beat = theirs >= own ? own : Math.max(LEAST_BEAT, Math.floor(theirs / 1_000) * 1_000);
  let pulse = pulses.get(beat);
  if (pulse === undefined) {
    // The network was gone, or the page slept: links may have ended unnoticed.
    forgetPage ??= whenReachable(() => {
      for (const each of pulses.values()) each.ask();
    });
    pulse = new Pulse(beat);
    pulses.set(beat, pulse);
    wait();
  }
  pulse.connections.add(connection);
}

/** The connection has ended. */
export function release(connection: Connection): void {
  for (const [beat, { connections, silent }] of pulses) {
    if (!connections.delete(connection)) continue;
    silent.delete(connection);
    if (connections.size === 0) pulses.delete(beat);
    if (pulses.size > 0) return;
    forgetPage?.();
    forgetPage = undefined;
    return;
  }
}

/** One timer for the process, which does not keep it alive. It fires once more after the last connection. */
function wait(): void {
  let next = Number.POSITIVE_INFINITY;
  for (const { due } of pulses.values()) next = Math.min(next, due);
  if (next === Number.POSITIVE_INFINITY || (timer !== undefined && timer.at <= next)) return;
  clearTimer(timer);
  timer = setTimerAt(next, look).unref();
}

function look(): void {
  timer = undefined;
  const now = time();
  for (const pulse of pulses.values()) if (pulse.due <= now) pulse.look(now);
  wait();
}
