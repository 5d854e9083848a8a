/** What the core uses of this, once it is there. */
export { Dynamic } from './dynamic-methods.js';
export { membersOf } from './members.js';
