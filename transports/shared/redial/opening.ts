import { clearTimer, setTimer, type Timer, time } from '../../../src/base/time.js';
import type { Link, RedialWatch, Wire } from '../../../src/contract/contract.js';
import { ConnectionLost } from '../../../src/contract/errors.js';
import { NOT_SENT } from './awaited.js';

/** An attempt reports more than `open` can where its time is over: it gets so many milliseconds for it. */
const SLACK_MS = 75;

/** What a transport that dials again is at. */
export interface RedialState {
  readonly address: string;
  readonly watch?: RedialWatch;
  readonly link: Link | undefined;
  /** What the side waits for before it can use the link. */
  readonly awaited: { readonly isDone: boolean };
  /** Why the last link has ended, or the last attempt has failed. */
  readonly why: Error | undefined;
  /** Since when there is no link, on the clock of the process. */
  readonly since: number;
}

/** What `open` waits for: the first link that can be used, or the reason why there is none. */
export class Opening {
  readonly done: Promise<void>;
  resolve!: () => void;
  reject!: (reason: Error) => void;
  private readonly late: Timer;
  private reported = '';

  constructor(
    private readonly wire: Wire,
    start: 'once' | 'retry',
    state: RedialState,
  ) {
    const { connectMs } = wire.limits;
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    const slack = start === 'retry' ? 0 : SLACK_MS;
    this.late = setTimer(connectMs + slack, () => this.reject(tooLate(state, connectMs)));
  }

  end(): void {
    clearTimer(this.late);
  }

  /** Another attempt follows, for this reason: each is reported once, as there is no peer yet that events could be about. */
  report(address: string, { message }: Error): void {
    if (message === this.reported) return;
    this.reported = message;
    const { logger, limits } = this.wire;
    logger.warn(
      `${address} is not connected yet, and is dialed again until limits.connectMs (${limits.connectMs} ms) has passed: ${message}`,
    );
  }
}

function tooLate({ link, watch, why, address }: RedialState, ms: number): Error {
  const unfinished = link === undefined ? undefined : watch?.unfinished;
  if (unfinished === undefined && why !== undefined) return why;
  const what = unfinished === undefined ? '' : `: ${unfinished}`;
  return new ConnectionLost(`${address} was not connected within ${ms} ms (limits.connectMs)${what}`, NOT_SENT);
}

/** Why nothing can be sent, for the texts of errors; undefined if that is possible. */
export function outageOf({ link, watch, why, since, awaited }: RedialState): string | undefined {
  const last = why === undefined ? '' : `: ${why.message}`;
  if (link === undefined) return `there has been no link for ${Math.round(time() - since)} ms${last}`;
  return awaited.isDone ? undefined : `${watch?.unfinished ?? 'the session has not begun'}${last}`;
}
