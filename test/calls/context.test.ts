import { expect, it } from 'vitest';
import { flushAtEndOfTurn } from '../../src/base/clock.js';
import { currentCall, runWithin } from '../../src/calls/call-context.js';
import type { CallSender } from '../../src/session/incoming-calls/call-sender.js';

it('messages sent at the end of a turn do not have the deadline of the call that was sent first', async () => {
  const sender = { done: false } as CallSender;
  const found: unknown[] = [];
  const left = new Promise<void>((resolve) => {
    runWithin(sender, () => {
      expect(currentCall()).toBe(sender);
      flushAtEndOfTurn({ flush: () => found.push(currentCall()) });
    });
    flushAtEndOfTurn({
      flush() {
        found.push(currentCall());
        queueMicrotask(() => {
          found.push(currentCall());
          resolve();
        });
      },
    });
  });
  await left;
  expect(found).toEqual([undefined, undefined, undefined]);
});
