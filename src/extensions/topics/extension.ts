import type { Extension } from '../../api/extension.js';
import { deliveryOption } from './delivery-option.js';

/** What a side does with engines such as brokers and queues: the option `delivery` of a call. */
export const topics: Extension = {
  name: 'topics',
  callOptions: { delivery: deliveryOption },
};
