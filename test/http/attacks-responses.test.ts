import { afterEach, describe, expect, it, vi } from 'vitest';
import { HttpCall } from '../../transports/http/call.js';
import { EventReader } from '../../transports/http/event-reader.js';
import { appended } from '../../transports/shared/joined-bytes.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const eventsOf = (text: string, size: number): string[] => {
  const events: string[] = [];
  const reader = new EventReader(1_000_000, (data) => events.push(data));
  const all = bytes(text);
  for (let at = 0; at < all.length; at += size) reader.push(all.slice(at, at + size));
  return events;
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a hostile server', () => {
  it('a body in pieces of one byte: none of the pieces is held', () => {
    let body = '';
    const parts = {
      reads: () => true,
      frames: (all: Uint8Array) => {
        body = new TextDecoder().decode(all);
        return [];
      },
    };
    const receiver = { outcome() {} };
    const call = new HttpCall(
      1,
      'POST',
      0,
      { parts, receiver, frameBytes: 1_000, responded() {}, answered() {}, over() {} } as never,
      'add',
    );
    call.head(200, 'OK', { 'content-type': 'application/json' });
    const pieces = Array.from('{"jsonrpc":"2.0"}', bytes);
    for (const piece of pieces) call.chunk(piece);
    for (const piece of pieces) piece.fill(0);
    call.end();
    expect(body).toBe('{"jsonrpc":"2.0"}');
  });
  it('pieces of one byte: few buffers are made for many of them', () => {
    const made = new Set<Uint8Array>();
    let kept: Uint8Array = bytes('x');
    for (let size = 1; size < 100_000; size++) {
      kept = appended(kept, size, bytes('x'), 100_000);
      made.add(kept);
    }
    expect(kept.length).toBe(100_000);
    expect(made.size).toBeLessThan(20);
  });
  it('an event in pieces of one byte: each byte is looked at a fixed number of times', () => {
    let looked = 0;
    const { indexOf } = String.prototype;
    const typed = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
    const { lastIndexOf, set } = typed;
    vi.spyOn(String.prototype, 'indexOf').mockImplementation(function (this: string, what, from = 0) {
      looked += this.length - from;
      return indexOf.call(this, what, from);
    });
    vi.spyOn(typed, 'lastIndexOf').mockImplementation(function (this: Uint8Array, what) {
      looked += this.length;
      return lastIndexOf.call(this, what);
    });
    vi.spyOn(typed, 'set').mockImplementation(function (this: Uint8Array, from, at) {
      looked += from.length;
      set.call(this, from, at);
    });
    const workFor = (length: number): number => {
      looked = 0;
      expect(eventsOf(`data: ${'x'.repeat(length)}\n\n`, 1)).toHaveLength(1);
      return looked;
    };
    const once = workFor(2_000);
    expect(once).toBeGreaterThan(2_000);
    expect(workFor(8_000)).toBeLessThan(6 * once);
  });
  it('an event of many lines arrives whole, however it is cut', () => {
    const many = Array.from({ length: 200 }, (_, n) => `ä${n}`);
    const text = `\uFEFFdata:1\r\rdata: é\r\ndata:\r\n\r\n: no\n\ndata\n\n${many.map((one) => `data: ${one}\n`).join('')}\ndata: cut`;
    for (const size of [1, 2, 3, 7, 10_000]) expect(eventsOf(text, size)).toEqual(['1', 'é\n', many.join('\n')]);
  });
  it('an event without an end is refused at the limit', () => {
    const reader = new EventReader(100, () => {});
    expect(() => {
      for (let n = 0; n < 200; n++) reader.push(bytes('x'));
    }).toThrow('more than 100 characters');
  });
});
