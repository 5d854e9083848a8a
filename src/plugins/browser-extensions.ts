import type { LazyExtension } from '../api/extension.js';
import { lazyAuthentication } from '../extensions/authentication/lazy.js';
import { lazyDiagnostics } from '../extensions/diagnostics/lazy.js';
import { lazyDynamic } from '../extensions/dynamic/lazy.js';
import { lazyErrors } from '../extensions/errors/lazy.js';
import { lazyHeartbeat } from '../extensions/heartbeat/lazy.js';
import { lazyMiddleware } from '../extensions/middleware/lazy.js';
import { lazyMulticast } from '../extensions/multicast/lazy.js';
import { lazyReconnect } from '../extensions/reconnect/lazy.js';
import { lazyReferences } from '../extensions/references/lazy.js';
import { lazyResume } from '../extensions/resume/lazy.js';
import { lazySecurity } from '../extensions/security/lazy.js';
import { lazyServices } from '../extensions/services/lazy.js';
import { lazyStreams } from '../extensions/streams/lazy.js';
import { lazyTopics } from '../extensions/topics/lazy.js';
import { lazyValidation } from '../extensions/validation/lazy.js';

/**
 * The extensions that pages load in `open()` where an option or a method asks for them, or have by importing the entry of one. Their
 * layers nest in this order, the first one outermost.
 */
export const browserExtensions: readonly LazyExtension[] = [
  lazyDiagnostics,
  lazyStreams,
  lazyReferences,
  lazyMulticast,
  lazySecurity,
  lazyHeartbeat,
  // Who a peer is, before whose session its connection is.
  lazyAuthentication,
  lazyResume,
  lazyDynamic,
  lazyErrors,
  lazyMiddleware,
  lazyValidation,
  lazyReconnect,
  lazyTopics,
  // The transports whose links lead to services, or exist for one message.
  { ...lazyServices, when: { addresses: /(?:^|[,(+])(?:balance|https?|nats[+a-z]*):|[?&]service\b/i } },
];
