import { whenReachable } from '../../../src/base/page-events.js';
import { afterTurn, clearTimer, setTimer, type Timer, time } from '../../../src/base/time.js';
import type {
  Accept,
  Link,
  Receiver,
  Redialer,
  RedialWatch,
  Transport,
  TransportSource,
  Wire,
} from '../../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../../src/contract/errors.js';
import { Awaited, asError, NOT_SENT } from './awaited.js';
import { InnerTransport } from './inner.js';
import { deaf, WatchedReceiver, whyNotAgain } from './link.js';
import { Opening, outageOf } from './opening.js';
import type { RedialOptions } from './options.js';
import { EXCHANGED, RedialWaits } from './waits.js';

/** A link that was up for so long, in milliseconds, has lasted: the waits begin anew with the shortest one. */
const LASTED_MS = 5_000;

/** How a transport dials again. */
export interface RedialPlan extends RedialOptions {
  /** The address of the transport, with that of the inner one in it. */
  addressOf(inner: string): string;
}

type State = 'new' | 'dialing' | 'up' | 'waiting' | 'stopped';

/**
 * A transport around another one that dials, and dials again whenever the link has ended. There is one inner transport at a time: it is
 * closed before the next one is made.
 */
export class RedialTransport implements Transport, Redialer {
  watch?: RedialWatch;
  private accept: Accept | undefined;
  private inner: InnerTransport | undefined;
  /** The inner transport whose link is up while another one is made. */
  private beside: InnerTransport | undefined;
  /** The links that have been replaced and have not ended, with their inner transports. */
  private readonly replaced = new Map<Link, InnerTransport>();
  private innerAddress: string;
  private state: State = 'new';
  /** It dials no more. */
  private over = false;
  link: Link | undefined;
  /** Why the last link has ended, or the last attempt has failed. */
  why: Error | undefined;
  /** Why the links of this attempt cannot be used. */
  private unfit: UsageError | undefined;
  /** Since when the link is up, or there is none. */
  since = 0;
  readonly awaited: Awaited = new Awaited(() => {
    if (this.link !== undefined) this.why = undefined;
  });
  private readonly waits: RedialWaits;
  private timer: Timer | undefined;
  /** The attempt, or the end of an inner transport, that is under way. Never rejects. */
  private busy: Promise<void> = Promise.resolve();
  private opening: Opening | undefined;
  private forgetPage: (() => void) | undefined;

  constructor(
    private readonly source: TransportSource,
    text: string,
    private readonly wire: Wire,
    private readonly plan: RedialPlan,
  ) {
    this.innerAddress = text;
    this.waits = new RedialWaits(plan);
  }

  get address(): string {
    return this.plan.addressOf(this.innerAddress);
  }

  // ---- the transport ------------------------------------------------------------------------------------------------

  async open(accept: Accept): Promise<void> {
    if (this.accept !== undefined) throw new UsageError(`${this.address} is opened only once`);
    if (this.over) throw this.closedBefore();
    this.accept = accept;
    this.forgetPage = whenReachable(() => this.again());
    const opening = new Opening(this.wire, this.plan.start, this);
    this.opening = opening;
    try {
      this.dial();
      await opening.done;
    } catch (error) {
      this.end();
      this.watch?.retired('the side could not be opened');
      await this.busy;
      throw error;
    } finally {
      this.opening = undefined;
      opening.end();
    }
  }

  async close(): Promise<void> {
    this.end();
    await this.inner?.transport.close();
    await this.busy;
    await Promise.all([this.inner, ...this.replaced.values()].map((inner) => inner?.transport.close()));
  }

  /** Dials no more; a link that is up stays. */
  async retire(): Promise<void> {
    this.end();
    this.watch?.retired(EXCHANGED);
  }

  // ---- the redialer -------------------------------------------------------------------------------------------------

  awaits(usable: Promise<unknown>): void {
    this.awaited.add(usable);
  }

  get outage(): string | undefined {
    return outageOf(this);
  }

  hurry(): void {
    if (this.over || (this.state !== 'waiting' && this.state !== 'stopped')) return;
    this.waits.attempts = 0;
    this.dial();
  }

  replace(within: number): void {
    if (this.over || this.state !== 'up' || this.link === undefined) return;
    const hasLasted = time() - this.since >= LASTED_MS;
    if (hasLasted) this.waits.attempts = 0;
    // Where each link is replaced at once, attempts are as rare as if each of them failed.
    this.dialIn(Math.max(Math.random() * within, hasLasted ? 0 : this.waits.next()));
  }

  end(): void {
    this.over = true;
    clearTimer(this.timer);
    this.forgetPage?.();
    this.inner?.stop(this.closedBefore());
    this.awaited.stop(this.closedBefore());
    if (this.state === 'waiting') this.opening?.reject(this.closedBefore());
  }

  // ---- attempts -----------------------------------------------------------------------------------------------------

  /** The page reports that an attempt may succeed now. */
  private again(): void {
    if (this.over) return;
    if (this.state === 'waiting') this.dial();
    else this.waits.hurry();
  }

