import { expect, it } from 'vitest';
import { leaveTogether } from '../../src/base/clock.js';
import { current, within } from '../../src/calls/call-context.js';
import type { CallSender } from '../../src/session/peer.js';

it('what leaves at the end of a turn is under the deadline of no call, whoever was the first', async () => {
  const sender = { done: false } as CallSender;
  const found: unknown[] = [];
  const left = new Promise<void>((resolve) => {
    within(sender, () => {
      expect(current()).toBe(sender);
      leaveTogether({ flush: () => found.push(current()) });
    });
    leaveTogether({
      flush() {
        found.push(current());
        queueMicrotask(() => {
          found.push(current());
          resolve();
        });
      },
    });
  });
  await left;
  expect(found).toEqual([undefined, undefined, undefined]);
});
