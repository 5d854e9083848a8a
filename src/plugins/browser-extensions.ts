import type { OfferedExtension } from '../api/extension.js';
import { offeredAuthentication } from '../extensions/authentication/offer.js';
import { offeredDiagnostics } from '../extensions/diagnostics/offer.js';
import { offeredDynamic } from '../extensions/dynamic/offer.js';
import { offeredErrors } from '../extensions/errors/offer.js';
import { offeredHeartbeat } from '../extensions/heartbeat/offer.js';
import { offeredMiddleware } from '../extensions/middleware/offer.js';
import { offeredMulticast } from '../extensions/multicast/offer.js';
import { offeredReconnect } from '../extensions/reconnect/offer.js';
import { offeredReferences } from '../extensions/references/offer.js';
import { offeredResume } from '../extensions/resume/offer.js';
import { offeredSecurity } from '../extensions/security/offer.js';
import { offeredServices } from '../extensions/services/offer.js';
import { offeredStreams } from '../extensions/streams/offer.js';
import { offeredTopics } from '../extensions/topics/offer.js';
import { offeredValidation } from '../extensions/validation/offer.js';

/**
 * The extensions that pages load in `open()` where an option or a method asks for them, or have by importing the entry of one. Their
 * layers nest in this order, the first one outermost.
 */
export const browserExtensions: readonly OfferedExtension[] = [
  offeredDiagnostics,
  offeredStreams,
  offeredReferences,
  offeredMulticast,
  offeredSecurity,
  offeredHeartbeat,
  // Who a peer is, before whose session its connection is.
  offeredAuthentication,
  offeredResume,
  offeredDynamic,
  offeredErrors,
  offeredMiddleware,
  offeredValidation,
  offeredReconnect,
  offeredTopics,
  // The transports whose links lead to services, or exist for one message.
  { ...offeredServices, when: { addresses: /(?:^|[,(+])(?:balance|https?|nats[+a-z]*):|[?&]service\b/i } },
];
