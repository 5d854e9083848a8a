import type { Frame, Transport, Wire } from '../../../src/contract/contract.js';
import { ConnectionLost } from '../../../src/contract/errors.js';
import { InnerTopics } from '../inner-topics.js';

/**
 * The topics of a transport that dials again: those of the transport within, of which each next one subscribes to the same. While there is
 * none, nothing can be published or subscribed to.
 */
export class RedialTopics {
  private readonly topics = new InnerTopics();
  /** The one that is open. */
  private inner: Transport | undefined;
  /** Whether the last one had topics. */
  private hasTopics = false;

  /** The wire with which the transports within are made. */
  wire(wire: Wire): Wire {
    const transport: Wire['transport'] = async (source, listen) => this.watched(await wire.transport(source, listen));
    return Object.create(wire, { transport: { value: transport } }) as Wire;
  }

  /** Adds what the transport within has to one that dials it. */
  addTo(transport: Transport): Transport {
    return Object.defineProperties(transport, {
      publish: { get: () => (this.hasTopics ? this.publish : undefined) },
      subscribe: { get: () => (this.hasTopics ? this.subscribe : undefined) },
      flush: { value: async () => this.inner?.flush?.() },
    });
  }

  /** A transport within, which subscribes before it counts as open. */
  private watched(inner: Transport): Transport {
    return {
      get address() {
        return inner.address;
      },
      open: async (accept) => {
        await inner.open(accept);
        this.hasTopics = inner.publish !== undefined;
        await this.topics.join(inner);
        this.inner = inner;
      },
      close: async () => {
        if (this.inner === inner) this.inner = undefined;
        this.topics.leave(inner);
        await inner.close();
      },
    };
  }

  private readonly publish = (topic: string, frames: readonly Frame[]): void => {
    this.current(topic).publish?.(topic, frames);
  };

  private readonly subscribe = async (topic: string): Promise<() => Promise<void>> =>
    this.topics.begin(topic, [this.current(topic)]);

  private current(topic: string): Transport {
    if (this.inner !== undefined) return this.inner;
    throw new ConnectionLost(`there is no link at the moment over which the topic "${topic}" could be reached`, {
      maybeExecuted: false,
    });
  }
}
