import { install } from '../../api/extension-registry.js';
import { multicast } from './extension.js';

// A page imports this for several receivers: `gather()`, `group()`, policies for slow receivers. Other runtimes have it already.
install(multicast);
