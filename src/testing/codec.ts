import { testCarries } from './codec-carries.js';
import { testHolds } from './codec-holds.js';
import type { CodecSubject } from './codec-subject.js';
import { testSurvives } from './codec-survives.js';
import { gapped, type Runner } from './runner.js';

/**
 * Holds a codec to the contract: what it encodes comes back, what it cannot encode throws and harms nothing, and no frame of
 * a stranger does more than throw a ProtocolError. It asserts with `node:assert`, so any runner will do:
 * `testCodec({ describe, it }, { name: 'mine', make: () => mine(parseAddress('mine')) })`.
 */
export function testCodec(runner: Runner, subject: CodecSubject): void {
  const it = gapped(runner, subject.gaps);
  runner.describe(`the codec ${subject.name}`, () => {
    testHolds(it, subject);
    testCarries(it, subject);
    testSurvives(it, subject);
  });
}
