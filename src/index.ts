import { furnish } from './furnished.js';
import { plugins } from './plugins.js';
import { provide } from './registry.js';

provide(plugins);
furnish();

export * from './api.js';
// Byte streams are cut in Buffers, which browsers do not have.
export { framingFor } from './framing/index.js';
