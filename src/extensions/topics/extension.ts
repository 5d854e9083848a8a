import type { RpcEndpoint } from '../../api/endpoint.js';
import type { Extension } from '../../api/extension.js';
import { endpointOf } from '../../api/side-class.js';
import type { Topic } from '../../types/peers.js';
import type { QueueStats } from '../../types/stats.js';
import { deliveryOption } from './delivery-option.js';
import { flush } from './flush.js';
import { mustBeTopic, NamedTopic } from './named-topic.js';
import { queueStats } from './queue-stats.js';
import { NAME, SideTopics, topicsOf } from './side-topics.js';
import { provideTopics } from './topic.js';

const members = {
  async subscribe(this: object, topic: string): Promise<() => Promise<void>> {
    mustBeTopic(topic, 'subscribe()');
    return topicsOf(endpointOf(this)).subscribe(topic);
  },
  async flush(this: object): Promise<void> {
    await flush(endpointOf(this));
  },
  async queueStats(this: object): Promise<QueueStats> {
    return queueStats(endpointOf(this));
  },
};

/** What a side does with brokers and queues: topics, `flush`, and the option `delivery` of a call. */
export const topics: Extension = {
  name: NAME,
  callOptions: { delivery: deliveryOption },
  members: Object.getOwnPropertyDescriptors(members),
  installed: () => provideTopics((name) => new NamedTopic(name) as unknown as Topic),
  attach: (host: RpcEndpoint) => new SideTopics(host),
};
