import { objects } from './jsonrpc-ceiling.js';
import { ceiling } from './shared/ceiling.js';

export default ceiling(objects, true);
