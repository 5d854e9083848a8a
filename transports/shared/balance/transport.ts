import { clearTimer, setTimer } from '../../../src/base/time.js';
import type { Accept, Envelope, Link, Transport, Wire } from '../../../src/contract/contract.js';
import { Code, ConnectionLost, ProtocolError, UsageError } from '../../../src/contract/errors.js';
import { joinParts } from '../mux/address.js';
import { NOT_SENT } from '../redial/awaited.js';
import type { BalancePlan } from './address.js';
import type { Line } from './line.js';
import { type BalanceHub, BalanceLink } from './link.js';
import type { Part, PartHub } from './part.js';

/** An attempt reports more than `open` can where its time is over: it gets so many milliseconds for it. */
const SLACK_MS = 75;
/** How many parts are listed in an error. */
const LISTED = 8;

interface Opening {
  readonly failed: Set<Part>;
  resolve(): void;
  reject(why: Error): void;
}

/** Several servers as one peer: each call goes to one of the parts that are up. The list of parts is read each time, so that its owner can change it. */
export class BalanceTransport implements Transport, BalanceHub, PartHub {
  accept!: Accept;
  private link: BalanceLink | undefined;
  /** Those that get calls. */
  private usable: readonly Line[] = [];
  private turn = 0;
  private readonly most: number;
  private isOpened = false;
  private isRetired = false;
  private closing: Promise<void> | undefined;
  private opening: Opening | undefined;

  constructor(
    private readonly parts: readonly Part[],
    private readonly plan: BalancePlan,
    readonly wire: Wire,
  ) {
    // As many bytes as wait for a peer that does not read, before nothing more is taken.
    this.most = 2 * wire.limits.bufferedBytes;
  }

  get address(): string {
    return `balance:${joinParts(this.addresses)}`;
  }

  get addresses(): readonly string[] {
    return this.parts.map(({ address }) => address);
  }

  get closed(): boolean {
    return this.closing !== undefined;
  }

  get isOpening(): boolean {
    return this.opening !== undefined;
  }

  get isUp(): boolean {
    return this.usable.length > 0;
  }

  // ---- the transport ------------------------------------------------------------------------------------------------

  async open(accept: Accept): Promise<void> {
    if (this.isOpened) throw new UsageError(`${this.address} is opened only once`);
    this.refuseIfClosed();
    this.isOpened = true;
    this.accept = accept;
    const parts = [...this.parts];
    try {
      // Errors in options are found before anything is dialed.
      const made = await Promise.allSettled(parts.map((part) => part.make(this, this.plan)));
      const wrong = made.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []));
      this.refuseIfClosed();
      if (wrong.length > 0) throw wrong[0];
      if (parts.length > 0) await this.first(parts);
      else this.service();
    } catch (error) {
      await this.close();
      throw error;
    }
    for (const part of this.parts) part.report();
  }

  /** Resolves when the first part can have calls. Rejects when none can. */
  private async first(parts: readonly Part[]): Promise<void> {
    const { connectMs } = this.wire.limits;
    const done = new Promise<void>((resolve, reject) => {
      this.opening = { failed: new Set(), resolve, reject };
    });
    const late = setTimer(connectMs + SLACK_MS, () => this.opening?.reject(this.unreached()));
    try {
      for (const part of parts) part.dial();
      await done;
    } finally {
      clearTimer(late);
      this.opening = undefined;
    }
  }

  /** Dials no more; links that are up stay. */
  async retire(): Promise<void> {
    this.isRetired = true;
    for (const part of this.parts) part.stop();
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    this.opening?.reject(this.closedBefore());
    this.link?.close();
    await Promise.all(this.parts.map((part) => part.close()));
  }

  // ---- parts --------------------------------------------------------------------------------------------------------

  /** A part was added: it is dialed if the others are. Rejects for options that do not fit. */
  async start(part: Part): Promise<void> {
    if (!this.isOpened || this.closed || this.isRetired) return;
    await part.make(this, this.plan);
    if (this.parts.includes(part) && !this.closed) part.dial();
    else await part.close();
  }

  /** A part was removed. */
  async remove(part: Part): Promise<void> {
    await part.retire();
  }

  service(): Link {
    if (this.link === undefined) {
      this.link = new BalanceLink(this);
      this.link.receiver = this.accept(this.link);
    }
    return this.link;
  }

  changed(): void {
    const all = this.parts.flatMap(({ lines }) => [...lines].filter(({ isUsable }) => isUsable));
    const staying = all.filter(({ isLeaving }) => !isLeaving);
    this.usable = staying.length > 0 ? staying : all;
    if (staying.length > 0) for (const line of all) if (line.isLeaving) line.retire();
    if (all.length > 0) this.opening?.resolve();
  }

  failed(part: Part): void {
    const { opening, parts } = this;
    if (opening === undefined) return;
    opening.failed.add(part);
    if (part.why instanceof UsageError) opening.reject(part.why);
    else if (parts.every((each) => opening.failed.has(each))) opening.reject(this.unreached());
  }

  linkEnded(): void {
    for (const part of this.parts) part.stop();
  }

  // ---- calls --------------------------------------------------------------------------------------------------------

  choose({ tried }: Envelope): Link | Error {
    const { usable } = this;
    const count = usable.length;
    if (count === 0) return this.nobody();
    const first = this.turn++;
    let best: Line | undefined;
    for (let n = 0; n < count; n++) {
      const line = usable[(first + n) % count] as Line;
      const { link } = line;
      if (link === undefined || link === tried || link.buffered > this.most) continue;
      if (this.plan.by === 'turn') return link;
      if (best === undefined || line.open < best.open) best = line;
    }
    return best?.link ?? this.tooBusy(tried !== undefined);
  }

  private tooBusy(isRetried: boolean): Error {
    const why = isRetried ? 'no other part is up' : 'none of the parts that are up reads what waits for it';
    return new ProtocolError(`busy: ${why}: ${this.address}`, Code.Busy);
  }

  private nobody(): ConnectionLost {
    if (this.parts.length === 0) return new ConnectionLost('balance: has no parts: add one', NOT_SENT);
    return new ConnectionLost(`no part of balance: is up: ${this.list()}`, NOT_SENT);
  }

  private unreached(): ConnectionLost {
    const reasons = this.parts.flatMap(({ why }) => why ?? []);
    const text = `no part of balance: can be reached: ${this.list()}`;
    return new ConnectionLost(text, { ...NOT_SENT, cause: new AggregateError(reasons, text) });
  }

  /** The parts, and why they are down. */
  private list(): string {
    const { length } = this.parts;
    const listed = this.parts.slice(0, LISTED);
    const list = listed.map(({ address, why }) => `(${address}) ${why?.message ?? 'is being dialed'}`).join('; ');
    return length > LISTED ? `${list}; and ${length - LISTED} more` : list;
  }

  private refuseIfClosed(): void {
    if (this.closed) throw this.closedBefore();
  }

  private closedBefore(): ConnectionLost {
    return new ConnectionLost(`${this.address} was closed before it was open`, NOT_SENT);
  }
}
