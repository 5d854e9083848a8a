import { randomBytes } from 'node:crypto';
import { clearTimer, setTimer, type Timer, time } from '../../src/base/time.js';
import type { Accept, Transport, TransportSource, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { DiscoveryGroup, type GroupPlan } from './group.js';
import { type Advertisement, readAnnounced } from './messages.js';

/** How often, in ms, a server is announced without being sought. */
export const EVERY_MS = 5_000;
/**
 * How long, in ms, two announcements are apart at least, however many clients seek. Each goes to the whole group, so nobody can direct them
 * to somebody else.
 */
const APART_MS = 100;

/** An address that listens at all addresses of its machine: with the host `0.0.0.0` or `[::]`, or none. */
const EVERYWHERE = /^[a-z]+:(?:\/\/)?(?:(?:0\.0\.0\.0|\[::\])?:)?\d{1,5}(?:[/?]|$)/i;

/** What a server announces. */
export interface ServerPlan {
  readonly name: string;
  readonly source: TransportSource;
  /** What to listen at, as it was written. */
  readonly inner: string;
  /** The address that clients connect to. */
  readonly address: string;
  readonly group: GroupPlan;
}

/** Listens as another transport does, and announces where. */
export class DiscoverableServer implements Transport {
  private readonly group: DiscoveryGroup;
  private readonly id = randomBytes(12).toString('base64url');
  private transport: Transport | undefined;
  private advertisement: Advertisement | undefined;
  private timer: Timer | undefined;
  private announcedAt = Number.NEGATIVE_INFINITY;
  private over = false;

  constructor(
    private readonly plan: ServerPlan,
    private readonly wire: Wire,
  ) {
    this.group = new DiscoveryGroup(plan.group, wire.logger, ({ method, name }) => {
      if (method === 'seek' && name === plan.name) this.announceSoon();
    });
  }

  get address(): string {
    return this.plan.address;
  }

  async open(accept: Accept): Promise<void> {
    const { plan, wire, group } = this;
    this.mustNotBeOver();
    const transport = await wire.transport(plan.source, true);
    this.transport = transport;
    try {
      this.mustNotBeOver();
      await group.open();
      this.mustNotBeOver();
      await transport.open(accept);
      this.mustNotBeOver();
      this.advertisement = { method: 'advertise', name: plan.name, address: this.announced(), id: this.id };
    } catch (error) {
      await Promise.all([group.close(), transport.close()]);
      throw error;
    }
    this.announce();
  }

  /** Announces the end, and listens no more. Links that are up stay. */
  async retire(): Promise<void> {
    this.depart();
    await this.transport?.retire?.();
  }

  async close(): Promise<void> {
    this.over = true;
    this.depart();
    await Promise.all([this.group.close(), this.transport?.close()]);
  }

  /** The address with `*` in place of the host, if the server listens at all addresses of its machine. */
  private announced(): string {
    const { inner } = this.plan;
    const { address } = this.transport as Transport;
    const announced = readAnnounced(address);
    if (announced === undefined)
      throw new UsageError(
        `${this.address}: ${address} cannot be announced; expected a host name or an IP address, and a path of letters, digits and ". - _ ~ % /"`,
      );
    return announced.with(EVERYWHERE.test(inner) ? '*' : announced.host);
  }

  /** At once, if the last time was not just now. */
  private announceSoon(): void {
    const wait = this.announcedAt + APART_MS - time();
    if (wait <= 0) this.announce();
    else this.announceIn(wait);
  }

  private announce(): void {
    if (this.advertisement === undefined || this.over) return;
    this.announcedAt = time();
    this.group.send(this.advertisement);
    this.announceIn(EVERY_MS);
  }

  private announceIn(ms: number): void {
    clearTimer(this.timer);
    this.timer = setTimer(ms, () => this.announce()).unref();
  }

  private depart(): void {
    clearTimer(this.timer);
    if (this.advertisement === undefined) return;
    this.advertisement = undefined;
    this.group.send({ method: 'depart', name: this.plan.name, id: this.id });
  }

  private mustNotBeOver(): void {
    if (this.over) throw new ConnectionLost(`${this.address} was closed before it was open`);
  }
}
