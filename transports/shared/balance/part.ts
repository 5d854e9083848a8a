import { clearTimer, setTimer, type Timer } from '../../../src/base/time.js';
import type { Accept, Link, Receiver, Transport, TransportSource, Wire } from '../../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../../src/contract/errors.js';
import { textOf } from '../mux/transport.js';
import { asError, NOT_SENT } from '../redial/awaited.js';
import { InnerTransport } from '../redial/inner.js';
import { deaf, WatchedReceiver } from '../redial/link.js';
import { RedialWaits } from '../redial/waits.js';
import type { BalancePlan } from './address.js';
import { isSingle, unfitness } from './fitness.js';
import { Line } from './line.js';

/** How many lines that are leaving and have open calls a part keeps: each of them is a link. */
const MOST_LEAVING = 4;

/** One of the servers behind `balance:`. */
export interface BalancePart {
  /** The part as it was passed. */
  readonly source: TransportSource;
  /** Its address. */
  readonly address: string;
  /** Whether it gets calls. */
  readonly isUp: boolean;
  /** Why it gets none; undefined if it does, or was not dialed yet. */
  readonly why: Error | undefined;
}

/** What a part needs of its transport. */
export interface PartHub {
  readonly wire: Wire;
  readonly accept: Accept;
  readonly isOpening: boolean;
  /** The link of the whole; accepted now if it was not yet. */
  service(): Link;
  /** The lines that can be used are others now. */
  changed(): void;
  /** An attempt has failed. */
  failed(part: Part): void;
}

/** A part, and its links: one at a time, except while it is replaced. */
export class Part implements BalancePart {
  why: Error | undefined = undefined;
  /** Those that have not ended. */
  readonly lines: Set<Line> = new Set();
  private made: Transport | undefined;
  private known: string | undefined;
  private hub: PartHub | undefined;
  private waits!: RedialWaits;
  private timer: Timer | undefined;
  /** The attempt, or the end of an inner transport, that is under way. Never rejects. */
  private busy: Promise<void> = Promise.resolve();
  /** It is dialed no more. */
  private isOver = false;
  private isReported = false;
  /** No attempt follows. */
  private isLast = false;
  private emptied: (() => void) | undefined;

  constructor(readonly source: TransportSource) {}

  get address(): string {
    return this.known ?? textOf(this.source);
  }

  get isUp(): boolean {
    for (const { isUsable } of this.lines) if (isUsable) return true;
    return false;
  }

  /** Makes its transport, for the first attempt. Rejects for options that do not fit. */
  async make(hub: PartHub, { redial }: BalancePlan): Promise<void> {
    this.hub = hub;
    this.waits = new RedialWaits(redial);
    this.why = this.known = undefined;
    this.isOver = this.isReported = this.isLast = false;
    this.made = await hub.wire.transport(this.source, false);
    this.known = this.made.address;
  }

  // ---- attempts -----------------------------------------------------------------------------------------------------

  dial(): void {
    clearTimer(this.timer);
    this.timer = undefined;
    this.busy = this.busy.then(() => this.attempt());
  }

  /** Never rejects. */
  private async attempt(): Promise<void> {
    const { hub } = this;
    if (this.isOver || hub === undefined) return;
    let line: Line | undefined;
    try {
      const transport = this.made ?? (await hub.wire.transport(this.source, false));
      this.made = undefined;
      this.known = transport.address;
      const opened = new Line(new InnerTransport(transport, hub.wire.limits.connectMs));
      line = opened;
      this.lines.add(line);
      if (this.isOver) throw this.closedBefore();
      await line.inner.open((link) => this.up(opened, link));
      if (line.denial instanceof UsageError) throw line.denial;
      if (line.links === 0)
        throw new UsageError(`${this.address} does not dial a peer: each part of balance: is an address that connects`);
    } catch (error) {
      if (line?.isOver === true) return;
      if (line !== undefined) await this.drop(line);
      // It may have opened no further because its link was refused.
      this.failed(line?.denial instanceof UsageError ? line.denial : asError(error));
    }
  }

  private up(line: Line, link: Link): Receiver {
    const { hub } = this;
    const unfit = unfitness(line, link);
    if (hub === undefined || this.isOver || unfit !== undefined) {
      if (unfit !== undefined)
        line.denial = new UsageError(`${this.address} cannot be a part of balance:, because it ${unfit}`);
      queueMicrotask(() => link.close());
      return deaf;
    }
    line.begins(link);
    const { redialer } = link;
    if (redialer !== undefined) {
      line.redials = true;
      redialer.watch = { waits() {}, gaveUp: (why) => this.ended(line, why), retired() {} };
    }
    Object.assign(link, {
      service: hub.service(),
      redialer: undefined,
      admitted: () => this.usable(line),
      denied: (why: Error) => {
        line.denial = why;
      },
      leaving: (within: number) => this.leaving(line, within),
    });
    line.receiver = hub.accept(link);
    const receiver = new WatchedReceiver(line.receiver, (reason) => this.linkEnded(line, link, reason));
    // No answer can come over a half-closed link.
    if (receiver.inputEnded !== undefined) receiver.ending = () => this.unusable(line);
    return receiver;
  }

