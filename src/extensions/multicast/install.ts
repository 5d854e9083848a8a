import { install } from '../../api/extension-registry.js';
import { multicast } from './extension.js';

// A page imports this for several receivers: `gather()`, `group()`, what becomes of those who are slow. Elsewhere it is there already.
install(multicast);
