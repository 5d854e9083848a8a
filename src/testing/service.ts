import { gapped, type Runner } from './runner.js';
import { testCalls } from './service-calls.js';
import type { ServiceCase } from './service-case.js';
import { INTERRUPTION, testServiceClosing } from './service-closing.js';
import { testServiceFrames } from './service-frames.js';
import { testServiceOpening } from './service-opening.js';
import { testSideCalls } from './service-side-calls.js';
import { SIDES_INTERRUPTED, testSideEnds } from './service-side-ends.js';
import { Sides, type SideTest } from './service-sides.js';
import { serviceTests } from './service-test.js';

export type { ServiceCase } from './service-case.js';

/**
 * Tests a transport that connects to a service against the contract: links with `anycast`, `dispatch` or `choose`, and `service`. Most tests do without
 * the core, and play the servers and the clients: that each call reaches one server, that its answer comes over a link of its own, what
 * happens where nobody serves, when servers and clients leave, and while the connection to a broker is interrupted. The others call
 * between sides: calls back, cancelled calls, servers that are closed or silent, drains. For these, the program must have imported
 * `obverse`.
 *
 * @example
 * testService({ describe, it }, {
 *   name: 'memory',
 *   fresh: () => void room++,
 *   server: (wire) => memory(parseAddress(`memory:jobs${room}?service&callBeat=400`), wire),
 *   client: (wire) => memory(parseAddress(`memory:jobs${room}?service&callBeat=400`), wire),
 * });
 */
export function testService(runner: Runner, subject: ServiceCase): void {
  const why = 'the case has no `interrupt`';
  const unknown = subject.interrupt === undefined ? { [INTERRUPTION]: why, [SIDES_INTERRUPTED]: why } : {};
  const test = serviceTests(gapped(runner, { ...unknown, ...subject.gaps }), subject);
  runner.describe(subject.name, () => {
    runner.describe('opening', () => testServiceOpening(test));
    for (const form of subject.forms ?? ['text', 'bytes'])
      runner.describe(`frames of ${form}`, () => testServiceFrames(test, form));
    runner.describe('calls', () => testCalls(test));
    runner.describe('ending', () => testServiceClosing(test));
    const sideForm = (subject.forms ?? ['text']).includes('text') ? 'text' : 'bytes';
    const sideTest: SideTest = (name, body) => test(name, (place) => body(new Sides(place), place), sideForm);
    runner.describe('calls between sides', () => testSideCalls(sideTest));
    runner.describe('ends of sides', () => testSideEnds(sideTest, subject));
  });
}
