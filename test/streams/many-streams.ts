import { describe, it } from 'vitest';
import { until } from '../support/core-waiting.js';
import { heldBy } from './held.js';
import { all, meet, upTo } from './spec.js';

/** Tests that so many streams, ended in each way, leave nothing behind on either side. */
export function manyStreams(count: number): void {
  describe(`${count.toLocaleString('en')} streams`, () => {
    it.each(['break', 'end', 'error', 'signal'])('leave nothing behind (%s)', { timeout: 60_000 }, async (how) => {
      await using meeting = await meet('tcp:');
      const { calling, seen } = meeting;
      const one = async (n: number): Promise<void> => {
        if (how === 'end') await all(calling.remote.count({ to: 3, kind: n % 2 ? 'async' : 'generator' }));
        else if (how === 'error') await all(calling.remote.fail({ after: 3 }));
        else if (how === 'signal') {
          const controller = new AbortController();
          const stream = calling.to(null, { signal: controller.signal }).count({ to: 1e9 });
          await stream.next();
          controller.abort();
        } else for await (const _ of calling.remote.count({ to: 1e9, kind: n % 2 ? 'async' : 'generator' })) break;
      };
      for (let n = 0; n < count; n += 500) await Promise.all(upTo(500).map(one));
      await until(() => seen.ended === count);
      await until(() => heldBy(meeting).calling === 0 && heldBy(meeting).handling === 0);
    });
  });
}
