/** What the core uses of references, once they are there. */

export { revoke } from './exports.js';
export { keep, release } from './keep.js';
export { serveOffered } from './offers.js';
export { ReferenceTables } from './reference-tables.js';
export { sameForAll } from './same-for-all.js';
