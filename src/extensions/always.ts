import { install, offer } from '../api/extension-registry.js';
import { offeredDiagnostics } from './diagnostics/offer.js';
import { offeredDynamic } from './dynamic/offer.js';
import { offeredErrors } from './errors/extension.js';
import { offeredMiddleware } from './middleware/offer.js';
import { multicast } from './multicast/extension.js';
import { references } from './references/extension.js';
import { offeredSecurity } from './security/offer.js';
import { offeredStreams } from './streams/offer.js';

/** Installs what every side has, in pages too. */
export function installAlways(): void {
  offer(offeredStreams);
  install(references, multicast);
  offer(offeredDiagnostics, offeredErrors, offeredSecurity, offeredDynamic, offeredMiddleware);
}
