import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from './built.js';

/** Tests that so many calls of a passed function leave nothing behind in the tables of both sides. */
export function leaveNothingBehind(times: number): void {
  describe(`${times.toLocaleString('en')} calls of a passed function`, () => {
    let program: Awaited<ReturnType<typeof buildProgram>>;
    beforeAll(async () => {
      program = await buildProgram('million-program');
    });
    afterAll(() => program[Symbol.asyncDispose]());

    it.each([
      ['memory:million', 'jrpc'],
      ['tcp://127.0.0.1:0', 'jrpc'],
      ['tcp://127.0.0.1:0', 'msgpack'],
    ])('over %s with %s leave the tables of both sides as they were', { timeout: 120_000 }, async (url, codec) => {
      const { stdout } = await promisify(execFile)(process.execPath, [program.path, url, codec, String(times)]);
      const { sum, before, most, after, cpu, ms } = JSON.parse(stdout) as Record<string, unknown>;
      console.log(`${url} ${codec}: ${Number(cpu).toFixed(2)} µs of CPU a call, ${Number(ms).toFixed(0)} ms in all`);
      expect({ sum, before, after }).toEqual({ sum: times, before: [0, 0], after: [0, 0] });
      // The server waits for 64 calls and holds the function; the client holds it for the call that it waits for.
      expect(most).toEqual([65, 2]);
    });
  });
}
