import { outside } from '../../../src/base/async-context.js';
import { withoutPassword } from '../../../src/contract/address.js';
import type { Accept, Frame, Transport, TransportSource, Wire } from '../../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../../src/contract/errors.js';
import { InnerTopics } from '../inner-topics.js';
import { joinParts } from './address.js';

/** One of the transports of a mux. */
export interface MuxPart {
  /** The part as it was passed. */
  readonly source: TransportSource;
  /** The address that a peer connects to; as passed, until it is known. */
  readonly address: string;
}

/** A part, and the transport that was made for it. */
export class Part implements MuxPart {
  transport: Transport | undefined = undefined;

  constructor(readonly source: TransportSource) {}

  get address(): string {
    return this.transport?.address ?? textOf(this.source);
  }
}

/** A part and its error. */
interface Trouble {
  readonly part: Part;
  readonly reason: unknown;
}

/**
 * Several transports as one. They are opened together, and if one fails, none stays open. The list of parts is read
 * each time, so that its owner can change it; parts that were added or removed are then started or stopped.
 */
export class MuxTransport implements Transport {
  private readonly parts: readonly Part[];
  private readonly wire: Wire;
  private accept: Accept | undefined;
  private closing: Promise<void> | undefined;
  private retired = false;
  private readonly topics = new InnerTopics();

  constructor(parts: readonly Part[], wire: Wire) {
    this.parts = parts;
    this.wire = wire;
    for (const part of parts) part.transport = undefined;
  }

  get address(): string {
    return `mux:${joinParts(this.parts.map((part) => part.address))}`;
  }

  /** Whether the mux is closed or closing. */
  get closed(): boolean {
    return this.closing !== undefined;
  }

  /** Present only while a part has it: without a bus it reaches nobody. */
  get broadcast(): (frames: readonly Frame[]) => void {
    return this.parts.some(({ transport }) => transport?.broadcast !== undefined) ? this.spread : (undefined as never);
  }

  /** Present only while a part has topics: all such parts publish, and subscribe, also those that are added later. */
  get publish(): (topic: string, frames: readonly Frame[]) => void {
    return this.publishing.length > 0 ? this.publishToEach : (undefined as never);
  }

  get subscribe(): (topic: string) => Promise<() => Promise<void>> {
    return this.publishing.length > 0 ? this.subscribeOverEach : (undefined as never);
  }

  /** The parts that have topics. */
  private get publishing(): Transport[] {
    return this.parts.flatMap(({ transport }) => (transport?.publish === undefined ? [] : [transport]));
  }

  async flush(): Promise<void> {
    const troubles = await this.each([...this.parts], async ({ transport }) => transport?.flush?.());
    if (troubles.length > 0) throw failure('flushed', this.parts.length, troubles);
  }

  async open(accept: Accept): Promise<void> {
    if (this.accept !== undefined) throw new UsageError(`${this.address} is opened only once`);
    this.refuseIfClosed();
    this.accept = accept;
    const parts = [...this.parts];
    // Errors in options are found before anything is opened.
    let troubles = await this.each(parts, (part) => this.make(part));
    if (troubles.length === 0) troubles = await this.each(parts, (part) => this.bring(part));
    this.refuseIfClosed();
    if (troubles.length === 0) return;
    const error = failure('opened', parts.length, troubles);
    await this.close().catch(() => {});
    throw error;
  }

  /** No part brings up another link, as far as it can do without; links that are up stay. */
  async retire(): Promise<void> {
    this.retired = true;
    const troubles = await this.each([...this.parts], async ({ transport }) => transport?.retire?.());
    if (troubles.length > 0) throw failure('retired', this.parts.length, troubles);
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /** Opens a part that was added, if the others are open or being opened. */
  async start(part: Part): Promise<void> {
    if (this.accept === undefined || this.closed || this.retired) return;
    await this.make(part);
    await this.bring(part);
    const { transport } = part;
    try {
      if (transport !== undefined) await this.topics.join(transport);
    } catch (error) {
      await this.stop(part);
      throw error;
    }
  }

  /** Closes a part that was removed. */
  async stop(part: Part): Promise<void> {
    if (part.transport !== undefined) this.topics.leave(part.transport);
    await part.transport?.close();
  }

  private readonly spread = (frames: readonly Frame[]): void => {
    for (const { transport } of this.parts) transport?.broadcast?.(frames);
  };

  private readonly publishToEach = (topic: string, frames: readonly Frame[]): void => {
    for (const transport of this.publishing) transport.publish?.(topic, frames);
  };

  private readonly subscribeOverEach = (topic: string): Promise<() => Promise<void>> =>
    this.topics.begin(topic, this.publishing);

  private async make(part: Part): Promise<void> {
    const transport = await this.wire.transport(part.source, this.wire.listen);
    if (this.keeps(part)) {
      part.transport = transport;
      return;
    }
    await transport.close();
    throw new ConnectionLost(`${transport.address} was closed before it was open`);
  }

  private async bring(part: Part): Promise<void> {
    // A handler may add a part.
    await outside(() => part.transport?.open(this.accept!));
  }

  /** Whether a part is still in the list. */
  private keeps(part: Part): boolean {
    return !this.closed && this.parts.includes(part);
  }

  private async end(): Promise<void> {
    const troubles = await this.each([...this.parts], async ({ transport }) => transport?.close());
    if (troubles.length > 0) throw failure('closed', this.parts.length, troubles);
  }

  /** Calls a function for all parts at once, waits for all of them, and returns the errors. */
  private async each(parts: readonly Part[], act: (part: Part) => Promise<void>): Promise<Trouble[]> {
    const results = await Promise.allSettled(parts.map(act));
    return parts.flatMap((part, n) => {
      const result = results[n]!;
      // The error of a part that was removed meanwhile does not matter.
      return result.status === 'rejected' && this.parts.includes(part) ? [{ part, reason: result.reason }] : [];
    });
  }

  private refuseIfClosed(): void {
    if (this.closed) throw new ConnectionLost(`${this.address} was closed before it was open`);
  }
}

/** The errors of the parts as one error: a UsageError if one of them is. */
function failure(what: string, count: number, troubles: readonly Trouble[]): Error {
  const reasons = troubles.map(({ reason }) => reason);
  const list = troubles.map(({ part, reason }) => `(${part.address}) ${messageOf(reason)}`).join('; ');
  const cause = new AggregateError(reasons, list);
  const text = `the mux could not be ${what}, because of ${troubles.length} of its ${count} parts: ${list}`;
  return reasons.some((reason) => reason instanceof UsageError)
    ? new UsageError(text, { cause })
    : new ConnectionLost(text, { cause });
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

/** A source as text. */
export function textOf(source: TransportSource): string {
  if (typeof source === 'string') return withoutPassword(source);
  if (typeof source === 'function') return 'a transport of its own';
  if (Array.isArray(source)) return `mux:${joinParts(source.map(textOf))}`;
  return withoutPassword(String((source as { readonly url?: unknown }).url ?? 'port:'));
}
