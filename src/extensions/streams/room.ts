/** What the core uses of streams, once they are there. */

export { collect } from './collect.js';
export { nexted, pulled } from './messages.js';
export { produce } from './produce.js';
export { callStream } from './stream-call.js';
