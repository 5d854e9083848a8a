import type { Extension, SideHost } from '../../api/extension.js';
import { SideSecurity } from './side-security.js';

/** Seals the frames of a side if the option `security` is set. */
export const security: Extension = { name: 'security', attach: (host: SideHost) => new SideSecurity(host) };
