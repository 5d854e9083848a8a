import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { testService } from '../../src/testing/index.js';
import { breakages, brokenService } from './service-broken.js';

// The suite waits ten seconds for what does not happen; here, a second of its clock is shorter. These tests have no other clock.
const FASTER = 20;
beforeEach(() => {
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() * FASTER);
});
afterEach(() => void vi.restoreAllMocks());

/** The tests of the suite for a case, by their names; the first of each name. */
function testsOf(subject: Parameters<typeof testService>[1]): Map<string, () => void | Promise<void>> {
  const tests = new Map<string, () => void | Promise<void>>();
  const add = (name: string, body: () => void | Promise<void>): void => {
    if (!tests.has(name)) tests.set(name, body);
  };
  testService({ describe: (_name, body) => body(), it: Object.assign(add, { skip: () => {} }) }, subject);
  return tests;
}

it.each(Object.entries(breakages))('finds a service that %s', async (_what, [breakage, name, says]) => {
  const error = await Promise.resolve(testsOf(brokenService(breakage)).get(name)?.()).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).toMatch(says);
});

it('finds nothing in the service in memory', async () => {
  vi.restoreAllMocks();
  const names = new Set(Object.values(breakages).map(([, name]) => name));
  for (const blind of [false, true]) {
    const tests = testsOf(brokenService({ blind }));
    for (const name of names) await tests.get(name)?.();
  }
});
