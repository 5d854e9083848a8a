import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { moveTime, time } from '../../src/base/time.js';
import { incoming, type Link, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { PartSize } from '../../src/session/sending/part-size.js';
import { stopClock } from '../../src/testing/index.js';
import { Played, turn } from '../support/core-played.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<string> {}
  @outgoing news(_to: Receivers, _args: { text: string }): void {}
}

const LIMIT = 64 * 1024;
/** The number of turns until the first trial has ended. */
const FIRST = 64 + 5 * 64;

let clock: Disposable;
beforeEach(() => {
  clock = stopClock();
});
afterEach(() => clock[Symbol.dispose]());

/** One turn of this many bytes, which takes `ms`; in smaller parts half of it if those `help`, and more if they do not. */
function one(part: PartSize, bytes: number, { ms = 1, help = true } = {}): void {
  const inParts = part.bytes < bytes;
  moveTime(time() + (inParts ? (help ? ms / 2 : ms * 1.3) : ms));
  part.sent(bytes);
  part.endTurn();
}
function turns(part: PartSize, count: number, bytes: number, how = {}): void {
  for (let at = 0; at < count; at++) one(part, bytes, how);
}

describe('the size of the parts in which a turn is sent', () => {
  it('is the limit at first, and never less than a turn of 2 KiB', () => {
    const part = new PartSize(LIMIT);
    expect(part.bytes).toBe(LIMIT);
    turns(part, 1_000, 2_048);
    expect(part.bytes).toBeGreaterThanOrEqual(2_048);
  });

  it('is a quarter of the bytes of a turn from the second one on, until a trial has shown that this has no advantage', () => {
    const part = new PartSize(LIMIT);
    one(part, 20_000);
    expect(part.bytes).toBe(5_000);
    turns(part, 62, 20_000);
    expect(part.bytes).toBe(5_000);
  });

  it('is a quarter while that is slower by less than a tenth, which may be chance, and the limit if it is slower', () => {
    const [kept, dropped] = [1.08, 1.15].map((ratio) => {
      const part = new PartSize(LIMIT);
      for (let at = 0; at < FIRST; at++) {
        moveTime(time() + (part.bytes < 20_000 ? ratio : 1));
        part.sent(20_000);
        part.endTurn();
      }
      return part.bytes;
    });
    expect(kept).toBe(5_000);
    expect(dropped).toBe(LIMIT);
  });

  it('is a quarter of the bytes of a turn, if that sends more in the same time', () => {
    const part = new PartSize(LIMIT);
    turns(part, FIRST, 20_000);
    expect(part.bytes).toBe(5_000);
    turns(part, 1_000, 20_000);
    expect(part.bytes).toBe(5_000);
  });

  it('is the limit if parts cost more than they bring, and is tried again, less often each time', () => {
    const part = new PartSize(LIMIT);
    const inParts: number[] = [];
    for (let at = 0; at < 16_000; at++) {
      if (part.bytes < LIMIT) inParts.push(at);
      one(part, 20_000, { help: false });
    }
    // Until the first trial, and two steps of 64 turns for each. Trials begin at turn 64, and then after 1,024, 2,048 and 4,096 turns.
    expect(inParts.length).toBe(63 + 4 * 2 * 64);
    // From here on they help.
    turns(part, 16_384 + 5 * 64, 20_000);
    expect(part.bytes).toBe(5_000);
  });

  it('is the limit if the clock does not advance', () => {
    const part = new PartSize(LIMIT);
    turns(part, FIRST, 20_000, { ms: 0 });
    expect(part.bytes).toBe(LIMIT);
  });

  it('is neither more than the limit, nor less than 2 KiB', () => {
    const part = new PartSize(4_000);
    turns(part, FIRST, 100_000);
    expect(part.bytes).toBe(4_000);
    turns(part, 3_000, 2_100);
    expect(part.bytes).toBe(2_048);
  });

  it('slowly follows turns that become shorter', () => {
    const part = new PartSize(LIMIT);
    turns(part, FIRST, 40_000);
    one(part, 8_000);
    expect(part.bytes).toBeGreaterThan(9_000);
    turns(part, 400, 8_000);
    expect(part.bytes).toBe(2_048);
  });

  it('grows within a turn that has many more bytes than the others', () => {
    const part = new PartSize(LIMIT);
    turns(part, FIRST, 4_000);
    expect(part.bytes).toBe(2_048);
    let parts = 0;
    for (let left = 200_000; left > 0; left -= part.bytes) {
      part.sent(Math.min(left, part.bytes));
      parts++;
    }
    expect(parts).toBeLessThan(14);
    expect(part.bytes).toBe(LIMIT);
  });
});

