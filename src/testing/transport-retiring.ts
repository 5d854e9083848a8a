import assert from 'node:assert/strict';
import { type TransportCase, wireFor } from './transport-case.js';
import { frameOf, Side, turn, until, withMeeting } from './transport-ends.js';

type It = (name: string, body: () => Promise<void>) => void;

/** The requirements for a transport with `retire`; others pass. */
export function testRetiring(it: It, subject: TransportCase): void {
  const form = subject.forms?.[0] ?? 'text';
  const frame = (text: string) => frameOf(form, text);

  it('keeps its links when it is retired, and can be retired again and closed', () =>
    withMeeting(subject, {}, async ({ first, near, far }) => {
      const { transport } = first;
      if (transport.retire === undefined) return;
      near.link.send([frame('before')]);
      await transport.retire();
      await transport.retire();
      near.link.send([frame('after')]);
      far.link.send([frame('answer')]);
      await far.has(2);
      await near.has(1);
      assert.deepEqual([far.texts, near.texts], [['before', 'after'], ['answer']]);
      assert.deepEqual([far.ends, near.ends], [[], []]);
      await transport.close();
      assert.deepEqual(far.ends, [undefined]);
    }));

  it('lets nobody in once it is retired', () =>
    withMeeting(subject, {}, async ({ first }) => {
      const { transport } = first;
      if (transport.retire === undefined) return;
      await transport.retire();
      const visitor = new Side(await subject.second(wireFor({ form }), transport.address));
      try {
        await visitor.open().then(
          async () => {
            const end = await visitor.end();
            end.link.send([frame('hello')]);
            await until(
              () => `the link of a visitor that comes after retire() to end`,
              () => end.ends.length > 0,
            );
          },
          (error: unknown) => assert.ok(error instanceof Error),
        );
        await turn();
        assert.equal(first.ends.length, 1, 'a link was accepted after retire()');
      } finally {
        await visitor.close();
      }
    }));
}
