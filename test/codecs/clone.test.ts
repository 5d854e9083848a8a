import { once } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import clone, { transfer } from '../../codecs/clone.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Frame, Message, Outbound, Parcel } from '../../src/contract/contract.js';
import { Code, ProtocolError, UsageError } from '../../src/contract/errors.js';
import { testCodec } from '../../src/testing/codec.js';

const codec = clone(parseAddress('clone'));

testCodec(
  { describe, it },
  {
    name: 'clone',
    make: () => clone(parseAddress('clone')),
    values: [
      ...[undefined, -0, Number.NaN, Number.POSITIVE_INFINITY, 5n, new Date(5), /a+/gi],
      ...[new Map<unknown, unknown>([[{ a: 1 }, new Set([1])]]), new Set([new Date(0)]), new Error('ill')],
      ...[Uint8Array.of(1, 2, 3), Float64Array.of(0.5), new ArrayBuffer(3), { inside: [{ a: undefined }] }],
    ],
    unencodable: { inside: [() => {}] },
  },
);

/** Through a real port, and decoded again. */
async function through(...parcels: readonly Parcel[]): Promise<Message[]> {
  const { port1, port2 } = new MessageChannel();
  const parcel = parcels.length === 1 ? (parcels[0] as Parcel) : (codec.join?.(parcels) as Parcel);
  port1.postMessage(parcel.values, parcel.transfer as never[]);
  const [values] = await once(port2, 'message');
  port1.close();
  const given: Message[] = [];
  codec.decode({ values, transfer: [], length: parcel.length }, (message) => given.push(message), true);
  return given;
}

const encode = (message: Outbound): Parcel => codec.encode(message) as Parcel;
const reply = (value: unknown): Parcel => encode({ kind: 'reply', id: 5, value });
const call = (...args: unknown[]): Parcel =>
  encode({ kind: 'call', id: 1, method: 'm', args, named: false, batch: undefined });

async function back<T>(value: T): Promise<T> {
  const [message] = await through(reply(value));
  return (message as { value: T }).value;
}

function decode(values: readonly unknown[]): Message[] {
  const given: Message[] = [];
  codec.decode({ values, transfer: [], length: 0 }, (message) => given.push(message), false);
  return given;
}

describe('a cloned value', () => {
  it('is copied at the call', async () => {
    const key = { key: 1 };
    const inner = new Map<unknown, unknown>([
      ['list', [1, { two: 2 }]],
      [key, 1],
    ]);
    const value = {
      text: 'a',
      inner,
      when: new Date(1),
      bytes: Uint8Array.of(1),
      set: new Set([{ a: 1 }]),
      error: Error('a'),
    };
    for (const sent of [{ ...value, error: undefined }, value]) {
      const parcel = call(sent, [sent]);
      const before = structuredClone([sent, [sent]]);
      value.text = 'b';
      inner.set('more', 1);
      key.key++;
      (inner.get('list') as unknown[]).push(3);
      value.when.setTime(2);
      value.bytes[0] = 2;
      for (const one of value.set) one.a = 2;
      const [message] = await through(parcel);
      expect((message as { args: unknown }).args).toEqual(before);
      Object.assign(value, { text: 'a' });
    }
  });

  it('keeps cycles and shared objects within a message', async () => {
    const shared = { name: 'shared' };
    const cycle: Record<string, unknown> = { shared, list: [shared], map: new Map([[shared, new Set([shared])]]) };
    cycle.self = cycle;
    // Few objects, many objects, and values that are not plain data.
    for (const more of [[], Array.from({ length: 100 }, () => ({ shared })), [/a/, { shared }]]) {
      const [message] = await through(call(cycle, shared, more));
      const [one, two, three] = (message as unknown as { args: [typeof cycle, typeof shared, { shared: unknown }[]] })
        .args;
      expect(one.self).toBe(one);
      expect(one.shared).toBe(two);
      expect((one.list as unknown[])[0]).toBe(two);
      const [[key, set] = []] = one.map as Map<unknown, Set<unknown>>;
      expect(key).toBe(two);
      expect([...(set as Set<unknown>)][0]).toBe(two);
      if (more.length > 0) expect(three.at(-1)?.shared).toBe(two);
    }
  });

  it('is what structured clone makes of it', async () => {
    class Point {
      #hidden = 1;
      x = 2;
      get y(): number {
        return this.#hidden;
      }
    }
    const bare = Object.assign(Object.create(null), { a: 1 });
    // biome-ignore lint/suspicious/noSparseArray: the test is about holes
    const holes = [1, , undefined, null];
    const big = { big: 2n ** 70n, boxed: Object(1), symbols: { [Symbol('s')]: 1, a: 1 } };
    for (const value of [
      new Point(),
      bare,
      holes,
      big,
      [new Point(), holes],
      {
        get twice() {
          return [1];
        },
      },
    ]) {
      expect(await back(value)).toStrictEqual(structuredClone(value));
    }
  });

  it('of bytes has the bytes of the view, not the whole buffer', async () => {
    const pool = new Uint8Array(10_000).fill(7);
    const view = pool.subarray(10, 13);
    for (const value of [view, Buffer.from(pool.buffer, 10, 3)]) {
      const given = await back([value, value, new Float32Array(pool.buffer, 100, 2)]);
      expect(given[0]).toEqual(Uint8Array.of(7, 7, 7));
      expect(Object.getPrototypeOf(given[0])).toBe(Uint8Array.prototype);
      expect(given[0]?.buffer.byteLength).toBe(3);
      expect(given[1]).toBe(given[0]);
      expect(given[2]?.buffer.byteLength).toBe(8);
    }
    const shared = new Int32Array(new SharedArrayBuffer(8));
    const given = await back(shared);
    given[0] = 5;
    expect(shared[0]).toBe(5);
  });

  it('cannot be a function or a symbol, and a refusal affects no other call', async () => {
    for (const value of [() => {}, Symbol('s'), [{ a: () => {} }], new Map([[1, Symbol('s')]]), new WeakMap()]) {
      expect(() => reply(value)).toThrow(/could not be cloned/);
      expect(() => call('before', value)).toThrow(/could not be cloned/);
    }
    expect(await back(['still', { well: 1 }])).toEqual(['still', { well: 1 }]);
  });
});

