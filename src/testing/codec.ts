import type { Codec, Frame } from '../contract/contract.js';
import { testCarries } from './codec-carries.js';
import { testHolds } from './codec-holds.js';
import { testSurvives } from './codec-survives.js';
import { type Gaps, gapped, type Runner } from './runner.js';

/** A codec that is to be tested. */
export interface CodecSubject {
  /** What the suite is called in the runner's report. */
  readonly name: string;
  /** Makes the codec: once for each test. */
  readonly make: () => Codec;
  /** Values that survive the way there and back, besides those of JSON. */
  readonly values?: readonly unknown[];
  /** A value that the codec cannot encode. Without it, a list that holds itself. */
  readonly unencodable?: unknown;
  /** Frames whose values are nested so deeply that a recursive reader runs out of stack; for text there are some. */
  readonly deep?: readonly Frame[];
  /** Tests that the codec cannot pass by its nature: the name of the test, and the reason. */
  readonly gaps?: Gaps;
}

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
