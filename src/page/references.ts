import * as room from '../references/room.js';
import { references } from '../rooms.js';

// A page imports this for what goes by reference: functions, objects, streams as arguments. Elsewhere it is there already.
references.furnish(room);
