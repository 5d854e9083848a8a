import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type StartOrder, startInOrder } from '../../src/extensions/validation/start-order.js';

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
const turnOfLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('calls that wait for something', () => {
  it('begin in their order, whatever is ready first, and whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('now', 'later', 'fails', 'throws', 'twice'), { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.nat(100)),
        async (kinds, order) => {
          const of: StartOrder = { starting: undefined };
          const begun: number[] = [];
          const waits: { at: number; go: () => void }[] = [];
          const wait = (at: number, failing = false): Promise<void> => {
            const { promise, resolve, reject } = deferred();
            waits.push({ at, go: failing ? () => reject(new Error('unfit')) : resolve });
            return promise;
          };
          const calls = kinds.map((kind, at) => {
            const begin = (): number => {
              begun.push(at);
              if (kind === 'throws') throw new Error('thrown');
              return at;
            };
            const second = (): unknown => startInOrder(of, wait(at), begin);
            const ready = kind === 'now' ? undefined : wait(at, kind === 'fails');
            return Promise.resolve(startInOrder<unknown>(of, ready, kind === 'twice' ? second : begin)).catch(
              (error: Error) => error.message,
            );
          });
          while (waits.length > 0) {
            const [next] = waits.splice((order.next().value as number) % waits.length, 1);
            next?.go();
            await turnOfLoop();
          }
          const given = await Promise.all(calls);
          expect(begun).toEqual(kinds.flatMap((kind, at) => (kind === 'fails' ? [] : [at])));
          expect(given).toEqual(kinds.map((kind, at) => ({ fails: 'unfit', throws: 'thrown' })[kind as string] ?? at));
          await turnOfLoop();
          expect(of.starting).toBe(undefined);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('do not wait for the end of those before', async () => {
    const of: StartOrder = { starting: undefined };
    const { promise } = deferred();
    void startInOrder(of, Promise.resolve(), () => promise);
    expect(await startInOrder(of, undefined, () => 'begun')).toBe('begun');
  });

  it('are told of a failure at once', async () => {
    const of: StartOrder = { starting: undefined };
    const { promise, resolve } = deferred();
    const first = startInOrder(of, promise, () => 'first');
    await expect(startInOrder(of, Promise.reject(new Error('unfit')), () => 'second')).rejects.toThrow('unfit');
    resolve();
    expect(await first).toBe('first');
  });
});
