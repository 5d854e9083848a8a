import { join } from 'node:path';
import { describe } from 'vitest';
import { compilers, root } from '../spec/package.js';
import { compilesWithEachOption } from './options.js';

describe('TypeScript 7', () => compilesWithEachOption(compilers['TypeScript 7']));
describe('TypeScript 6', () => compilesWithEachOption(compilers['TypeScript 6']));
describe('TypeScript 5.4', () =>
  compilesWithEachOption(
    join(root, 'node_modules/typescript54/bin/tsc'),
    'isolatedDeclarations',
    'erasableSyntaxOnly',
  ));
