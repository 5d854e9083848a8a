import { expect, it } from 'vitest';
import type { Frame } from '../../src/contract/contract.js';
import { KeptMessages } from '../../src/extensions/resume/kept-messages.js';
import { MESSAGE_BYTES } from '../../src/session/journal.js';
import { Random } from '../../src/testing/random.js';

const bytes = (frame: Frame): Frame => (typeof frame === 'string' ? frame : [...(frame as Uint8Array)].join());
const many = (count: number, size: number): string[] =>
  Array.from({ length: count }, (_none, n) => `é${n}`.padEnd(n % size, 'ü'));
const weightOf = (frames: readonly Frame[]): number =>
  frames.reduce((sum, { length }) => sum + length + MESSAGE_BYTES, 0);

it.each<[what: string, frames: readonly Frame[], between: string]>([
  ['one text', ['a'], '\n'],
  ['texts', many(40, 30), '\n'],
  ['long texts', ['x'.repeat(9_000), 'y'.repeat(10_000), 'z'.repeat(8_500)], '\n'],
  ['bytes', many(40, 30).map((text) => Buffer.from(text)), ''],
  [
    'a large message of bytes between small ones',
    [Buffer.alloc(3, 1), Buffer.alloc(100_000, 2), Buffer.alloc(4, 3)],
    '',
  ],
])('keeps messages in their order, without those that the peer has: %s', (_what, frames, between) => {
  for (let gone = 0; gone < frames.length; gone++)
    for (const joined of [between, undefined]) {
      const kept = new KeptMessages();
      const leaving = kept.keep(frames, undefined, joined);
      // What the link gets is the same text, or the same bytes.
      if (leaving !== frames) expect(leaving.map(bytes)).toEqual([bytes(joinedWith(frames, between))]);
      kept.drop(gone);
      const left = frames.slice(gone);
      expect(kept.frames().map(bytes)).toEqual(left.map(bytes));
      expect(kept.count).toBe(left.length);
      expect(kept.weight).toBe(weightOf(left));
    }
});

function joinedWith(frames: readonly Frame[], between: string): Frame {
  return typeof frames[0] === 'string' ? frames.join(between) : Buffer.concat(frames as readonly Uint8Array[]);
}

it('joins what a link takes joined, except large messages', () => {
  const kept = new KeptMessages();
  expect(kept.keep(['a', 'b'], 2, '\n')).toEqual(['a\nb']);
  expect(kept.keep([Buffer.from('c'), Buffer.from('d')], 2, '').map(bytes)).toEqual(['99,100']);
  const large = ['x'.repeat(9_000), 'y'.repeat(9_000)];
  expect(kept.keep(large, 18_000, '\n')).toBe(large);
  const apart = ['e', 'f'];
  expect(kept.keep(apart, 2)).toBe(apart);
});

it.each(['text', 'bytes'] as const)('keeps what a list would keep, whatever is dropped when: %s', (form) => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = new Random(seed);
    const kept = new KeptMessages();
    let list: Frame[] = [];
    for (let step = 0; step < 60; step++) {
      if (random.int(0, 2) > 0) {
        const size = random.int(0, 30) === 0 ? 2_000 : 50;
        const texts = Array.from({ length: random.int(1, 40) }, () => String(step).padEnd(random.int(0, size), 'é'));
        const frames = form === 'text' ? texts : texts.map((text) => Buffer.from(text));
        kept.keep(frames, undefined, random.int(0, 1) === 0 ? undefined : form === 'text' ? '\n' : '');
        list.push(...frames);
      } else {
        const gone = random.int(0, list.length);
        kept.drop(gone);
        list = list.slice(gone);
      }
      expect(kept.count).toBe(list.length);
      expect(kept.weight).toBe(weightOf(list));
    }
    expect(kept.frames().map(bytes).join()).toBe(list.map(bytes).join());
  }
});

it('attack: small messages that the peer does not acknowledge do not keep the memory alive that they share with those of others', () => {
  const kept = new KeptMessages();
  let memory = 0;
  const seen = new Set<ArrayBufferLike>();
  for (let n = 0; n < 100; n++) {
    // A message of 20 bytes, written to the memory of the messages to all peers.
    const shared = new Uint8Array(64 * 1024);
    kept.keep([shared.subarray(n, n + 20)]);
  }
  for (const frame of kept.frames()) seen.add((frame as Uint8Array).buffer);
  for (const { byteLength } of seen) memory += byteLength;
  expect(memory).toBeLessThanOrEqual(2 * 100 * (20 + MESSAGE_BYTES));
});