describe('a side that sends turns in parts', () => {
  /** A side with a peer for which parts have helped, in turns of some 20 messages of 1 KB. */
  async function parted(options: object = {}, traits: Partial<Link> = {}) {
    const played = new Played();
    const far = played.visit('far', traits);
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, ...options });
    await turn();
    for (let at = 0; at < FIRST; at++) {
      const before = far.sends.length;
      for (let n = 0; n < 20; n++) api.news(null, { text: 'x'.repeat(1_000) });
      moveTime(time() + (far.sends.length > before ? 0.5 : 1));
      await turn();
    }
    far.sends.splice(0);
    return { api, far };
  }

  it('sends notifications in four parts, in order, and the last at the end of the turn', async () => {
    const { api, far } = await parted();
    for (let n = 0; n < 20; n++) api.news(null, { text: `${n} `.padEnd(1_000, 'x') });
    expect(far.sends.length).toBe(3);
    await turn();
    expect(far.sends.length).toBe(4);
    expect(far.heard.map(({ params }) => Number.parseInt(params.text, 10))).toEqual(
      Array.from({ length: 20 }, (_, n) => n),
    );
    await api.close();
  });

  it('sends answers in parts too, while the calls after them are still dispatched', async () => {
    const { api, far } = await parted();
    const before: number[] = [];
    api.ask.connect((_sender, { n }) => {
      before.push(far.sends.length);
      return `${n} `.padEnd(1_000, 'x');
    });
    for (let n = 0; n < 20; n++) far.say({ jsonrpc: '2.0', id: n, method: 'ask', params: { n } });
    expect(before.at(-1)).toBe(3);
    await turn();
    expect(far.sends.length).toBe(4);
    expect(far.heard.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    await api.close();
  });

  it('sends one small message in one write, at the end of the turn', async () => {
    const { api, far } = await parted();
    api.news(null, { text: 'small' });
    expect(far.sends).toEqual([]);
    await turn();
    expect(far.sends.length).toBe(1);
    await api.close();
  });

  it('sends a turn as a whole on a bus, where messages that are sent together may be one datagram', async () => {
    const { api, far } = await parted({}, { bus: true });
    for (let n = 0; n < 20; n++) api.news(null, { text: 'x'.repeat(1_000) });
    expect(far.sends).toEqual([]);
    await turn();
    expect(far.sends.length).toBe(1);
    await api.close();
  });

  it('sends a large message at once, with those before it, also while turns are sent as a whole', async () => {
    const played = new Played();
    const far = played.visit('far');
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null });
    await turn();
    api.news(null, { text: 'small' });
    api.news(null, { text: 'x'.repeat(9_000) });
    expect(far.sends.length).toBe(1);
    api.news(null, { text: 'x'.repeat(9_000) });
    expect(far.sends.length).toBe(2);
    await turn();
    expect(far.heard.map(({ params }) => params.text.length)).toEqual([5, 9_000, 9_000]);
    api.news(null, { text: 'x'.repeat(7_000) });
    expect(far.sends.length).toBe(2);
    await api.close();
  });

  it('sends a large message at the end of the turn on a bus', async () => {
    const { api, far } = await parted({}, { bus: true });
    api.news(null, { text: 'x'.repeat(9_000) });
    expect(far.sends).toEqual([]);
    await turn();
    expect(far.sends.length).toBe(1);
    await api.close();
  });

  it('collects no more than tickBytes', async () => {
    const { api, far } = await parted({ limits: { tickBytes: 3_000 } });
    for (let n = 0; n < 20; n++) api.news(null, { text: 'x'.repeat(1_000) });
    await turn();
    expect(far.sends.length).toBe(7);
    await api.close();
  });
});
