import { install } from '../api/extension-registry.js';
import * as reporting from '../api/report-writer.js';
import { addressProof } from './address-proof/extension.js';
import { dynamic } from './dynamic/extension.js';
import * as registering from './errors/register-classes.js';
import { checks as checkRoom } from './middleware/middleware.js';
import * as middleware from './middleware/room.js';
import * as many from './multicast/room.js';
import * as references from './references/room.js';
import * as rooms from './rooms.js';
import * as streams from './streams/room.js';
import { streams as streamRoom } from './streams/streams.js';
import * as checks from './validation/checks.js';

/**
 * Puts in place from the beginning what a page loads when it needs it: where the files lie on a disk, to find a file costs more than
 * what is in it, and so no call ever waits for one.
 */
export function furnish(): void {
  rooms.many.furnish(many);
  rooms.references.furnish(references);
  rooms.middleware.furnish(middleware);
  rooms.reporting.furnish(reporting);
  checkRoom.furnish(checks);
  streamRoom.furnish(streams);
  rooms.registration.furnish(registering);
  install(addressProof, dynamic);
}
