import { expect, it } from 'vitest';
import type { Frame } from '../../src/contract/contract.js';
import { Keeper } from '../../src/extensions/resume/kept-messages.js';
import { MESSAGE_BYTES } from '../../src/session/journal.js';

const bytes = (frame: Frame): Frame => (typeof frame === 'string' ? frame : [...(frame as Uint8Array)].join());
const many = (count: number, size: number): string[] =>
  Array.from({ length: count }, (_none, n) => `é${n}`.padEnd(n % size, 'ü'));

it.each<[what: string, frames: readonly Frame[]]>([
  ['one text', ['a']],
  ['texts', many(40, 30)],
  ['long texts', ['x'.repeat(9_000), 'y'.repeat(10_000), 'z'.repeat(8_500)]],
  ['bytes', many(40, 30).map((text) => Buffer.from(text))],
  ['a large message of bytes between small ones', [Buffer.alloc(3, 1), Buffer.alloc(100_000, 2), Buffer.alloc(4, 3)]],
])('keeps messages in their order, without those that the peer has: %s', (_what, frames) => {
  for (let gone = 0; gone < frames.length; gone++) {
    const kept = new Keeper().keep(frames);
    kept.drop(gone);
    const left = frames.slice(gone);
    expect(kept.frames().map(bytes)).toEqual(left.map(bytes));
    expect(kept.length).toBe(left.length);
    expect(kept.weight).toBe(left.reduce((sum, { length }) => sum + length + MESSAGE_BYTES, 0));
  }
});

it('keeps messages that follow each other apart', () => {
  const keeper = new Keeper();
  const all = Array.from({ length: 300 }, (_none, n) => keeper.keep([Buffer.alloc(100, n), Buffer.alloc(50, n + 1)]));
  for (const [n, kept] of all.entries())
    expect(kept.frames().map(bytes)).toEqual([bytes(Buffer.alloc(100, n)), bytes(Buffer.alloc(50, n + 1))]);
});

it('attack: small messages that the peer does not acknowledge do not keep the memory alive that they share with those of others', () => {
  const keeper = new Keeper();
  let memory = 0;
  const seen = new Set<ArrayBufferLike>();
  for (let n = 0; n < 100; n++) {
    // A message of 20 bytes, written to the memory of the messages to all peers.
    const shared = new Uint8Array(64 * 1024);
    for (const frame of keeper.keep([shared.subarray(n, n + 20)]).frames()) seen.add((frame as Uint8Array).buffer);
  }
  for (const { byteLength } of seen) memory += byteLength;
  expect(memory).toBeLessThanOrEqual(2 * 100 * (20 + MESSAGE_BYTES));
});
