import assert from 'node:assert/strict';
import { ConnectionLost } from '../contract/errors.js';
import type { TransportCase } from './transport-case.js';
import { assertGoodbye, frameOf, type Meeting, turn, until, withFirst, withMeeting } from './transport-ends.js';

type It = (name: string, body: () => Promise<void>) => void;

/** The test that needs `crash`. */
export const DEATH = 'reports a reason when a peer is killed without closing';

/** The requirements for the end of a link, and of a transport. */
export function testEnds(it: It, subject: TransportCase): void {
  const form = subject.forms?.[0] ?? 'text';
  const frame = (text: string) => frameOf(form, text);
  const test = (name: string, body: (meeting: Meeting) => Promise<void>): void =>
    it(name, () => withMeeting(subject, {}, body));

  for (const side of ['near', 'far'] as const) {
    const other = side === 'near' ? 'far' : 'near';
    const who = side === 'near' ? 'second' : 'first';

    test(`sends earlier frames when the ${who} end closes, and ends both cleanly`, async (meeting) => {
      const [from, to] = [meeting[side], meeting[other]];
      const sent = Array.from({ length: 100 }, (_, n) => `${n}`.padEnd(10_000, '.'));
      for (const text of sent) from.link.send([frame(text)]);
      from.link.close();
      assert.equal(await from.ended(), undefined);
      if (side === 'near') assert.equal(await to.ended(), undefined);
      else assertGoodbye(subject, await to.ended());
      assert.ok(to.texts.join() === sent.join(), `${to.frames.length} of ${sent.length} frames arrived`);
    });

    test(`passes on the reason with which the ${who} end closes`, async (meeting) => {
      const reason = new Error('for a reason');
      meeting[side].link.close(reason);
      assert.equal(await meeting[side].ended(), reason);
      await meeting[other].ended();
    });
  }

  test('ends a link once, however often it is closed', async ({ near, far }) => {
    near.link.close();
    near.link.close();
    far.link.close();
    near.link.close(new Error('too late'));
    far.link.close(new Error('too late'));
    await Promise.all([near.ended(), far.ended()]);
    near.link.close();
    far.link.close(new Error('too late'));
    await turn();
    assert.deepEqual([near.ends.length, far.ends.length], [1, 1]);
  });

  for (const reason of [undefined, new Error('for a reason')]) {
    it(`reports to a paused end that the other one has ${reason === undefined ? 'closed' : 'cut the link'}`, () =>
      withMeeting(subject, { both: { limits: { stalledMs: 500 } } }, async ({ near, far }) => {
        far.link.pause();
        for (let n = 0; n < 30; n++) near.link.send([frame(`${n}`.padEnd(1_000, '.'))]);
        await turn();
        near.link.close(reason);
        const farReason = await far.ended();
        if (reason === undefined) assert.equal(farReason, undefined);
      }));
  }

  test('ignores send, pause and resume after the end', async ({ near, far }) => {
    near.link.send([frame('before')]);
    near.link.close();
    near.link.send([frame('after close')]);
    assert.deepEqual(await Promise.all([near.ended(), far.ended()]), [undefined, undefined]);
    for (const { link } of [near, far]) {
      link.send([frame('after the end')]);
      link.pause();
      link.resume();
      assert.ok(Number.isFinite(link.buffered));
    }
    await turn();
    assert.deepEqual(far.texts, ['before']);
    assert.deepEqual(near.texts, []);
  });

  test('delivers nothing after the end, also within one chunk', async ({ near, far }) => {
    far.onFrame = () => far.link.close(new Error('enough'));
    near.link.send(Array.from({ length: 1_000 }, (_, n) => frame(`${n}`)));
    await far.ended();
    await near.ended();
    // `late` is checked when the sides are closed; earlier frames are no more than were already cut.
    assert.ok(far.frames.length >= 1);
  });

  test('can be closed by its receiver during delivery', async ({ near, far }) => {
    far.onFrame = () => far.link.close();
    near.link.send([frame('one')]);
    assert.equal(await far.ended(), undefined);
    await near.ended();
  });

  it('ends its links when it is closed, and can be closed again', () =>
    withFirst(subject, {}, async (first, visit) => {
      const seconds = [await visit()];
      await seconds[0]!.open();
      (await seconds[0]!.end()).link.send([frame('hello')]);
      const far = await first.end();
      await far.has(1);
      far.link.send([frame('goodbye')]);
      const closing = first.transport.close();
      await first.transport.close();
      await closing;
      const near = await seconds[0]!.end();
      assertGoodbye(subject, await near.ended());
      assert.deepEqual(near.texts, ['goodbye']);
      assert.deepEqual(far.ends, [undefined]);
    }));

  it('can be closed without being opened', () =>
    withFirst(subject, {}, async (_first, visit) => {
      const second = await visit();
      await second.transport.close();
      await second.transport.close();
    }));

  it('leaves no open handle', async () => {
    const before = handles();
    await withMeeting(subject, {}, async ({ near, far, first, second }) => {
      near.link.send([frame('hello')]);
      await far.has(1);
      await Promise.all([second.transport.close(), first.transport.close()]);
      // Handles that Node itself frees in the next turns are not counted for the transport.
      const more = (): string[] => surplus(handles(), before);
      await until(
        () => `these handles to be freed: ${more().join(', ')}`,
        () => more().length === 0,
        2_000,
      );
    });
  });

  it(DEATH, async () => {
    const crash = subject.crash!;
    await withFirst(subject, {}, async (first) => {
      const die = await crash(first.transport.address);
      const far = await first.end();
      die();
      assert.ok((await far.ended()) instanceof ConnectionLost);
    });
  });
}

/** The active handles, by kind. Empty if the runtime does not report them. */
function handles(): string[] {
  return (globalThis.process?.getActiveResourcesInfo?.() ?? []).filter((kind) => kind !== 'Immediate');
}

function surplus(now: readonly string[], before: readonly string[]): string[] {
  const known = [...before];
  return now.filter((kind) => {
    const at = known.indexOf(kind);
    if (at >= 0) known.splice(at, 1);
    // Waiting itself uses a timer.
    return at < 0 && kind !== 'Timeout';
  });
}
