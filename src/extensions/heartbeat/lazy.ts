import type { LazyExtension } from '../../api/extension.js';
import { answering, beatOption } from './answer.js';

/** Pages answer the heartbeat of a server, and look themselves with the option `beat`, and where they may dial again. */
export const lazyHeartbeat: LazyExtension = {
  name: 'heartbeat',
  entry: 'obverse/all',
  options: beatOption,
  load: async () => (await import('./extension.js')).heartbeat,
  when: { options: ['beat', 'reconnect'], addresses: /reconnect[+:]|restart:|balance:/i },
  untilLoaded: answering,
};
