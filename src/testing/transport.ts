import { gapped, type Runner } from './runner.js';
import type { TransportCase } from './transport-case.js';
import { DEATH, testEnds } from './transport-closing.js';
import { testFlow } from './transport-flow.js';
import { testFrames } from './transport-frames.js';
import { testOpening } from './transport-opening.js';
import { testRetiring } from './transport-retiring.js';

export { type TransportCase, type WireOptions, wireFor } from './transport-case.js';

/**
 * Tests a transport against the contract, without the core: what it carries, how it opens and ends, and its flow control.
 *
 * @example
 * testTransport({ describe, it }, {
 *   name: 'tcp',
 *   first: (wire) => tcp(parseAddress('tcp://127.0.0.1:0'), wire),
 *   second: (wire, address) => tcp(parseAddress(address), wire),
 * });
 */
export function testTransport(runner: Runner, subject: TransportCase): void {
  const unknown = subject.crash === undefined ? { [DEATH]: 'the case has no `crash`' } : {};
  const it = gapped(runner, { ...unknown, ...subject.gaps });
  runner.describe(subject.name, () => {
    for (const form of subject.forms ?? ['text', 'bytes']) {
      runner.describe(`frames of ${form}`, () => testFrames(it, subject, form));
    }
    runner.describe('opening', () => testOpening(it, subject));
    runner.describe('ending', () => testEnds(it, subject));
    runner.describe('retiring', () => testRetiring(it, subject));
    runner.describe('flow', () => testFlow(it, subject));
  });
}
