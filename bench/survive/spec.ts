import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Stream } from 'obverse';

export type Each = (n: number) => Promise<number>;

/** What runs between the two processes. Everything is numbered, so that both ends can be compared. */
export class Traffic extends RemoteAPI {
  /** Names the client: the server closes an older link of the same name, and from now on calls this one. */
  @incoming({ hasReply: true }) join(_sender: Sender, _args: { name: string }): Reply<void> {}
  @incoming({ hasReply: true }) beat(_sender: Sender): Reply<void> {}
  @incoming({ hasReply: true }) up(_sender: Sender, _args: { n: number }): Reply<number> {}
  @outgoing({ hasReply: true }) down(_to: Receivers, _args: { n: number }): Reply<number> {}
  @incoming noteUp(_sender: Sender, _args: { n: number }): void {}
  @outgoing noteDown(_to: Receivers, _args: { n: number }): void {}
  @incoming({ stream: true }) countUp(_sender: Sender, _args: { from: number; ms: number }): Stream<number> {}
  @outgoing({ stream: true }) countDown(_to: Receivers, _args: { from: number; ms: number }): Stream<number> {}
  /** Calls `each` with from, from + 1, and so on, until the call is cancelled or fails. */
  @incoming({ hasReply: true })
  watch(_sender: Sender, _args: { each: Each; from: number; ms: number }): Reply<void> {}
}

/** How a run is made. Both processes get the same. */
export interface RunOptions {
  readonly address: string;
  readonly codec: string;
  /**
   * `hand`: the client dials anew by itself, as docs/reconnecting.md shows. `reconnect`: the option of that name, and a
   * new session for each link. `resume`: the session goes on.
   */
  readonly mode: Mode;
  /** Calls per second, in each direction, and as many notifications for ten calls. */
  readonly rate: number;
  /** Streams, half of them in each direction. */
  readonly streams: number;
  readonly callbacks: number;
  /** The most calls of one direction: memory for them is taken at once. */
  readonly most: number;
}

export type Mode = 'hand' | 'reconnect' | 'resume';

/** How often an item of a stream or a callback comes, in milliseconds. */
export const ITEM_MS = 100;
/** The heartbeat, in milliseconds. */
export const BEAT_MS = 1_000;

/** Whether this build has an option. */
function has(option: string, value: unknown): boolean {
  try {
    Traffic.create({ [option]: value } as never);
    return true;
  } catch {
    return false;
  }
}

/** Whether a silent link is noticed: the client has a heartbeat of its own in the mode `hand`. */
export function noticesSilence(mode: Mode): boolean {
  return mode === 'hand' || has('beat', BEAT_MS);
}

/** The options of a side in a mode. `join` is called in each new session of the client. */
export function sideOptions(mode: Mode, join?: (remote: Joining) => unknown): Record<string, unknown> {
  // A dial whose link falls silent is given up after that time, and the next one follows.
  if (mode === 'hand') return join === undefined ? {} : { limits: { connectMs: 2 * BEAT_MS } };
  const limits = { connectMs: 5 * BEAT_MS };
  return {
    ...(has('beat', BEAT_MS) && { beat: BEAT_MS }),
    ...(join === undefined && mode === 'resume' && { resume: true }),
    ...(join !== undefined && { limits, reconnect: { delay: [20, 500], begin: join } }),
  };
}

/** What the client calls to say who it is. */
export interface Joining {
  join(args: { name: string }): Promise<void>;
}

/** The best mode that this build has. */
export function bestMode(): Mode {
  if (!has('reconnect', true)) return 'hand';
  return has('resume', true) ? 'resume' : 'reconnect';
}
