import { positions } from './array-ceiling.js';
import { ceiling } from './shared/ceiling.js';

export default ceiling(positions, true);
