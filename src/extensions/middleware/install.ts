import { install } from '../../api/extension-registry.js';
import { validation } from '../validation/extension.js';
import { middleware } from './extension.js';

// A page imports this for who stands around calls: `use()`, listeners of calls, guards of what it mounts. Elsewhere it is there already.
install(middleware, validation);
