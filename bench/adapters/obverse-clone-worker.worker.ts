import { serve } from './shared/obverse.js';

await serve('port:parent', 'clone');
