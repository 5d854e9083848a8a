import type { OfferedExtension } from '../../api/extension.js';
import { notInstalled } from '../../api/extension-registry.js';

/** What a page imports for engines such as brokers and queues. */
export const offeredTopics: OfferedExtension = {
  name: 'topics',
  entry: 'obverse/topics',
  callOptions: {
    delivery: () => {
      throw notInstalled('topics', 'the option "delivery"');
    },
  },
};
