/** What the core uses of those who stand around calls, once they are there. */

export { beginInTurn } from '../../session/call-order.js';
export { callEvents } from './call-events.js';
export { logging } from './call-logger.js';
export { ServedCall } from './call-of.js';
export { makeCallback, serveCallback } from './callbacks.js';
export { Middleware } from './middleware.js';
export { PartThrough } from './part-through.js';
export { callThrough, detailedThrough } from './through.js';
