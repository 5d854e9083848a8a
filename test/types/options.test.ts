import { describe } from 'vitest';
import { compilers } from '../spec/package.js';
import { compilesWithEachOption } from './options.js';

describe('TypeScript 7', () => compilesWithEachOption(compilers['TypeScript 7']));
