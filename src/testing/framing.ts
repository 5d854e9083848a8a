import { strict as assert } from 'node:assert';
import type { Frame, Framing, FramingFactory } from '../contract/contract.js';
import { Code, ProtocolError } from '../contract/errors.js';
import { type Random, withRandom } from './random.js';
import { type Gaps, gapped, type Runner } from './runner.js';

/** A framing to test, with one of its forms. */
export interface FramingSubject {
  /** The name of the suite in the runner's report. */
  readonly name: string;
  readonly make: FramingFactory;
  readonly form: 'text' | 'bytes';
  /**
   * Creates a frame of about this many bytes that the framing can carry. By default, text without line feed, CR and
   * NUL, or any bytes; never empty.
   */
  readonly frame?: (random: Random, bytes: number) => Frame;
  /** Whether it may return several frames as one; then the results are compared as a whole. */
  readonly merges?: boolean;
  /** Tests that the framing cannot pass by design: the name of the test, and the reason. */
  readonly gaps?: Gaps;
}

const LIMIT = 10_000;

/**
 * Tests a framing against the contract: the frames are the same however the stream is cut, and no stream uses more
 * memory than the limit.
 */
export function testFraming(runner: Runner, subject: FramingSubject): void {
  const it = gapped(runner, subject.gaps);
  const { form, merges = false } = subject;
  const frameOf = subject.frame ?? (form === 'text' ? textOf : bytesOf);
  const make = (limit = LIMIT): Framing => subject.make(form, limit);
  const stream = (frames: readonly Frame[]): Uint8Array => Buffer.from(make().wrap(frames) as Uint8Array);
  const several = (random: Random): Frame[] =>
    Array.from({ length: random.int(1, 8) }, () => frameOf(random, random.of([1, 3, 20, 300])));
  const expect = (given: readonly Frame[], frames: readonly Frame[]): void => {
    if (merges) assert.deepStrictEqual(together(given), together(frames));
    else assert.deepStrictEqual(given.map(plain), frames.map(plain));
  };

  runner.describe(`the framing ${subject.name} with ${form}`, () => {
    it('returns the same frames however the stream is cut', () => {
      withRandom(300, (random) => {
        const frames = several(random);
        const framing = make();
        const given: Frame[] = [];
        for (const chunk of cut(stream(frames), random)) framing.push(chunk, (frame) => given.push(frame));
        framing.end((frame) => given.push(frame));
        expect(given, frames);
      });
    });
    it('returns the same frames for chunks of one byte', () => {
      withRandom(20, (random) => {
        const frames = several(random);
        const framing = make();
        const given: Frame[] = [];
        for (const byte of stream(frames)) framing.push(Uint8Array.of(byte), (frame) => given.push(frame));
        expect(given, frames);
      });
    });
    it('returns a frame as soon as it is complete', () => {
      withRandom(50, (random) => {
        const framing = make();
        for (let chunks = 0; chunks < 3; chunks++) {
          const frames = several(random);
          const given: Frame[] = [];
          framing.push(stream(frames), (frame) => given.push(frame));
          expect(given, frames);
        }
      });
    });
    it('joins the frames of a turn into one chunk', () => {
      withRandom(50, (random) => {
        const frames = several(random);
        assert.deepStrictEqual(stream(frames), Buffer.concat(frames.map((frame) => stream([frame]))));
      });
    });
    it('does not use a chunk later', () => {
      withRandom(50, (random) => {
        const frames = several(random);
        const framing = make();
        const given: Frame[] = [];
        for (const chunk of cut(stream(frames), random)) {
          framing.push(chunk, (frame) =>
            given.push(typeof frame === 'string' ? frame : Buffer.from(frame as Uint8Array)),
          );
          chunk.fill(0x5a);
        }
        expect(given, frames);
      });
    });
    it('returns nothing more at the end of a stream of complete frames', () => {
      withRandom(20, (random) => {
        const framing = make();
        framing.push(stream(several(random)), () => {});
        framing.end(() => assert.fail('a frame was returned'));
      });
      make().end(() => assert.fail('a frame was returned'));
    });
    it('returns the rest or throws a ProtocolError if the stream ends within a frame', () => {
      withRandom(20, (random) => {
        const frames = several(random);
        const all = stream(frames);
        for (let length = 0; length < all.length; length += random.int(1, 7)) {
          const framing = make();
          let before = 0;
          framing.push(Buffer.from(all.subarray(0, length)), () => before++);
          let after = 0;
          protocolOnly(() => framing.end(() => after++));
          assert.ok(after <= 1, `${after} frames were returned at the end`);
          if (!merges) assert.ok(before + after <= frames.length, 'there were more frames than were sent');
        }
      });
    });
    it('carries a frame of the maximum size, and none that is larger', () => {
      withRandom(5, (random) => {
        const frame = frameOf(random, 500);
        const size = typeof frame === 'string' ? Buffer.byteLength(frame) : (frame as Uint8Array).length;
        const bytes = stream([frame]);
        const given: Frame[] = [];
        make(size).push(Buffer.from(bytes), (one) => given.push(one));
        expect(given, [frame]);
        for (const chunks of [[bytes], cut(bytes, random), [...bytes].map((byte) => Uint8Array.of(byte))]) {
          const framing = make(size - 1);
          tooLarge(() => {
            for (const chunk of chunks) framing.push(Buffer.from(chunk), () => assert.fail('a frame was returned'));
          });
        }
      });
    });
    it('returns the frames before one that is too large', () => {
      withRandom(10, (random) => {
        const [first, second, large] = [frameOf(random, 20), frameOf(random, 20), frameOf(random, 3_000)];
        const framing = make(1_000);
        const given: Frame[] = [];
        tooLarge(() => framing.push(stream([first, second, large]), (frame) => given.push(frame)));
        expect(given, [first, second]);
      });
    });
    it('refuses an endless frame at the maximum size', () => {
      withRandom(5, (random) => {
        const endless = stream([frameOf(random, LIMIT * 50)]);
        const framing = make();
        let pushed = 0;
        tooLarge(() => {
          for (let at = 0; at < endless.length; at += 500) {
            framing.push(endless.subarray(at, at + 500), () => assert.fail('a frame was returned'));
            pushed = at + 500;
          }
        });
        assert.ok(pushed <= LIMIT + 1_000, `${pushed} bytes were taken where ${LIMIT} are the bound`);
      });
    });
    it('does not work more for a frame that arrives byte by byte', () => {
      withRandom(1, (random) => {
        const frame = frameOf(random, 1_000_000);
        const bytes = stream([frame]);
        const framing = make(10_000_000);
        const given: Frame[] = [];
        const start = performance.now();
        for (let at = 0; at < bytes.length; at++) {
          framing.push(bytes.subarray(at, at + 1), (one) => given.push(one));
          // Copying the buffered bytes once for each new byte would be 500 GB, and take minutes.
          if (at % 10_000 === 0) assert.ok(performance.now() - start < 8_000, `${at} bytes took more than 8 seconds`);
        }
        expect(given, [frame]);
      });
    });
    it('throws only ProtocolErrors for random streams', () => {
      withRandom(500, (random) => {
        const framing = make(200);
        protocolOnly(() => {
          for (let chunks = 0; chunks < 20; chunks++) framing.push(random.bytes(40), () => {});
          framing.end(() => {});
        });
      });
    });
  });
}

