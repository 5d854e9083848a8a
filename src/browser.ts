import { plugins } from './plugins.browser.js';
import { provide } from './registry.js';

provide(plugins);

export * from './api.js';
