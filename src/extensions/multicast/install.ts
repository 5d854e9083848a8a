import { many } from '../rooms.js';
import * as room from './room.js';

// A page imports this for many receivers: `gather()`, `group()`, what becomes of those who are slow. Elsewhere it is there already.
many.furnish(room);
