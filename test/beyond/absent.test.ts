import { afterEach, expect, it, vi } from 'vitest';
import { findEngine } from '../support/engines.js';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const find = () => findEngine('no-such-server', 'apt-get install no-such-server');

it('tests of an engine that is absent are skipped, with the reason', () => {
  vi.stubEnv('OBVERSE_ENGINES', '');
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const reason = 'no no-such-server here: apt-get install no-such-server';
  expect(find()).toEqual({ program: undefined, absent: true, why: ` (n/a: ${reason})` });
  expect(written).toHaveBeenCalledWith(`skipped: ${reason}\n`);
});

it('an engine that is absent is an error with OBVERSE_ENGINES=all', () => {
  vi.stubEnv('OBVERSE_ENGINES', 'all');
  expect(find).toThrow('OBVERSE_ENGINES=all, but there is no no-such-server here: apt-get install no-such-server');
});
