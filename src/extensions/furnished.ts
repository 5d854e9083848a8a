import { install } from '../api/extension-registry.js';
import { addressProof } from './address-proof/extension.js';
import { diagnostics } from './diagnostics/extension.js';
import { dynamic } from './dynamic/extension.js';
import { errorsWith } from './errors/extension.js';
import * as registering from './errors/register-classes.js';
import { middleware } from './middleware/extension.js';
import * as many from './multicast/room.js';
import { references } from './references/extension.js';
import * as rooms from './rooms.js';
import { security } from './security/extension.js';
import { streams } from './streams/extension.js';
import { validation } from './validation/extension.js';

/**
 * Puts in place from the beginning what a page loads when it needs it: where the files lie on a disk, to find a file costs more than
 * what is in it, and so no call ever waits for one.
 */
export function furnish(): void {
  rooms.many.furnish(many);
  install(diagnostics, streams, references, security, addressProof);
  install(dynamic, errorsWith(registering), middleware, validation);
}
