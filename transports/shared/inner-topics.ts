import type { Transport } from '../../src/contract/contract.js';

/** One subscription, and what ends it at each transport. */
interface Held {
  readonly topic: string;
  readonly ends: Map<Transport, () => Promise<void>>;
}

/** What a transport around others has subscribed to: all of them that have topics subscribe, and those that are added later, too. */
export class InnerTopics {
  private readonly held = new Set<Held>();

  /** Subscribes over these transports. Resolves with what ends it at all of them; rejects if one of them rejects, and then ends it. */
  async begin(topic: string, transports: readonly Transport[]): Promise<() => Promise<void>> {
    const held: Held = { topic, ends: new Map() };
    this.held.add(held);
    const begun = await Promise.allSettled(transports.map((transport) => this.over(transport, held)));
    const failed = begun.find((each) => each.status === 'rejected');
    if (failed === undefined) return () => this.end(held);
    await this.end(held);
    throw failed.reason;
  }

  /** A transport is added, and open: it subscribes to everything. Rejects if one subscription is rejected. */
  async join(transport: Transport): Promise<void> {
    await Promise.all([...this.held].map((held) => this.over(transport, held)));
  }

  /** A transport is closed. */
  leave(transport: Transport): void {
    for (const { ends } of this.held) ends.delete(transport);
  }

  private async over(transport: Transport, held: Held): Promise<void> {
    const end = await transport.subscribe?.(held.topic);
    if (end === undefined) return;
    // It may have been ended meanwhile.
    if (this.held.has(held)) held.ends.set(transport, end);
    else await end();
  }

  private async end(held: Held): Promise<void> {
    if (!this.held.delete(held)) return;
    await Promise.all([...held.ends.values()].map((end) => end()));
  }
}
