import { install } from '../../api/extension-registry.js';
import { validation } from '../validation/extension.js';
import { middleware } from './extension.js';

// A page imports this for `use()`, listeners of calls, and guards of what it mounts. Other runtimes have it already.
install(middleware, validation);
