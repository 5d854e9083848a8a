import { install } from '../../api/extension-registry.js';
import { errorsWith } from '../errors/extension.js';
import * as registering from '../errors/register-classes.js';
import { streams } from '../streams/extension.js';
import { dynamic } from './extension.js';

// A page imports this for `setHandler()`, `mount()` and calls by path. Other runtimes have it already.
install(dynamic, streams, errorsWith(registering));
