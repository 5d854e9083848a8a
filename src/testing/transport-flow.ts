import assert from 'node:assert/strict';
import { afterTurn } from '../base/time.js';
import { Code, ProtocolError } from '../contract/errors.js';
import type { TransportCase } from './transport-case.js';
import { assertGoodbye, frameOf, type Meeting, turn, until, withMeeting } from './transport-ends.js';

type It = (name: string, body: () => Promise<void>) => void;

/** More than the buffers of the system accept for a reader that does not read. */
const PIECES = 1_024;
const PIECE = 64 * 1024;

/** The requirements for a link when one end is slower than the other, or sends too much at once. */
export function testFlow(it: It, subject: TransportCase): void {
  const form = subject.forms?.[0] ?? 'text';
  const frame = (text: string) => frameOf(form, text);

  const ways = ['near', 'far'] as const;
  for (const side of ways) {
    const other = side === 'near' ? 'far' : 'near';
    const who = side === 'near' ? 'first' : 'second';

    it(`buffers for the ${who} end while it is paused, and reports when it has drained`, () =>
      withMeeting(subject, {}, async (meeting) => {
        const [from, to] = [meeting[side], meeting[other]];
        to.link.pause();
        let sent = 0;
        while (from.link.buffered < 4 * PIECE && sent < PIECES) {
          from.link.send([frame(`${sent++}`.padEnd(PIECE, '.'))]);
          await turn();
        }
        assert.ok(from.link.buffered > 0, `${sent} pieces went to a reader that does not read`);
        const drains = from.drains;
        to.link.resume();
        await to.has(sent);
        await until(
          () => 'drained',
          () => from.drains > drains && from.link.buffered === 0,
        );
        assert.deepEqual(
          to.texts.map((text) => Number.parseInt(text, 10)),
          Array.from({ length: sent }, (_, n) => n),
        );
      }));
  }

  it('pauses and resumes from within receive', () =>
    withMeeting(subject, {}, async ({ near, far }) => {
      far.onFrame = () => {
        far.link.pause();
        if (far.frames.length % 2 === 0) far.link.resume();
        else afterTurn(() => far.link.resume());
      };
      const sent = Array.from({ length: 300 }, (_, n) => `${n}`.padEnd(1_000, '.'));
      for (const text of sent) near.link.send([frame(text)]);
      await far.has(sent.length);
      assert.deepEqual(far.texts, sent);
    }));

  it('can be closed while it is paused', () =>
    withMeeting(subject, {}, async ({ near, far }) => {
      far.link.pause();
      near.link.send([frame('one')]);
      await turn();
      far.link.close();
      assert.equal(await far.ended(), undefined);
      // Data that the paused end has not read must not turn a clean end into a reset.
      assertGoodbye(subject, await near.ended());
    }));

  it('closes although the peer does not read', () =>
    withMeeting(subject, { both: { limits: { stalledMs: 500 } } }, async ({ near, far, second }) => {
      far.link.pause();
      for (let n = 0; n < PIECES && near.link.buffered < 4 * PIECE; n++) {
        near.link.send([frame('.'.repeat(PIECE))]);
        await turn();
      }
      await second.transport.close();
      assert.equal(near.ends.length, 1);
    }));

  const oversized = async ({ near, far }: Meeting): Promise<void> => {
    near.link.send([frame('small')]);
    near.link.send([frame('x'.repeat(100_000))]);
    near.link.send([frame('never')]);
    const reason = await far.ended();
    assert.deepEqual(far.texts, ['small']);
    assert.ok(reason instanceof ProtocolError, `ended with ${String(reason)}`);
    assert.equal(reason.code, Code.TooLarge);
    await near.ended();
  };
  it('ends the link for a frame that is larger than the bound', () =>
    withMeeting(subject, { first: { limits: { frameBytes: 10_000 } } }, oversized));
}
