import type { Envelope, Frame, Link, LinkInfo, Receiver } from '../contract/contract.js';
import { ConnectionLost } from '../contract/errors.js';
import { FaultLane, type LaneEnds } from './fault-lane.js';
import type { Fate, FaultPlan } from './fault-plan.js';

/** The direction of a frame, as the wrapped side sees it. */
export type Direction = 'in' | 'out';

/** What a faulty link receives from its transport. */
export interface FaultyLinkOptions {
  readonly inner: Link;
  /** The faulty link around a link of the same transport; the link itself if there is none. */
  readonly around: (link: Link) => Link;
  readonly plan: (direction: Direction) => FaultPlan;
  /** Called once, before the end is reported. */
  readonly ended: () => void;
  readonly onFate: (peer: string, direction: Direction, number: number, fate: Fate) => void;
}

const PLAIN = ['packets', 'agreed', 'dialed', 'bus', 'frameBytes', 'info'] as const;
const SHARED = ['brief', 'anycast', 'takes', 'keeps', 'callBeat', 'reports', 'broadcast'] as const;
const TRAITS = [...PLAIN, ...SHARED];

/** A link with faults, around one without. */
export class FaultyLink implements Link {
  readonly packets?: boolean;
  readonly agreed?: boolean;
  readonly dialed?: boolean;
  readonly bus?: boolean;
  readonly frameBytes?: number;
  readonly info?: LinkInfo;
  readonly brief?: boolean;
  readonly anycast?: boolean;
  readonly takes?: NonNullable<Link['takes']>;
  readonly keeps?: NonNullable<Link['keeps']>;
  readonly callBeat?: number;
  readonly reports?: boolean;
  readonly broadcast?: boolean;
  readonly service?: Link;
  readonly proved?: () => void;
  readonly admitted?: () => void;
  readonly denied?: (reason: Error) => void;
  readonly dispatch?: (frames: readonly Frame[], call: Envelope) => Link | undefined;
  readonly withdraw?: (id: number, frames: readonly Frame[]) => void;
  readonly peer: string;
  /** The receiver for the inner link. */
  readonly receiver: Receiver;
  /** The receiver of this link; set once it was accepted. */
  private outer: Receiver | undefined;
  private readonly inner: Link;
  private readonly ended: () => void;
  private readonly incoming: FaultLane;
  private readonly outgoing: FaultLane;
  /** The inner link has ended, and some of its frames are still delayed. */
  private ending: { readonly reason: Error | undefined } | undefined;
  /** The peer sends no more, and some of its frames are still delayed. */
  private inputEnding = false;
  private closing = false;

  constructor({ inner, around, plan, onFate, ended }: FaultyLinkOptions) {
    this.inner = inner;
    this.ended = ended;
    this.peer = inner.peer;
    for (const name of TRAITS)
      if (inner[name] !== undefined) Object.defineProperty(this, name, { get: () => inner[name], enumerable: true });
    if (inner.service !== undefined) this.service = around(inner.service);
    if (inner.proved !== undefined) this.proved = () => inner.proved?.();
    if (inner.admitted !== undefined) this.admitted = () => inner.admitted?.();
    if (inner.denied !== undefined) this.denied = (reason) => inner.denied?.(reason);
    // Calls that are sent one by one have an outcome, which nothing of them would have that is lost here: faults are for what arrives.
    if (inner.dispatch !== undefined)
      this.dispatch = (frames, call) => {
        const member = this.closing ? undefined : inner.dispatch?.(frames, call);
        return member && around(member);
      };
    if (inner.withdraw !== undefined) this.withdraw = (id, frames) => inner.withdraw?.(id, frames);
    const ends = (direction: Direction): Pick<LaneEnds, 'cut' | 'fate'> => ({
      cut: () => this.close(new ConnectionLost(`the link to ${this.peer} was cut, as the test asked for`)),
      fate: (number, fate) => onFate(this.peer, direction, number, fate),
    });
    this.outgoing = new FaultLane(plan('out'), {
      ...ends('out'),
      deliver: (frames) => inner.send(frames),
      empty: () => this.drained(),
    });
    this.incoming = new FaultLane(plan('in'), {
      ...ends('in'),
      deliver: (frames) => this.deliver(frames),
      empty: () => {
        if (this.inputEnding) this.endInput();
        if (this.ending !== undefined) this.over(this.ending.reason);
      },
    });
    const outer = (): Receiver | undefined => this.outer;
    this.receiver = {
      receive: (frame) => this.incoming.push([frame]),
      drained: () => this.drained(),
      get open() {
        return outer()?.open ?? 0;
      },
      outcome: (id, answer) => {
        if (!this.closing) outer()?.outcome?.(id, answer);
      },
      published: (frame) => {
        if (!this.closing) outer()?.published?.(frame);
      },
      closed: (reason) => this.innerEnded(reason),
    };
  }

  get away(): boolean {
    return this.inner.away === true;
  }

  get moved(): number | undefined {
    return this.inner.moved;
  }

  get maxFrame(): number {
    return this.inner.maxFrame as number;
  }

  /** It was accepted. */
  deliverTo(outer: Receiver): void {
    this.outer = outer;
    // If there is no such function, the link ends instead.
    if (outer.inputEnded !== undefined) this.receiver.inputEnded = () => this.endInput();
  }

  get buffered(): number {
    return this.inner.buffered + this.outgoing.bytes;
  }

  send(frames: readonly Frame[]): void {
    if (!this.closing) this.outgoing.push(frames);
  }

  pause(): void {
    this.inner.pause();
  }

  resume(): void {
    this.inner.resume();
  }

  close(reason?: Error): void {
    if (!this.closing && reason === undefined) this.outgoing.flush();
    this.closing = true;
    this.outgoing.stop();
    this.incoming.stop();
    // The inner link may have ended already; then it does not report its end again.
    if (this.ending !== undefined) this.over(reason);
    else this.inner.close(reason);
  }

  private deliver(frames: readonly Frame[]): void {
    for (const frame of frames) if (!this.closing) this.outer?.receive(frame);
  }

  private drained(): void {
    if (this.outgoing.bytes === 0 && !this.closing && this.ending === undefined) this.outer?.drained();
  }

  private endInput(): void {
    this.inputEnding = this.incoming.held;
    if (!this.inputEnding && !this.closing) this.outer?.inputEnded?.();
  }

  private innerEnded(reason: Error | undefined): void {
    this.outgoing.stop();
    if (this.incoming.held) this.ending = { reason };
    else this.over(reason);
  }

  private over(reason: Error | undefined): void {
    this.ending = undefined;
    this.closing = true;
    this.ended();
    this.outer?.closed(reason);
  }
}
