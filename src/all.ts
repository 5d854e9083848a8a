import { install } from './api/extension-registry.js';
import { extensions } from './plugins/extensions.js';

// A page imports this to have what other runtimes have from the beginning. Nothing here may stand in a file that it shares with the
// others: a bundler keeps for its effect alone what package.json names.
install(...extensions);
