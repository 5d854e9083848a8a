import type { Extension, SideHost } from '../../api/extension.js';
import { SideSecurity } from './side-security.js';

/** Seals the frames of a side, where the option `security` names what seals them. */
export const security: Extension = { name: 'security', attach: (host: SideHost) => new SideSecurity(host) };
