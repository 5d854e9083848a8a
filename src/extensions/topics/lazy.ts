import type { LazyExtension } from '../../api/extension.js';
import { notInstalled } from '../../api/extension-registry.js';

/** Topics, `flush` and the option `delivery` for pages, which import them. */
export const lazyTopics: LazyExtension = {
  name: 'topics',
  entry: 'obverse/topics',
  members: { subscribe: 'request', flush: 'request', queueStats: 'request' },
  callOptions: {
    delivery: () => {
      throw notInstalled('topics', 'the option "delivery"');
    },
  },
};
