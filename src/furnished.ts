import * as checks from './middleware/checks.js';
import { checks as checkRoom } from './middleware/middleware.js';
import * as streams from './streams/room.js';
import { streams as streamRoom } from './streams/streams.js';

/**
 * Puts in place from the beginning what a page loads when it needs it: where the files lie on a disk, to find a file costs more than
 * what is in it, and so no call ever waits for one.
 */
export function furnish(): void {
  checkRoom.furnish(checks);
  streamRoom.furnish(streams);
}
