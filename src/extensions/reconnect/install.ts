import { install } from '../../api/extension-registry.js';
import { heartbeat } from '../heartbeat/extension.js';
import { resume } from '../resume/extension.js';
import { reconnect } from './extension.js';

// A page imports this for `on('reconnecting')` and `on('resumed')` before a side is open, and for `changeTransport()` to an address that
// reconnects. Otherwise the option `reconnect`, or such an address, loads it. Other runtimes have it already.
install(heartbeat, resume, reconnect);
