import { install } from './api/extension-registry.js';
import { dynamic } from './extensions/dynamic/extension.js';
import { errorsWith } from './extensions/errors/extension.js';
import * as registering from './extensions/errors/register-classes.js';
import { middleware } from './extensions/middleware/extension.js';
import * as many from './extensions/multicast/room.js';
import { references } from './extensions/references/extension.js';
import * as rooms from './extensions/rooms.js';
import { security } from './extensions/security/extension.js';
import { streams } from './extensions/streams/extension.js';
import { validation } from './extensions/validation/extension.js';

// A page imports this to have what other runtimes have from the beginning. Nothing here may stand in a file that it shares with the
// others: a bundler keeps for its effect alone what package.json names.
install(streams, references, security, dynamic, errorsWith(registering), middleware, validation);
rooms.many.furnish(many);
