import { Work } from './ends.js';

/** A server in a process of its own, whose calls wait for ever. */
const side = await Work.serve('zmq+tcp://127.0.0.1:*', { logger: null });
side.who.connect(() => 'killed');
side.wait.connect(() => new Promise<string>(() => {}));
process.send?.(side.address);
process.on('disconnect', () => process.exit());
