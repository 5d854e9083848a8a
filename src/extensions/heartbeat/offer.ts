import type { OfferedExtension } from '../../api/extension.js';
import { answering, beatOption } from './answer.js';

/** Pages answer the heartbeat of a server, and look themselves where the option `beat` or `reconnect` is set. */
export const offeredHeartbeat: OfferedExtension = {
  name: 'heartbeat',
  entry: 'obverse/all',
  options: beatOption,
  load: async () => (await import('./extension.js')).heartbeat,
  when: { options: ['beat', 'reconnect'] },
  meanwhile: answering,
};
