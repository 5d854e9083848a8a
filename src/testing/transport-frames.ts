import assert from 'node:assert/strict';
import type { Form } from '../contract/contract.js';
import type { TransportCase } from './transport-case.js';
import { frameOf, type Meeting, textOf, withMeeting } from './transport-ends.js';

type It = (name: string, body: () => Promise<void>) => void;

const MANY = 10_000;
const BIG = 1024 * 1024;

/** The requirements for frames, in one form. */
export function testFrames(it: It, subject: TransportCase, form: Form): void {
  const frame = (text: string) => frameOf(form, text);
  const test = (name: string, body: (meeting: Meeting) => Promise<void>): void =>
    it(name, () => withMeeting(subject, { both: { form } }, body));
  /** Both directions of the link, one after the other. */
  const ways = ({ near, far }: Meeting) => [[near, far] as const, [far, near] as const];

  test('carries a frame in each direction', async (meeting) => {
    for (const [from, to] of ways(meeting)) {
      from.link.send([frame('one')]);
      await to.has(1);
      assert.deepEqual(to.texts, ['one']);
    }
  });

  test('keeps a big frame whole', async (meeting) => {
    for (const [from, to] of ways(meeting)) {
      const big = numbered(Math.min(BIG, from.link.maxFrame ?? BIG));
      from.link.send([frame(big)]);
      await to.has(1);
      // Not deepEqual: on failure it would compare a million characters one by one.
      assert.ok(
        to.texts[0] === big,
        `a frame of ${to.texts[0]?.length} characters arrived, and one of ${big.length} was sent`,
      );
    }
  });

  test('keeps many frames in order', async (meeting) => {
    for (const [from, to] of ways(meeting)) {
      for (let n = 0; n < MANY; n++) from.link.send([frame(`frame ${n}`)]);
      await to.has(MANY);
      assertCounted(to.texts, MANY);
    }
  });

  test('keeps the frames of one send in order', async (meeting) => {
    for (const [from, to] of ways(meeting)) {
      from.link.send(Array.from({ length: 1_000 }, (_, n) => frame(`frame ${n}`)));
      await to.has(1_000);
      assertCounted(to.texts, 1_000);
    }
  });

  test('carries every character and every byte', async (meeting) => {
    const text = 'ASCII, \u0001\t, é, ж, 漢字, 😀, \u2028, ﷽, \uFFFD';
    const bytes = Uint8Array.from({ length: 1_024 }, (_, n) => n & 255);
    for (const [from, to] of ways(meeting)) {
      from.link.send([form === 'bytes' ? bytes : frame(text)]);
      await to.has(1);
      if (form === 'bytes') assert.deepEqual(new Uint8Array(to.frames[0] as Uint8Array), bytes);
      else assert.equal(to.texts[0], text);
    }
  });

  test('delivers the form that was sent', async ({ near, far }) => {
    near.link.send([frame('one')]);
    await far.has(1);
    const [came] = far.frames;
    if (form === 'text') assert.equal(typeof came, 'string');
    else if (form === 'bytes') assert.ok(came instanceof Uint8Array);
    else assert.ok(typeof came === 'object' && 'values' in came);
  });

  test('does not change a frame after delivery', async ({ near, far }) => {
    const sent = Array.from({ length: 200 }, (_, n) => `${n}:`.padEnd(1_000, 'x'));
    for (const text of sent) {
      near.link.send([frame(text)]);
      if (sent.indexOf(text) % 20 === 0) await far.has(1);
    }
    await far.has(sent.length);
    assert.deepEqual(far.texts, sent);
  });

  test('sends nothing for an empty send', async (meeting) => {
    for (const [from, to] of ways(meeting)) {
      from.link.send([]);
      from.link.send([frame('one')]);
      await to.has(1);
      assert.deepEqual(to.texts, ['one']);
    }
  });

  test('accepts send within receive', async ({ near, far }) => {
    const answering = (from: Meeting['near']) => {
      from.onFrame = (came) => {
        const n = Number(textOf(came));
        if (n < 1_000) from.link.send([frame(`${n + 1}`)]);
      };
    };
    answering(near);
    answering(far);
    near.link.send([frame('1')]);
    await far.has(500);
    await near.has(500);
    assert.equal(near.texts.at(-1), '1000');
  });

  test('loses nothing when both ends send at once', async ({ near, far }) => {
    for (let n = 0; n < 200; n++) {
      const text = `frame ${n}`.padEnd(10_000);
      near.link.send([frame(text)]);
      far.link.send([frame(text)]);
    }
    await Promise.all([near.has(200), far.has(200)]);
    for (const end of [near, far])
      assertCounted(
        end.texts.map((text) => text.trimEnd()),
        200,
      );
  });
}

function assertCounted(texts: readonly string[], count: number): void {
  assert.equal(texts.length, count);
  const wrong = texts.findIndex((text, n) => text !== `frame ${n}`);
  assert.equal(wrong, -1, `"${texts[wrong]}" arrived instead of "frame ${wrong}"`);
}

/**
 * A text of this length in which every part differs from its neighbours, so that a lost or duplicated part is detected.
 */
function numbered(length: number): string {
  let text = '';
  for (let n = 0; text.length < length; n++) text += `${n} `;
  return text.slice(0, length);
}
