import { Work } from '../durable/work.js';

/** Answers the requests of a queue, as a program of its own, until it is disconnected. */
const side = await Work.serve(process.argv[2] as string, { logger: null });
side.add.connect((_sender, { a, b }) => a + b);
process.send?.('ready');
process.on('disconnect', () => void side.close());