  private dial(): void {
    clearTimer(this.timer);
    this.state = 'dialing';
    this.busy = this.busy.then(() => this.attempt());
  }

  /** Never rejects. */
  private async attempt(): Promise<void> {
    this.beside = this.link === undefined ? undefined : this.inner;
    try {
      if (this.over) throw this.closedBefore();
      await this.bringUp();
      if (this.link === undefined) throw this.why;
      if (this.opening !== undefined) await this.awaited.all();
    } catch (error) {
      await this.release();
      // The link beside which it was made may have ended meanwhile.
      if (this.link === undefined) await this.release();
      this.failed(asError(error));
      return;
    }
    this.state = 'up';
    void this.beside?.close();
    this.beside = undefined;
    this.opening?.resolve();
    if (this.link === undefined) this.ended();
  }

  /** Makes an inner transport, and opens it: its link is up then. */
  private async bringUp(): Promise<void> {
    const transport = await this.wire.transport(this.source, false);
    const inner = new InnerTransport(transport, this.wire.limits.connectMs);
    this.inner = inner;
    if (this.over) throw this.closedBefore();
    this.unfit = undefined;
    let links = 0;
    try {
      await inner.open((link) => this.up(link, links++));
    } catch (error) {
      // Its link was closed, because it does not fit.
      throw this.unfit ?? error;
    } finally {
      this.innerAddress = inner.address;
    }
    if (links === 0)
      throw new UsageError(
        `${inner.address} does not dial a peer: expected an address that connects, to dial it again`,
      );
    if (this.unfit !== undefined) throw this.unfit;
  }

  private up(link: Link, before: number): Receiver {
    const unfit = whyNotAgain(link, before);
    if (unfit !== undefined) this.unfit = new UsageError(`${link.peer} cannot be dialed again: its transport ${unfit}`);
    if (this.unfit !== undefined || this.over) {
      queueMicrotask(() => link.close());
      return deaf;
    }
    if (this.link !== undefined && this.beside !== undefined) {
      this.replaced.set(this.link, this.beside);
      this.beside = undefined;
      this.watch?.replaces?.();
    }
    this.link = link;
    this.awaited.refusal = undefined;
    this.since = time();
    Object.assign(link, { redialer: this as Redialer });
    const receiver = this.accept!(link);
    if (this.awaited.isDone) this.why = undefined;
    return new WatchedReceiver(receiver, (reason) => this.linkEnded(link, reason));
  }

  private linkEnded(link: Link, reason: Error | undefined): void {
    if (this.link !== link) {
      void this.replaced.get(link)?.close();
      this.replaced.delete(link);
      return;
    }
    this.link = undefined;
    this.why = reason ?? new ConnectionLost(`the link to ${link.peer} ended`);
    if (time() - this.since >= LASTED_MS) this.waits.attempts = 0;
    this.since = time();
    // Its attempt goes on otherwise, and finds that it has ended.
    if (this.state !== 'up') this.awaited.linkEnded(this.why);
    // The side may still report why it cannot use the link.
    else if (this.awaited.isDone) this.ended();
    else
      afterTurn(() => {
        if (this.state === 'up' && this.link === undefined) this.ended();
      });
  }

  /** The link was up, and has ended. */
  private ended(): void {
    this.why = this.awaited.refusal ?? this.why;
    this.busy = this.busy.then(() => this.release());
    this.next(this.why ?? new ConnectionLost(`${this.address} has ended`));
  }

  private failed(error: Error): void {
    if (this.link !== undefined) {
      this.state = 'up';
      if (!this.over && !this.waits.isLast(error)) this.dialIn(this.waits.next());
      return;
    }
    this.why = error;
    if (this.opening !== undefined && (this.over || this.plan.start === 'once')) this.opening.reject(error);
    else this.next(error);
  }

  /** Waits for the next attempt, if there is one. */
  private next(why: Error): void {
    clearTimer(this.timer);
    if (this.over) this.watch?.retired(EXCHANGED);
    else if (!this.waits.isLast(why)) {
      const ms = this.waits.next();
      this.state = 'waiting';
      this.dialIn(ms);
      this.opening?.report(this.address, why);
      this.watch?.waits(this.waits.attempts, ms, why);
    } else {
      this.state = 'stopped';
      if (this.opening !== undefined) this.opening.reject(why);
      else this.watch?.gaveUp(why);
    }
  }

  private dialIn(ms: number): void {
    clearTimer(this.timer);
    this.timer = setTimer(ms, () => this.dial());
  }

  /** Closes the inner transport, unless its link is up beside an attempt. Never rejects. */
  private async release(): Promise<void> {
    const { inner, beside } = this;
    this.inner = beside;
    this.beside = undefined;
    if (inner !== beside) await inner?.close();
  }

  private closedBefore(): ConnectionLost {
    return new ConnectionLost(`${this.address} was closed before it was open`, NOT_SENT);
  }
}
