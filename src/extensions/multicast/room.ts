/** What the core uses of this, once it is there. */

export { checkGatherOptions, gather } from './gather.js';
export { Groups } from './groups.js';
export { Everyone, ReceiverSet } from './receiver-set.js';
export { sendSlowly } from './slow-lanes.js';
export { mustBelong, policyOf, slowOptionExpects } from './slow-policy.js';
