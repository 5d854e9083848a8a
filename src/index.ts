import { plugins } from './plugins.js';
import { provide } from './registry.js';

provide(plugins);

export * from './api.js';
