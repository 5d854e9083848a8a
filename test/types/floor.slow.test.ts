import { compilesWith } from './floor.js';

compilesWith(
  ['with decorators of the older kind', { experimentalDecorators: true }],
  [
    'with every further check',
    { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, isolatedModules: true },
  ],
);