describe('a transferred value', () => {
  it('is detached at the call, and arrives complete', async () => {
    const bytes = new Uint8Array(1000).fill(3);
    const parcel = call({ before: [1], frame: transfer({ bytes }, [bytes.buffer]), same: bytes });
    expect(bytes.byteLength).toBe(0);
    expect(parcel.transfer).toHaveLength(1);
    const [message] = await through(parcel);
    const [given] = (message as unknown as { args: [{ frame: { bytes: Uint8Array }; same: Uint8Array }] }).args;
    expect(given.frame.bytes).toEqual(new Uint8Array(1000).fill(3));
    expect(given.same).toBe(given.frame.bytes);
    // It was also removed from the parcel when that was posted.
    expect((parcel.transfer[0] as ArrayBuffer).byteLength).toBe(0);
  });

  it('may be bytes, a port, or the result', async () => {
    const bytes = Uint8Array.of(1, 2);
    expect(await back(transfer(bytes, [bytes.buffer]))).toEqual(Uint8Array.of(1, 2));
    expect(bytes.byteLength).toBe(0);

    const { port1, port2 } = new MessageChannel();
    const given = await back(new Map([['port', transfer(port1, [port1])]]));
    (given.get('port') as MessagePort).postMessage('through');
    expect(await once(port2, 'message')).toEqual(['through']);
    port2.close();
  });

  it('is transferred with each message of a turn', async () => {
    const buffers = [new ArrayBuffer(1), new ArrayBuffer(2)];
    const parcels = [...buffers.map((buffer) => reply(transfer([buffer], [buffer]))), reply('last')];
    const messages = await through(...parcels);
    // Transferred out of the parcels: a copy would have left them in place.
    expect(parcels.flatMap(({ transfer }) => transfer).map((one) => (one as ArrayBuffer).byteLength)).toEqual([0, 0]);
    expect(messages).toEqual([
      { kind: 'reply', id: 5, value: [new ArrayBuffer(1)] },
      { kind: 'reply', id: 5, value: [new ArrayBuffer(2)] },
      { kind: 'reply', id: 5, value: 'last' },
    ]);
  });

  it('cannot be transferred twice', () => {
    const value = { buffer: new ArrayBuffer(1) };
    transfer(value, [value.buffer]);
    reply(value);
    expect(() => reply(value)).toThrow('was already moved');
    expect(() => transfer('text' as unknown as object, [])).toThrow(UsageError);
  });
});

