import { install } from '../../api/extension-registry.js';
import { streams } from '../streams/extension.js';
import { references } from './extension.js';

// A page imports this for what goes by reference: functions, objects, streams as arguments. Elsewhere it is there already.
install(references, streams);
