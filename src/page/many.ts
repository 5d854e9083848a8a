import * as room from '../many/room.js';
import { many } from '../rooms.js';

// A page imports this for many receivers: `gather()`, `group()`, what becomes of those who are slow. Elsewhere it is there already.
many.furnish(room);