describe('the size of a parcel', () => {
  it('is about the number of bytes in it', () => {
    for (const value of [
      'x'.repeat(100_000),
      { a: ['x'.repeat(100_000)] },
      new Uint8Array(100_000),
      { a: /a/, b: new Uint8Array(100_000) },
      [new ArrayBuffer(100_000)],
      new Map<unknown, unknown>([
        ['x'.repeat(50_000), /a/],
        [1, 'x'.repeat(50_000)],
      ]),
      Array.from({ length: 12_500 }, (_, at) => at),
      [/a/, Array.from({ length: 12_500 }, (_, at) => at)],
      transfer([new Uint8Array(100_000)], []),
    ]) {
      const { length } = reply(value);
      expect(length).toBeGreaterThanOrEqual(100_000);
      expect(length).toBeLessThan(120_000);
    }
    expect(reply(Uint8Array.from(Buffer.from('a'))).length).toBeLessThan(100);
    const cycle: Record<string, unknown> = { pattern: /a/ };
    cycle.self = [cycle, cycle];
    expect(reply(cycle).length).toBeLessThan(200);
  });
});

describe('an invalid value from a peer', () => {
  it('is a bad message in its place', () => {
    for (const [values, id] of [
      [[0, 1, 2, {}], 1],
      [[0, 1, 'm', 'text'], 1],
      [[0, {}, 'm', {}], null],
      [[1, undefined, undefined, 0], null],
      [[1, true, 'm', 1, 1], null],
      [[2, undefined, 1], null],
      [[3, Number.NaN, 1, 'm', undefined], null],
    ] as const) {
      const error = { code: Code.InvalidRequest };
      expect(decode([2, 7, 'a', ...values, 2, 8, 'b'])).toMatchObject([
        { id: 7 },
        { kind: 'bad', id, error },
        { id: 8 },
      ]);
    }
  });

  it('does not affect the messages before it', () => {
    for (const values of [
      [4],
      ['text'],
      [[0, 1, 'm', {}]],
      [0, 1, 'm'],
      [1, 1, 'm', 2, 'one'],
      [1, 1, 'm', -1],
      [1, 1, 'm', 0.5],
      [1, 1, 'm', Number.NaN],
      [1, 1, 'm', Number.POSITIVE_INFINITY],
      [1, 1, 'm', '0'],
      [2, 1],
    ]) {
      const given: Message[] = [];
      const frame: Frame = { values: [2, 7, 'a', ...values], transfer: [], length: 0 };
      expect(() => codec.decode(frame, (message) => given.push(message), false)).toThrow(ProtocolError);
      expect(given).toEqual([{ kind: 'reply', id: 7, value: 'a' }]);
    }
    expect(() => codec.decode({ values: {}, length: 0 } as unknown as Frame, () => {}, false)).toThrow(ProtocolError);
  });

  it('sets no prototype', () => {
    const poison: Record<string, unknown> = JSON.parse('{"__proto__":{"polluted":1},"a":1}');
    const cycle: Record<string, unknown> = JSON.parse('{"__proto__":{"polluted":1}}');
    cycle.self = cycle;
    const many = Array.from({ length: 200 }, () => structuredClone(poison));
    for (const make of [
      () => structuredClone(poison),
      () => [structuredClone(poison)],
      () => new Map([[structuredClone(poison), new Set([structuredClone(poison)])]]),
      () => new Error('a', { cause: structuredClone(poison) }),
      () => structuredClone(cycle),
      () => structuredClone(many),
    ]) {
      for (const values of [
        [0, 1, 'm', make()],
        [1, 1, 'm', 1, make()],
        [2, 1, make()],
        [3, 1, 1, '', make()],
      ]) {
        const [message] = decode(values);
        expect(protos(message)).toBe(0);
        expect(message?.kind).not.toBe('bad');
      }
    }
  });

  it('is an error if its code or message is invalid', () => {
    expect(decode([3, 1, 'x', { toString: 1 }, undefined])).toEqual([
      { kind: 'fault', id: 1, error: { code: Code.Application, message: 'the call failed' } },
    ]);
  });
});

/** How many objects in a value have an own key `__proto__`. */
function protos(value: unknown, seen = new Set<unknown>()): number {
  if (typeof value !== 'object' || value === null || seen.has(value)) return 0;
  seen.add(value);
  const inner = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
  if (value instanceof Error) inner.push(value.cause);
  return inner.reduce<number>((sum, one) => sum + protos(one, seen), Object.hasOwn(value, '__proto__') ? 1 : 0);
}

describe('clone as a codec', () => {
  it('says hello by default, answers what it cannot read, and has no framing', () => {
    expect(codec).toMatchObject({ name: 'clone', form: 'values', hello: true, answersUnreadable: true });
    expect(codec.framing).toBeUndefined();
    expect(clone(parseAddress('clone?hello=off')).hello).toBe(false);
    expect(() => clone(parseAddress('clone?framing=lines'))).toThrow(UsageError);
  });
});
