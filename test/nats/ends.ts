import { parseAddress } from '../../src/contract/address.js';
import type { AddressObject, Frame, Link, Transport } from '../../src/contract/contract.js';
import { type WireOptions, wireFor } from '../../src/testing/transport.js';
import nats from '../../transports/nats.js';
import { LinkLog } from '../transports/link-log.js';

/** A link of a transport without the core: what it has delivered, and what has become of its calls. */
export class LinkEnd extends LinkLog {
  readonly outcomes: (readonly [id: number, answer: readonly Frame[] | Error])[] = [];
  private told: (() => void)[] = [];

  outcome(id: number, answer: readonly Frame[] | Error): void {
    this.outcomes.push([id, answer]);
    for (const tell of this.told.splice(0)) tell();
  }

  /** Resolves when a call has failed, or was answered by the transport. */
  async settled(count = 1): Promise<void> {
    while (this.outcomes.length < count) await new Promise<void>((resolve) => this.told.push(resolve));
  }

  call(id: number, text = `call ${id}`): Link | undefined {
    return this.link.dispatch?.([text], { id, method: 'm', delivery: undefined });
  }
}

/** A transport of NATS without the core, and its links in the order in which they came up. */
export class NatsEnd {
  readonly ends: LinkEnd[] = [];
  private waiting: (() => void)[] = [];

  private constructor(
    readonly transport: Transport,
    /** What was logged. */
    readonly reports: readonly string[],
  ) {}

  static make(source: string | AddressObject, options: WireOptions = {}): NatsEnd {
    const reports: string[] = [];
    const report = (message: string): void => {
      reports.push(message);
    };
    const wire = wireFor({ logger: { warn: report, error: report }, ...options });
    const end = new NatsEnd(nats(parseAddress(source), wire), reports);
    opened.push(end);
    return end;
  }

  static async open(source: string | AddressObject, options: WireOptions = {}): Promise<NatsEnd> {
    const end = NatsEnd.make(source, options);
    await end.open();
    return end;
  }

  open(): Promise<void> {
    return this.transport.open((link) => {
      const end = new LinkEnd();
      end.link = link;
      this.ends.push(end);
      for (const tell of this.waiting.splice(0)) tell();
      return end;
    });
  }

  /** Resolves with a link once it has come up; the first one is 0. */
  async link(number: number): Promise<LinkEnd> {
    while (this.ends.length <= number) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.ends[number] as LinkEnd;
  }
}

const opened: NatsEnd[] = [];

/** Closes what was opened; for `afterEach`. */
export async function closeEnds(): Promise<void> {
  await Promise.all(opened.splice(0).map(({ transport }) => transport.close()));
}
