/** What the core uses of references, once they are there. */
export { serveOffered } from '../streams/offers.js';
export { revoke } from './exported.js';
export { keep, release } from './keep.js';
export { goesByReference } from './passable.js';
export { Passing } from './passing.js';
