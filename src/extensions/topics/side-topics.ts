import type { RpcEndpoint } from '../../api/endpoint.js';
import type { SideExtension } from '../../api/extension.js';
import { isThenable } from '../../base/promise-like.js';
import type { PackedArguments } from '../../calls/arguments.js';
import { notificationFrames } from '../../calls/notification-frames.js';
import type { About, Frame, Transport } from '../../contract/contract.js';
import { ConnectionLost, UsageError } from '../../contract/errors.js';
import type { MethodDescriptor } from '../../spec/method-table.js';

export const NAME = 'topics';

/** One subscription of the transport, however often the side has subscribed to its topic. */
interface Subscription {
  /** How many have not ended it. */
  holders: number;
  /** Resolves, once it has begun, with what ends it. */
  begun: Promise<() => Promise<void>>;
}

/** What one side publishes, and what it has subscribed to. */
export class SideTopics implements SideExtension {
  /** By topic. */
  private readonly subscriptions = new Map<string, Subscription>();
  /** While a security seals what was published: what is published meanwhile waits for it, so that the order stays. */
  private sealing: Promise<unknown> | undefined;
  private isClosed = false;

  constructor(private readonly side: RpcEndpoint) {}

  /** Sends a notification to all who have subscribed to a topic. Throws if it cannot be sent. */
  publish(topic: string, method: MethodDescriptor, packed: PackedArguments, about: About | undefined): void {
    const { side } = this;
    side.mustBeOpen();
    const transport = this.transport('publish');
    const frames = notificationFrames(side, method, packed, about);
    if (frames === undefined)
      throw new UsageError(`${method.path}: what is passed by reference goes to certain peers, and not to a topic`);
    const whole = frames.length > 1 && side.codec.join !== undefined ? [side.codec.join(frames)] : frames;
    const filters = side.attached.frames;
    const sealed = whole.map((frame) => filters?.forAll(frame) ?? [frame]);
    if (this.sealing === undefined && !sealed.some(isThenable)) this.send(transport, topic, sealed as Frame[][]);
    else this.sendLater(transport, topic, sealed);
  }

  private send(transport: Transport, topic: string, sealed: readonly (readonly Frame[])[]): void {
    const frames = sealed.flat();
    this.side.load.countSent(frames);
    transport.publish?.(topic, frames);
  }

  /** Errors are logged: it is too late to throw them to the caller. */
  private sendLater(
    transport: Transport,
    topic: string,
    sealed: readonly (readonly Frame[] | Promise<readonly Frame[]>)[],
  ): void {
    const all = Promise.all(sealed);
    const last: Promise<unknown> = Promise.all([all, this.sealing])
      .then(([frames]) => this.send(transport, topic, frames))
      .catch((error: unknown) => this.side.logger.error(`a message for the topic "${topic}" was not sent`, error))
      .then(() => {
        if (this.sealing === last) this.sealing = undefined;
      });
    this.sealing = last;
  }

  /** Resolves when everything that was published so far was given to the transport. */
  async sealed(): Promise<void> {
    await this.sealing;
  }

  /** The transport of the side. Throws a UsageError where it has no topics. */
  private transport(needs: 'publish' | 'subscribe'): Transport {
    const { transport } = this.side.transports.current ?? {};
    if (transport?.[needs] === undefined) throw noTopics(this.side.address);
    return transport;
  }

  /**
   * Receives what is published under a topic. Resolves, once that has begun, with a function that ends it. Rejects with a UsageError where
   * the transport has no topics, with ConnectionLost if the side is not open, and with what the transport rejects with.
   */
  async subscribe(topic: string): Promise<() => Promise<void>> {
    this.side.mustBeOpen();
    let subscription = this.subscriptions.get(topic);
    if (subscription === undefined) {
      subscription = { holders: 0, begun: begin(this.transport('subscribe'), topic) };
      this.subscriptions.set(topic, subscription);
    }
    subscription.holders++;
    let ended: Promise<void> | undefined;
    const held = subscription;
    const end = (): Promise<void> => {
      ended ??= this.release(topic, held);
      return ended;
    };
    try {
      await held.begun;
    } catch (error) {
      await end();
      throw error;
    }
    if (this.isClosed) throw new ConnectionLost(`the side was closed while it subscribed to "${topic}"`);
    return end;
  }

  /** One of its holders ends a subscription; the last one ends it at the transport. */
  private async release(topic: string, subscription: Subscription): Promise<void> {
    if (--subscription.holders > 0 || this.subscriptions.get(topic) !== subscription) return;
    this.subscriptions.delete(topic);
    await ending(subscription.begun);
  }

  /** Everything is subscribed to over the new transport before it ends at the old one: nothing is missed. */
  async changing(transport: Transport): Promise<void> {
    const { subscriptions } = this;
    if (subscriptions.size === 0) return;
    if (transport.subscribe === undefined) {
      const names = [...subscriptions.keys()].map((name) => `"${name}"`).join(', ');
      throw new UsageError(
        `${noTopics(transport.address).message}. This side has subscribed to ${names}: end that first`,
      );
    }
    const begun = [...subscriptions].map(async ([topic, held]) => [held, await begin(transport, topic)] as const);
    for (const [held, end] of await Promise.all(begun)) {
      const before = held.begun;
      held.begun = Promise.resolve(end);
      // Nobody holds it any more: it was ended meanwhile.
      if (held.holders === 0) void ending(held.begun);
      // The old transport is closed soon, with whatever is left of it.
      void ending(before).catch(() => {});
    }
  }

  /** With `drain`, nothing more is taken in; otherwise the transport is closed now, and its subscriptions with it. */
  async closing({ drain }: { readonly drain?: number }): Promise<void> {
    this.isClosed = true;
    const all = [...this.subscriptions.values()];
    this.subscriptions.clear();
    if (drain !== undefined) await Promise.all(all.map(({ begun }) => ending(begun)));
  }
}

/** What is thrown at once rejects, too. */
async function begin(transport: Transport, topic: string): Promise<() => Promise<void>> {
  const end = await transport.subscribe?.(topic);
  return end as () => Promise<void>;
}

/** Ends a subscription; one that has not begun has nothing to end. */
async function ending(begun: Promise<() => Promise<void>>): Promise<void> {
  const end = await begun.catch(() => undefined);
  await end?.();
}

function noTopics(address: string): UsageError {
  const [scheme] = /^[\w+-]+:/.exec(address) ?? [address];
  const text = 'has no topics: to reach several peers, send to a group (side.group) or to null';
  return new UsageError(`${scheme} ${text}; docs/beyond-one-machine.md lists the transports that have topics`);
}

/** What topics do for a side, or a namespace of one. */
export function topicsOf(endpoint: RpcEndpoint): SideTopics {
  return endpoint.attachedNow().of(NAME) as SideTopics;
}
