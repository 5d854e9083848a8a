import { afterTurn } from '../base/time.js';
import type { Accept, Frame, Link, Receiver } from '../contract/contract.js';
import { ConnectionLost, type ProtocolError } from '../contract/errors.js';
import type { Hiding } from './recorded-credentials.js';
import { readFrame, type Step, writeFrame } from './recording.js';
import type { Difference } from './replay-difference.js';

/** Whether a sent frame counts as equal to the recorded one. */
export type Same = (recorded: Frame, sent: Frame) => boolean;

/** The state of one step of a recording. */
interface Played {
  readonly step: Step;
  /** It has happened here too, or cannot happen any more. */
  done: boolean;
}

/** The frames to one peer, and how many of them were sent here too. */
interface Lane {
  readonly recorded: (Played & { readonly step: Out })[];
  sent: number;
}
type Out = Extract<Step, { readonly out: unknown }>;

/** The name of the peer for messages to everybody. */
const EVERYBODY = 'everybody';

/**
 * Plays the peers of a recording. Their actions wait for everything that this side had sent before them; what this side
 * sends is compared with what it had sent to the same peer, in order. So it may be sent earlier than in the recording,
 * but must not differ.
 */
export class Player {
  /** The first difference. */
  difference: ProtocolError | undefined;
  private readonly steps: readonly Played[];
  private readonly lanes = new Map<string, Lane>();
  private readonly links = new Map<string, ReplayedLink>();
  private accept: Accept | undefined;
  /** Everything before it is done. */
  private at = 0;
  private scheduled = false;

  constructor(
    steps: readonly Step[],
    private readonly words: Difference,
    /** Recordings have no credentials. */
    private readonly hide: Hiding,
    private readonly same: Same | undefined,
  ) {
    this.steps = steps.map((step) => ({ step, done: false }));
    for (const played of this.steps) if (isOut(played)) this.lane(played.step.peer).recorded.push(played);
  }

  /** Accepts the links that were there when the transport was open. */
  start(accept: Accept): void {
    this.accept = accept;
    const opened = this.steps.findIndex(({ step }) => 'address' in step);
    for (const played of this.steps.slice(0, opened + 1)) {
      if ('link' in played.step || 'address' in played.step) this.play(played);
    }
    this.wake();
  }

  /** Ends every link. */
  stop(): void {
    this.accept = undefined;
    for (const link of [...this.links.values()]) link.close();
  }

  /** Throws the first difference, or an error for recorded frames that were not sent. */
  verify(): void {
    if (this.difference !== undefined) throw this.difference;
    for (const [peer, { recorded, sent }] of this.lanes) {
      const next = recorded[sent];
      if (next !== undefined) throw this.words.missing(peer, recorded.length - sent, readFrame(next.step.out));
    }
  }

  /** Continues as soon as this turn is over. */
  wake(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    afterTurn(() => {
      this.scheduled = false;
      if (this.accept !== undefined) this.next();
    });
  }

  /** Compares a sent frame; false if it differs from the recording. */
  sent(peer: string | undefined, frame: Frame): boolean {
    const lane = this.lane(peer);
    const played = lane.recorded[lane.sent];
    if (played === undefined) {
      this.difference ??= this.words.tooMany(peer ?? EVERYBODY, lane.sent, frame);
      return false;
    }
    const recorded = readFrame(played.step.out);
    if (!this.isSame(recorded, frame)) {
      this.difference ??= this.words.other(peer ?? EVERYBODY, lane.sent + 1, recorded, frame);
      return false;
    }
    lane.sent++;
    played.done = true;
    this.wake();
    return true;
  }

  private lane(peer = EVERYBODY): Lane {
    const lane = this.lanes.get(peer) ?? { recorded: [], sent: 0 };
    this.lanes.set(peer, lane);
    return lane;
  }

  /** A link has ended here. */
  gone(link: ReplayedLink): void {
    if (this.links.get(link.peer) === link) this.links.delete(link.peer);
    this.wake();
  }

  private isSame(recorded: Frame, sent: Frame): boolean {
    if (JSON.stringify(writeFrame(recorded)) === JSON.stringify(writeFrame(this.hide(sent)))) return true;
    return this.same?.(recorded, sent) === true;
  }

  /** Plays the next step, and those that happened together with it. */
  private next(): void {
    while (this.at < this.steps.length) {
      const played = this.steps[this.at]!;
      if (!played.done && !this.isMoot(played)) {
        if (!this.mayPlay(played)) return;
        this.together(this.at);
        this.wake();
        return;
      }
      this.at++;
    }
  }

  /** Whether a step cannot happen any more, because its link has ended here. */
  private isMoot({ step }: Played): boolean {
    return 'peer' in step && step.peer !== undefined && !('link' in step) && !this.links.has(step.peer);
  }

  /** Whether it is an action of a peer that can happen now. */
  private mayPlay({ step }: Played): boolean {
    if ('out' in step || 'close' in step) return false;
    return !('in' in step && this.links.get(step.peer)?.paused === true);
  }

  private together(from: number): void {
    const { at } = this.steps[from]!.step;
    for (let index = from; this.steps[index]?.step.at === at; index++) {
      const played = this.steps[index]!;
      if (!played.done && !this.isMoot(played) && this.mayPlay(played)) this.play(played);
    }
  }

  private play(played: Played): void {
    const { step } = played;
    played.done = true;
    if ('link' in step) {
      const link = new ReplayedLink(this, step.peer);
      Object.assign(link, step.link);
      this.links.set(step.peer, link);
      link.receiver = this.accept?.(link);
    } else if ('in' in step) this.links.get(step.peer)?.deliver(readFrame(step.in));
    else if ('inputEnded' in step) this.links.get(step.peer)?.endInput();
    else if ('end' in step) {
      const { end, peer } = step;
      this.links.get(peer)?.end(end === null ? undefined : new ConnectionLost(end));
    }
  }
}

function isOut(played: Played): played is Played & { readonly step: Out } {
  return 'out' in played.step;
}

/** The link to a peer of a recording. */
class ReplayedLink implements Link {
  readonly buffered = 0;
  paused = false;
  receiver: Receiver | undefined;
  private over = false;

  constructor(
    private readonly player: Player,
    readonly peer: string,
  ) {}

  send(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (this.over) return;
      if (!this.player.sent(this.peer, frame)) this.end(this.player.difference);
    }
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.player.wake();
  }

  close(reason?: Error): void {
    this.end(reason);
  }

  deliver(frame: Frame): void {
    if (!this.over) this.receiver?.receive(frame);
  }

  endInput(): void {
    if (!this.over) this.receiver?.inputEnded?.();
  }

  /** A microtask later, because it may be called within `accept`, when there is no receiver yet. */
  end(reason: Error | undefined): void {
    if (this.over) return;
    this.over = true;
    this.player.gone(this);
    queueMicrotask(() => this.receiver?.closed(reason));
  }
}
