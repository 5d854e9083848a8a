import type { RpcEndpoint } from '../../api/endpoint.js';
import { PEERS_OF, type PeerSet } from '../../api/peer-set.js';
import { deliver, type SelfDelivering } from '../../calls/self-delivering.js';
import { UsageError } from '../../contract/errors.js';
import type { Topic } from '../../types/peers.js';
import { topicsOf } from './side-topics.js';

/** A topic as a receiver: it sends a notification over the transport of the side, and has no peers that the side knows. */
export class NamedTopic implements Omit<Topic, symbol>, PeerSet, SelfDelivering {
  constructor(readonly name: string) {
    mustBeTopic(name, 'topic()');
  }

  [PEERS_OF](): never {
    const text =
      'can be sent notifications only, without the option "delivery"; nobody answers for all who have subscribed';
    throw new UsageError(`the topic "${this.name}" ${text}`);
  }

  readonly [deliver]: SelfDelivering[typeof deliver] = (side, method, packed, about, slow) => {
    if (slow !== undefined)
      throw new UsageError(`the topic "${this.name}" has no slow receivers: remove the option "slow"`);
    topicsOf(side as RpcEndpoint).publish(this.name, method, packed, about);
  };
}

/** Throws a UsageError for what is no name of a topic. `where` precedes the text. */
export function mustBeTopic(name: unknown, where: string): void {
  if (typeof name === 'string' && name !== '') return;
  const given = name === '' ? 'an empty one' : typeof name === 'object' ? 'an object' : String(name);
  throw new UsageError(`${where}: the name of a topic is a string such as "news.sport", not ${given}`);
}
