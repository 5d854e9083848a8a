import { install } from '../../api/extension-registry.js';
import * as registering from '../errors/register-classes.js';
import { registration } from '../rooms.js';
import * as streamRoom from '../streams/room.js';
import { streams } from '../streams/streams.js';
import { dynamic } from './extension.js';

// A page imports this for what no spec declares: `setHandler()`, `mount()`, calls by path. Elsewhere it is there already.
install(dynamic);
streams.furnish(streamRoom);
registration.furnish(registering);
