import { install } from '../../api/extension-registry.js';
import { middleware } from '../rooms.js';
import * as checkRoom from '../validation/checks.js';
import { checks } from './middleware.js';
import { middleware as extension } from './offer.js';
import * as room from './room.js';

// A page imports this for who stands around calls: `use()`, listeners of calls, guards of what it mounts. Elsewhere it is there already.
middleware.furnish(room);
install(extension);
checks.furnish(checkRoom);
