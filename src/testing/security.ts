import assert from 'node:assert/strict';
import type { Frame, Sealed, Security } from '../contract/contract.js';
import { type Gaps, gapped, type Runner } from './runner.js';

/** A security to test. */
export interface SecuritySubject {
  /** The name of the suite in the runner's report. */
  readonly name: string;
  /** Creates the security of one side. Two that are created by this function trust each other. */
  readonly make: () => Security;
  /** Tests that the security cannot pass by design: the name of the test, and the reason. */
  readonly gaps?: Gaps;
}

const text = '{"jsonrpc":"2.0","id":1,"method":"add","params":{"text":"grün ☃ 𝄞"}}';
const payloads: readonly (readonly [string, Frame])[] = [
  ['a text', text],
  ['an empty object', '{}'],
  ['bytes', Uint8Array.of(0x94, 0, 1, 0xa3, 0x61, 0x64, 0x64, 0x92, 2, 0xff)],
];

/**
 * Tests a security against the contract: what one side seals the other opens unchanged; its information can be encoded
 * by any codec; concurrent messages are not mixed up; and a modified message is refused.
 */
export function testSecurity(runner: Runner, subject: SecuritySubject): void {
  const it = gapped(runner, subject.gaps);
  runner.describe(`the security ${subject.name}`, () => {
    for (const [what, payload] of payloads) {
      it(`opens ${what} that the other side has sealed, unchanged`, async () => {
        const before = typeof payload === 'string' ? payload : Uint8Array.from(payload as Uint8Array);
        const sealed = await subject.make().seal(payload);
        assert.deepEqual(payload, before, 'sealing has changed the payload');
        assert.deepEqual(bytesOf(await subject.make().open(travelled(sealed, payload), sealed.info)), bytesOf(payload));
      });
    }

    it('replaces a text with a text without delimiters, and bytes with bytes', async () => {
      for (const [, payload] of payloads) {
        const sealed = await subject.make().seal(payload);
        const replaced = travelled(sealed, payload);
        assert.equal(typeof replaced, typeof payload);
        if (typeof replaced === 'string') assert.doesNotMatch(replaced, /[\n\0]/);
      }
    });

    it('returns information that any codec can encode', async () => {
      const { info } = await subject.make().seal(text);
      assert.deepEqual(JSON.parse(JSON.stringify(info)), { ...info });
    });

    it('does not mix up concurrent messages', async () => {
      const [here, there] = [subject.make(), subject.make()];
      const texts = Array.from({ length: 50 }, (_, n) => `{"n":${n},"filling":"${'x'.repeat((n * 37) % 200)}"}`);
      const sealed = await Promise.all(texts.map((each) => here.seal(each)));
      const opened = await Promise.all(
        sealed.map((each, n) => there.open(travelled(each, texts[n] as string), each.info)),
      );
      assert.deepEqual(opened.map(bytesOf), texts.map(bytesOf));
    });

    it('refuses a message that was modified', async () => {
      const sealed = await subject.make().seal(text);
      const changed = (travelled(sealed, text) as string).replace(/.$/, '!');
      await assert.rejects(async () => subject.make().open(changed, sealed.info));
    });
  });
}

/** What is sent: the message, or its replacement. */
function travelled(sealed: Sealed, payload: Frame): Frame {
  return sealed.payload ?? payload;
}

function bytesOf(frame: Frame): Uint8Array {
  return typeof frame === 'string' ? new TextEncoder().encode(frame) : Uint8Array.from(frame as Uint8Array);
}