function textOf(random: Random, bytes: number): string {
  let text = bytes > 1_000 ? random.of(['x', 'ä', '漢']).repeat(bytes / 2) : '';
  while (text.length < bytes) text += random.text(Math.min(bytes, 50)).replace(/[\r\n\0]/g, '') || 'x';
  return text;
}

function bytesOf(random: Random, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, () => random.int(0, 255));
}

/** The stream in chunks, each with a buffer of its own. */
function cut(stream: Uint8Array, random: Random): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const most = random.of([1, 3, 10, 100, 1_000]);
  for (let at = 0; at < stream.length; ) {
    const to = at + random.int(0, most);
    chunks.push(Uint8Array.from(stream.subarray(at, to)));
    at = to;
  }
  return chunks;
}

const plain = (frame: Frame): unknown => (typeof frame === 'string' ? frame : new Uint8Array(frame as Uint8Array));

const together = (frames: readonly Frame[]): Buffer =>
  Buffer.concat(frames.map((frame) => Buffer.from(frame as Uint8Array)));

function protocolOnly(body: () => void): void {
  try {
    body();
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `it threw ${String(error)}`);
  }
}

function tooLarge(body: () => void): void {
  assert.throws(body, (error) => error instanceof ProtocolError && error.code === Code.TooLarge);
}
