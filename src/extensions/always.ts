import { install, offer } from '../api/extension-registry.js';
import { offeredDiagnostics } from './diagnostics/offer.js';
import { offeredDynamic } from './dynamic/offer.js';
import { offeredErrors } from './errors/extension.js';
import { offeredMiddleware } from './middleware/offer.js';
import { multicast } from './multicast/extension.js';
import { offeredReferences } from './references/offer.js';
import { offeredSecurity } from './security/offer.js';
import { offeredStreams } from './streams/offer.js';
import { offeredValidation } from './validation/offer.js';

/** Installs what every side has, in pages too. */
export function installAlways(): void {
  offer(offeredStreams, offeredReferences);
  install(multicast);
  offer(offeredDiagnostics, offeredErrors, offeredSecurity, offeredDynamic, offeredMiddleware, offeredValidation);
}
