import { compilesWith } from './floor.js';

// Other settings are in floor.slow.test.ts.
compilesWith(['with strict', {}], ['without strict', { strict: false }]);