  private usable(line: Line): void {
    line.isUsable = true;
    this.why = undefined;
    if (this.isReported) this.hub?.wire.logger.warn(`obverse: ${this.address} of balance: is up again`);
    this.isReported = false;
    this.hub?.changed();
  }

  private unusable(line: Line): void {
    line.isUsable = false;
    this.hub?.changed();
  }

  /** The part is about to close: the server that takes its place is dialed. */
  private leaving(line: Line, within: number): void {
    if (line.isLeaving) return;
    line.isLeaving = true;
    const { hasLasted } = line;
    if (hasLasted) this.waits.attempts = 0;
    // Where each line leaves at once, attempts are as rare as if each of them failed.
    if (!this.isOver) this.dialIn(Math.max(Math.random() * (within / 4), hasLasted ? 0 : this.waits.next()));
    const leaving = [...this.lines].filter(({ isLeaving, isOver }) => isLeaving && !isOver);
    if (leaving.length > MOST_LEAVING) leaving[0]?.link?.close();
    this.hub?.changed();
  }

  private linkEnded(line: Line, link: Link, reason: Error | undefined): void {
    if (line.link !== link) return;
    line.link = line.receiver = undefined;
    line.isUsable = false;
    const why = line.denial ?? reason ?? new ConnectionLost(`the link to ${link.peer} ended`);
    // The one that takes its place may leave at once.
    if (line.hasLasted && !line.isLeaving) this.waits.attempts = 0;
    if (!line.redials || this.isOver) {
      this.ended(line, why);
      return;
    }
    this.isDown(why);
    this.hub?.changed();
    this.hub?.failed(this);
  }

  /** Nothing more comes of this attempt. */
  private ended(line: Line, why: Error): void {
    if (line.isOver) return;
    line.isOver = true;
    line.isUsable = false;
    this.hub?.changed();
    // The side may be about to end the other links as well.
    this.busy = this.busy.then(async () => {
      await this.drop(line);
      // Otherwise, the next attempt is under way.
      if (!line.isLeaving) this.failed(line.redials || isSingle(this.source) ? notAgain(why) : why);
    });
  }

  private failed(why: Error): void {
    const { hub, waits } = this;
    if (this.isOver || hub === undefined) return;
    const isLast = isFinal(why) || waits.isLast(why);
    this.isDown(why, isLast);
    if (!isLast) this.dialIn(waits.next());
    hub.failed(this);
  }

  private dialIn(ms: number): void {
    clearTimer(this.timer);
    this.timer = setTimer(ms, () => this.dial());
  }

  private isDown(why: Error, isLast = false): void {
    if (this.isUp) return;
    this.why = why;
    this.isLast = isLast;
    this.report();
  }

  /** Reports once that it is down; not while the side is being opened, which may be refused for the same reason. */
  report(): void {
    const { hub, why, address } = this;
    if (why === undefined || hub === undefined || hub.isOpening || this.isOver) return;
    const { logger } = hub.wire;
    if (this.isLast) logger.error(`obverse: ${address} of balance: is down, and is not dialed again: ${why.message}`);
    else if (!this.isReported)
      logger.warn(`obverse: ${address} of balance: is down, and is dialed again: ${why.message}`);
    this.isReported = true;
  }

  // ---- its end ------------------------------------------------------------------------------------------------------

  /** It is dialed no more; a link that is up stays. */
  stop(): void {
    this.isOver = true;
    clearTimer(this.timer);
    for (const { inner, link } of this.lines) if (link === undefined) inner.stop(this.closedBefore());
  }

  /** Lets the open calls finish, and then ends its links. Resolves when everything is released. */
  async retire(): Promise<void> {
    this.stop();
    for (const line of this.lines) line.isLeaving = true;
    this.hub?.changed();
    for (const line of this.lines) line.retire();
    if (this.lines.size > 0)
      await new Promise<void>((resolve) => {
        this.emptied = resolve;
      });
    await this.released();
  }

  async close(): Promise<void> {
    this.stop();
    await Promise.all([...this.lines].map(({ inner }) => inner.close()));
    await this.released();
    this.lines.clear();
    this.emptied?.();
  }

  private async released(): Promise<void> {
    await this.busy;
    await this.made?.close();
    this.made = undefined;
  }

  /** Never rejects. */
  private async drop(line: Line): Promise<void> {
    await line.inner.close();
    this.lines.delete(line);
    if (this.lines.size === 0) this.emptied?.();
  }

  private closedBefore(): ConnectionLost {
    return new ConnectionLost(`${this.address} was closed before it was open`, NOT_SENT);
  }
}

const finals = new WeakSet<Error>();

/** The transport of this part is not made again. */
function notAgain(why: Error): Error {
  finals.add(why);
  return why;
}

function isFinal(why: Error): boolean {
  return finals.has(why);
}
