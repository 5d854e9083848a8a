import { install } from '../../api/extension-registry.js';
import { references } from '../rooms.js';
import { streams } from '../streams/extension.js';
import * as room from './room.js';

// A page imports this for what goes by reference: functions, objects, streams as arguments. Elsewhere it is there already.
references.furnish(room);
install(streams);
