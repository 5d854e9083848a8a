import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/contract/limits.js';
import { ArrivedItems } from '../../src/extensions/streams/arrived-items.js';
import { type QueueNode, RoundRobin } from '../../src/extensions/streams/round-robin.js';
import { weigh } from '../../src/extensions/streams/weigh.js';
import { ItemsInFlight, windowOf } from '../../src/extensions/streams/window.js';

describe('the items in flight', () => {
  it('never exceed the window by more than one message, and are released when all are read', () => {
    const step = fc.record({
      send: fc.integer({ min: 1, max: 20 }),
      bytes: fc.integer({ min: 1, max: 300 }),
      take: fc.nat(30),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const underWay = new ItemsInFlight({ items: 50, bytes: 500 });
        let open = 0;
        let largest = 0;
        for (const { send, bytes, take } of steps) {
          const items = Math.min(send, underWay.room);
          if (items > 0) {
            underWay.add(items, bytes);
            open += items;
            largest = Math.max(largest, bytes);
          }
          expect(underWay.items).toBe(open);
          expect(underWay.items).toBeLessThanOrEqual(50);
          expect(underWay.bytes).toBeLessThan(500 + largest);
          expect(underWay.acknowledge(open + 1)).toBe(false);
          const taken = Math.min(take, open);
          if (taken > 0) expect(underWay.acknowledge(taken)).toBe(true);
          open -= taken;
        }
        if (open > 0) underWay.acknowledge(open);
        expect([underWay.items, underWay.bytes]).toEqual([0, 0]);
      }),
    );
  });

  it('release the bytes that were read, up to an eighth of the window, and none that were not', () => {
    const step = fc.record({
      send: fc.integer({ min: 1, max: 4 }),
      bytes: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 300 }), fc.constant(100)),
      take: fc.nat(6),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const underWay = new ItemsInFlight({ items: 50, bytes: 500 });
        const messages: { left: number; bytes: number }[] = [];
        for (const { send, bytes, take } of steps) {
          expect(underWay.room).toBe(underWay.bytes >= 500 ? 0 : 50 - underWay.items);
          const items = Math.min(send, underWay.room);
          if (items > 0) {
            underWay.add(items, bytes);
            messages.push({ left: items, bytes });
          }
          let taken = Math.min(take, underWay.items);
          underWay.acknowledge(taken);
          for (let [first] = messages; first !== undefined && taken > 0; [first] = messages) {
            const part = Math.min(first.left, taken);
            first.left -= part;
            taken -= part;
            if (first.left === 0) messages.shift();
          }
          expect(underWay.items).toBe(messages.reduce((sum, { left }) => sum + left, 0));
          const least = messages.reduce((sum, message) => sum + message.bytes, 0);
          expect(underWay.bytes).toBeGreaterThanOrEqual(least);
          expect(underWay.bytes).toBeLessThan(least + 500 / 8);
        }
      }),
      { numRuns: 300 },
    );
    const full = new ItemsInFlight({ items: 10, bytes: 500 });
    full.add(1, 499);
    expect(full.room).toBe(9);
    full.add(1, 1);
    expect(full.room).toBe(0);
  });

  it('are recorded together for many small messages, so that slow streams hold little', () => {
    interface Sent {
      readonly next?: Sent;
    }
    const underWay = new ItemsInFlight({ items: 256, bytes: 256 * 1024 });
    for (let n = 0; n < 200; n++) underWay.add(1, 70);
    let notes = 0;
    for (let sent: Sent | undefined = (underWay as unknown as { first: Sent }).first; sent; sent = sent.next) notes++;
    expect(notes).toBeLessThanOrEqual(8);
    // The items that were read released the bytes of all records but one.
    underWay.acknowledge(199);
    expect(underWay.bytes).toBeLessThanOrEqual(32 * 70);
  });
});

describe('the items that have arrived', () => {
  it('are read in order, however they arrived and whenever they are read', () => {
    const step = fc.record({ come: fc.nat(5), take: fc.nat(6) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 1_000 }), (steps) => {
        const arrived = new ArrivedItems({ items: 1e9, bytes: 1e9 });
        let [next, first] = [0, 0];
        for (const { come, take } of steps) {
          arrived.push(
            Array.from({ length: come }, () => next++),
            come,
          );
          for (let n = 0; n < take && arrived.length > 0; n++) expect(arrived.shift()).toBe(first++);
          expect(arrived.length).toBe(next - first);
        }
        while (arrived.length > 0) expect(arrived.shift()).toBe(first++);
        expect(first).toBe(next);
        // The sizes of all frames add up again.
        expect(arrived.consumedBytes).toBe(next);
      }),
    );
  });

  it('keep nothing that was read, however long the stream is and though it is never empty', () => {
    const arrived = new ArrivedItems({ items: 1e9, bytes: 1e9 });
    arrived.push([0], 1);
    for (let n = 1; n < 100_000; n++) {
      arrived.push([n], 1);
      expect(arrived.shift()).toBe(n - 1);
    }
    interface Chunk {
      readonly next?: Chunk;
    }
    const { first, last } = arrived as unknown as { first: Chunk; last: Chunk };
    expect(first).toBe(last);
    expect(first.next).toBeUndefined();
  });
});

describe('the weight of a value', () => {
  it('never exceeds its JSON, and is counted up to a limit', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        expect(weigh(value, Number.POSITIVE_INFINITY)).toBeLessThanOrEqual(Math.max(2, JSON.stringify(value).length));
      }),
    );
    expect(
      weigh(
        Array.from({ length: 1e6 }, () => 'x'.repeat(10)),
        100,
      ),
    ).toBeLessThan(120);
  });

  it('is finite for a value that contains itself', () => {
    const loop: unknown[] = [];
    loop.push(loop, loop);
    expect(weigh(loop, 1_000)).toBeLessThan(10_000);
  });

  it('counts bytes, and the contents of maps and sets', () => {
    expect(weigh(new Uint8Array(1_000), 1e6)).toBeGreaterThanOrEqual(1_000);
    expect(weigh(new Map([['key', 'x'.repeat(100)]]), 1e6)).toBeGreaterThanOrEqual(100);
    expect(weigh(new Set(['x'.repeat(100)]), 1e6)).toBeGreaterThanOrEqual(100);
  });
});

describe('a queue of streams that take turns', () => {
  it('returns them in their order, whichever have left meanwhile', () => {
    const act = fc.oneof(fc.constant('push'), fc.constant('shift'), fc.nat(20));
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        const turns = new RoundRobin<QueueNode<never>>();
        const line: QueueNode<never>[] = [];
        for (const one of acts) {
          if (one === 'push') {
            const next: QueueNode<never> = { previous: undefined, next: undefined };
            turns.push(next);
            line.push(next);
          } else if (one === 'shift') expect(turns.shift()).toBe(line.shift());
          else {
            const [gone] = line.splice(one as number, 1);
            if (gone !== undefined) turns.remove(gone);
          }
          expect(turns.length).toBe(line.length);
        }
        while (line.length > 0) expect(turns.shift()).toBe(line.shift());
        expect(turns.shift()).toBeUndefined();
      }),
    );
  });
});

describe('a window', () => {
  it('is 256 items and 256 KB, or less if the limits are lower', () => {
    expect(windowOf(undefined, defaultLimits)).toEqual({ items: 256, bytes: 262_144 });
    expect(windowOf({ items: 5 }, defaultLimits)).toEqual({ items: 5, bytes: 262_144 });
    expect(windowOf(undefined, { ...defaultLimits, streamItems: 10 })).toEqual({ items: 10, bytes: 262_144 });
  });
});
