import * as registering from '../errors/register-classes.js';
import { dynamic, registration } from '../rooms.js';
import * as streamRoom from '../streams/room.js';
import { streams } from '../streams/streams.js';
import * as room from './room.js';

// A page imports this for what no spec declares: `setHandler()`, `mount()`, calls by path. Elsewhere it is there already.
dynamic.furnish(room);
streams.furnish(streamRoom);
registration.furnish(registering);
