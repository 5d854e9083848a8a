import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './docs/pages.js';

/*
 * Everything in the library that waits uses the one clock that a test can stop: no other file reads the time from the
 * runtime, or uses its timers. The exceptions explain why they need real time.
 */
const clocks = ['src/base/time.ts'];
const exceptions: Readonly<Record<string, string>> = {
  'src/testing/clock.ts': 'is what turns the clock, and lets the event loop have its turn in between',
  'src/testing/framing.ts': 'measures how long a framing works, which a clock that stands cannot tell',
  'src/testing/keeper.ts': 'waits for an engine, which has a clock of its own',
  'src/testing/keeper-ends.ts': 'waits for an engine, which has a clock of its own',
  'src/testing/service-sides.ts': 'waits for an engine, which has a clock of its own',
  'src/testing/service-side-ends.ts': 'waits for an engine, which has a clock of its own',
  'src/testing/transport-ends.ts': 'waits for sockets and processes that the suite has set up',
  'src/testing/fake-calls.ts': 'waits for what a program under test is to do while the clock may stand',
};
const runtime =
  /\b(?:setTimeout|setInterval|clearTimeout|clearInterval|setImmediate|performance(?!\.timeOrigin)|hrtime|AbortSignal\.timeout|timers\/promises|node:timers)\b|\bDate\.now\b|\bnew Date\(\)/;
/** These do not wait for a time: they let the event loop continue, or compare dates. */
const turns: Readonly<Record<string, RegExp>> = {
  // Certificates and files have dates, not times of the clock that waits.
  'transports/shared/tls/certificates.ts': /const now = Date\.now\(\)/,
  'transports/shared/tls/files.ts': /const isYoung = BigInt\(Date\.now\(\)\)/,
  'transports/shared/queue/sqlite/file.ts': /const now = new Date\(\)/,
  'transports/shared/tls/peer.ts': /Date\.parse\(certificate\.valid_to\) < Date\.now\(\)/,
  'transports/nats/discovery.ts': /private readonly started = new Date\(\)\.toISOString\(\)/,
  // The header of a message has the time of the day.
  'codecs/aiozmq/codec.ts': /view\.setFloat64\(8, Date\.now\(\) \/ 1_000, true\)/,
  'transports/shared/stream/stdio.ts': /setImmediate\(rest, this\.input\)/,
};

function uses(file: string, text: string): string[] {
  const code = text.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/\/\/[^\n]*/g, '');
  return code
    .split('\n')
    .filter((line) => runtime.test(line) && turns[file]?.test(line) !== true)
    .map((line) => `${file}: ${line.trim()}`);
}

const sources = ['src', 'codecs', 'transports'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`),
);
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('the clock of the library', () => {
  it('is used by every file', () => {
    const others = sources.filter((file) => !clocks.includes(file) && exceptions[file] === undefined);
    expect(others.flatMap((file) => uses(file, read(file)))).toEqual([]);
  });
  it('is the only one that uses the runtime', () => {
    expect(uses('src/base/time.ts', read('src/base/time.ts')).length).toBeGreaterThan(3);
  });
  it.each(Object.keys(exceptions))('has the exception %s, which does', (file) => {
    expect(uses(file, read(file))).not.toEqual([]);
  });

  it.each([
    'const timer = setTimeout(act, 10);',
    'const since = performance.now();',
    'const now = Date.now();',
    'this.socket.setTimeout(1_000, onIdle);',
    "import { setTimeout as wait } from 'node:timers/promises';",
    'await Promise.race([work, aborted(AbortSignal.timeout(5))]);',
  ])('the scan detects %s', (line) => expect(uses('transports/tcp.ts', line)).toHaveLength(1));
  it('the scan ignores comments', () =>
    expect(uses('src/api/endpoint.ts', '// setTimeout\n/* performance.now() */')).toEqual([]));
});
