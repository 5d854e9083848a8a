/** What there is of streams beyond the ways to them: loaded with the first spec that has one, or with the first one there is. */

export { collect } from './collect.js';
export { sendItems } from './send-items.js';
export { callStream, consume } from './stream-call.js';
