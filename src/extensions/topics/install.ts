import { install } from '../../api/extension-registry.js';
import { topics } from './extension.js';

// A page imports this for brokers and queues: topics, `flush()`, the option `delivery`. Other runtimes have it already.
install(topics);
