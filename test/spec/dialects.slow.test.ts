import { describe } from 'vitest';
import { compiles, programBox, type Way } from './dialects.js';
import { compilers } from './package.js';

const box = programBox();
const ways: readonly Way[] = [
  ['standard', 'ES2022', true],
  ['standard', 'ES2022', false],
  ['legacy', 'ES2022', true],
  ['legacy', 'ES2022', false],
  ['legacy with metadata', 'ES2022', true],
  ['standard', 'ES2021', false],
];

describe.each(Object.keys(compilers) as (keyof typeof compilers)[])('%s', (name) => compiles(box, name, ways));
