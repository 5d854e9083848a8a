import type { Extension } from '../api/extension.js';
import { authentication } from '../extensions/authentication/extension.js';
import { dynamic } from '../extensions/dynamic/extension.js';
import { errorsWith } from '../extensions/errors/extension.js';
import * as registering from '../extensions/errors/register-classes.js';
import { heartbeat } from '../extensions/heartbeat/extension.js';
import { middleware } from '../extensions/middleware/extension.js';
import { multicast } from '../extensions/multicast/extension.js';
import { reconnect } from '../extensions/reconnect/extension.js';
import { references } from '../extensions/references/extension.js';
import { resume } from '../extensions/resume/extension.js';
import { security } from '../extensions/security/extension.js';
import { services } from '../extensions/services/extension.js';
import { streams } from '../extensions/streams/extension.js';
import { topics } from '../extensions/topics/extension.js';
import { validation } from '../extensions/validation/extension.js';

/** The extensions that work in every runtime. Their layers nest in this order, the first one outermost. */
export const extensions: readonly Extension[] = [
  streams,
  references,
  multicast,
  security,
  heartbeat,
  // Who a peer is, before whose session its connection is.
  authentication,
  resume,
  dynamic,
  errorsWith(registering),
  middleware,
  validation,
  reconnect,
  topics,
  services,
];
