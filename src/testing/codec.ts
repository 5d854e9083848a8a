import { testCarries } from './codec-carries.js';
import { testHolds } from './codec-holds.js';
import type { CodecSubject } from './codec-subject.js';
import { testSurvives } from './codec-survives.js';
import { gapped, type Runner } from './runner.js';

/**
 * Tests a codec against the contract: what it encodes is decoded to the same values, what it cannot encode throws
 * without side effects, and any frame of a peer causes at most a ProtocolError. It asserts with `node:assert`, so it
 * works with any test runner: `testCodec({ describe, it }, { name: 'mine', make: () => mine(parseAddress('mine')) })`.
 */
export function testCodec(runner: Runner, subject: CodecSubject): void {
  const it = gapped(runner, subject.gaps);
  runner.describe(`the codec ${subject.name}`, () => {
    testHolds(it, subject);
    testCarries(it, subject);
    testSurvives(it, subject);
  });
}
