// The loader of this process does not reach into a thread: it is asked for there.
import { register } from 'tsx/esm/api';

register();
await import('./keeper.main.ts');
