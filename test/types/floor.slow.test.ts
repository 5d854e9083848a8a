import { compilesWith } from './floor.js';

compilesWith(
  ['with strict', {}],
  ['without strict', { strict: false }],
  ['with decorators of the older kind', { experimentalDecorators: true }],
  [
    'with every further check',
    { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, isolatedModules: true },
  ],
);
