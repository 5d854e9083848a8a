import { describe, expect, it } from 'vitest';
import { tooDeep } from '../../src/session/sending/message-size.js';

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

describe('the depth of a value', () => {
  it.each([
    ['a list', nested(11)],
    ['the field of an object', { a: nested(10) }],
    ['a key of a map', new Map([[nested(10), 1]])],
    ['a value of a map', new Map([[1, nested(10)]])],
    ['a member of a set', new Set([nested(10)])],
  ])('is limited in %s', (_where, value) => {
    expect(tooDeep(value, 10)).toBe(true);
    expect(tooDeep(value, 12)).toBe(false);
  });

  it('of circular or repeated values is found in one pass', () => {
    let doubled: unknown = 1;
    for (let level = 0; level < 60; level++) doubled = [doubled, doubled];
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    expect(tooDeep(doubled, 100, new Set())).toBe(false);
    expect(tooDeep(doubled, 50, new Set())).toBe(true);
    expect(tooDeep(cycle, 100, new Set())).toBe(false);
  });
});
