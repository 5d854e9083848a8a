/** What the core uses of this, once it is there. */
export { Crowd, Everyone } from './crowd.js';
export { checkGatherOptions, gather } from './gather.js';
export { Groups } from './group.js';
export { sendSlowly } from './lanes.js';
export { sameForAll } from './same-for-all.js';
export { mustBelong, policyOf, slowOptionExpects } from './slow.js';
