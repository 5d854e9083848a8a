import type { OfferedExtension } from '../../api/extension.js';

/** What seals frames, loaded where the option `security` names something. Most sides have none. */
export const offeredSecurity: OfferedExtension = {
  name: 'security',
  entry: 'obverse/all',
  load: async () => (await import('./extension.js')).security,
  when: { options: ['security'] },
};
