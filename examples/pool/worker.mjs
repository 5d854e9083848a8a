// The loader of the process does not reach into a thread: it is asked for there.
import { register } from 'tsx/esm/api';

register();
const { serveAsWorker } = await import('./worker.ts');
await serveAsWorker();
