import { middleware } from '../rooms.js';
import * as room from './room.js';

// A page imports this for who stands around calls: `use()`, and listeners of calls. Elsewhere it is there already.
middleware.furnish(room);
