/** What the core uses of those who stand around calls, once they are there. */

export { logging } from './call-logger.js';
export { makeCallback, serveCallback } from './callbacks.js';
export { Middleware } from './middleware.js';
export { PartThrough } from './part-through.js';
