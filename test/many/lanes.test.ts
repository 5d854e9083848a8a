import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { GroupOptions } from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { Spec } from './spec.js';

type Step = { readonly send: string; readonly size: number } | { readonly take: number };

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ send: fc.constantFrom('a', 'b'), size: fc.integer({ min: 0, max: 2_000 }) }) },
  { weight: 1, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 6_000 }) }) },
);
const policy = fc.record({
  slow: fc.constantFrom('drop-oldest', 'drop-newest'),
  keep: fc.integer({ min: 0, max: 6 }),
  slowBytes: fc.integer({ min: 1, max: 4_000 }),
});

/** A peer that accepts bytes when the test lets it, and what it has been sent. */
async function slowPeer() {
  const played = new Played();
  const far = played.visit('far');
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null });
  await turn();
  for (const name of ['a', 'b']) api.group(name).add('far');
  await turn();
  far.send = (frames) => {
    far.sends.push([...frames]);
    for (const frame of frames) far.buffered += frame.length;
  };
  const take = (bytes: number): void => {
    far.buffered = Math.max(0, far.buffered - bytes);
    far.receiver.drained();
  };
  return { api, far, take };
}

it('the order of each group is kept, and only counted notifications are lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), policy, policy, async (steps, forA, forB) => {
      const { api, far, take } = await slowPeer();
      const options: Record<string, GroupOptions> = { a: forA, b: forB };
      const sent: Record<string, number> = { a: 0, b: 0 };
      const most = Math.max(forA.slowBytes, forB.slowBytes);
      for (const one of steps as Step[]) {
        if ('take' in one) take(one.take);
        else {
          const text = 'x'.repeat(one.size);
          const { send: name } = one;
          api.tick(api.group(name, options[name]), { n: [name, sent[name]], text });
          sent[name] = (sent[name] ?? 0) + 1;
        }
        await turn();
        // Never more than the limit and the frame that has crossed it.
        expect(far.buffered).toBeLessThanOrEqual(most + 2_200);
      }
      while (far.buffered > 0) {
        take(1_000_000);
        await turn();
      }
      for (const name of ['a', 'b']) {
        const heard = far.heard.map(({ params }) => params.n).filter(([group]) => group === name);
        const numbers = heard.map(([, n]) => n as number);
        expect(numbers).toEqual([...numbers].sort((x, y) => x - y));
        expect(new Set(numbers).size).toBe(numbers.length);
        expect(numbers.length + api.group(name).dropped).toBe(sent[name]);
      }
      await api.close();
    }),
    { numRuns: 200 },
  );
});
