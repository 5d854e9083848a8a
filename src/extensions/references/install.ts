import { references } from '../rooms.js';
import * as streamRoom from '../streams/room.js';
import { streams } from '../streams/streams.js';
import * as room from './room.js';

// A page imports this for what goes by reference: functions, objects, streams as arguments. Elsewhere it is there already.
references.furnish(room);
streams.furnish(streamRoom);
