// A thread does not inherit the loader of the process: register it here.
import { register } from 'tsx/esm/api';

register();
await import('./keeper.main.ts');
