import { describe, expect, it } from 'vitest';
import { Code, ProtocolError, UsageError } from '../../src/contract/errors.js';
import { revived, type Tagger, tagged } from '../../src/extensions/values/tagged.js';
import { unknownTag } from '../../src/extensions/values/unknown-tag.js';

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

const points: Tagger = (value) => (value instanceof Point ? ['point', value.x, value.y] : undefined);
const revive = (tag: string, payload: readonly unknown[]): unknown => {
  if (tag === 'point') return new Point(payload[0] as number, payload[1] as number);
  throw unknownTag(tag);
};
const nothing: Tagger = () => undefined;

describe('a tagged value', () => {
  it('is an object with one key', () => {
    expect(tagged(new Point(1, 2), points)).toEqual({ $rpc: ['point', 1, 2] });
    expect(tagged([1, { at: new Point(1, 2) }], points)).toEqual([1, { at: { $rpc: ['point', 1, 2] } }]);
  });

  it('is the value itself if nothing has a tag', () => {
    class Other {
      list = [1, new Date()];
      map = new Map([[1, { a: new Set([2]) }]]);
    }
    const value = [{ a: [1, { b: null }] }, new Other(), 5n, () => {}, Number.NaN, { $rpc: 1 }];
    expect(tagged(value, nothing)).toBe(value);
  });

  it('is copied along the path to the replaced value, and no further', () => {
    const untouched = { a: [1] };
    const value = { untouched, way: { to: [new Point(1, 2)], beside: untouched } };
    const before = structuredClone(value);
    const out = tagged(value, points) as typeof value;
    expect(out).not.toBe(value);
    expect(out.way).not.toBe(value.way);
    expect(out.untouched).toBe(untouched);
    expect(out.way.beside).toBe(untouched);
    expect(structuredClone(value)).toEqual(before);
    expect(value.way.to[0]).toBeInstanceOf(Point);
  });

  it('is found in maps, sets, payloads, and fields of class instances', () => {
    class Holder {
      point = new Point(1, 2);
    }
    const tag = { $rpc: ['point', 1, 2] };
    const one = new Point(1, 2);
    expect(
      tagged(
        new Map<unknown, unknown>([
          [one, 1],
          [2, one],
        ]),
        points,
      ),
    ).toEqual(
      new Map<unknown, unknown>([
        [tag, 1],
        [2, tag],
      ]),
    );
    expect(tagged(new Set([one, 3]), points)).toEqual(new Set([tag, 3]));
    expect(tagged(new Holder(), points)).toEqual({ point: tag });
    const pair: Tagger = (value) => (value instanceof Holder ? ['holder', [value.point]] : points(value));
    expect(tagged(new Holder(), pair)).toEqual({ $rpc: ['holder', [tag]] });
  });

  it('is not searched for in what a toJSON hides', () => {
    const hides = { point: new Point(1, 2), toJSON: () => 'text' };
    const asked: unknown[] = [];
    const value = [hides, new Point(3, 4)];
    const out = tagged(value, (one) => {
      asked.push(one);
      return points(one);
    });
    expect(out).toEqual([hides, { $rpc: ['point', 3, 4] }]);
    expect((out as unknown[])[0]).toBe(hides);
    expect(asked).toEqual([new Point(3, 4)]);
  });

  it('can be a function, a class instance, a BigInt or an odd number: the tagger is called once for each object, and for nothing else', () => {
    const asked: unknown[] = [];
    const call = (): void => {};
    const point = new Point(1, 2);
    tagged([1, 'a', true, null, undefined, {}, [], call, point, 5n, Number.NaN, -0, { point, call }], (value) => {
      asked.push(value);
      return undefined;
    });
    expect(asked).toEqual([call, point, 5n, Number.NaN, -0]);
  });

  it('stays one object if it occurs twice', () => {
    const point = new Point(1, 2);
    const holder = { point };
    const [a, b, c] = tagged([holder, holder, point], points) as { point: unknown }[];
    expect(a).toBe(b);
    expect(a?.point).toBe(c);
  });

  it('escapes the key in plain data, only if something has a tag', () => {
    const look = { $rpc: ['point', 1, 2], more: 1 };
    expect(tagged([look], points)).toEqual([look]);
    expect(tagged([look, new Point(3, 4)], points)).toEqual([{ $rpc: ['obj', look] }, { $rpc: ['point', 3, 4] }]);
    expect(tagged({ $rpc: new Point(3, 4) }, points)).toEqual({ $rpc: ['obj', { $rpc: { $rpc: ['point', 3, 4] } }] });
  });

  it('throws what the tagger throws', () => {
    const refusal = new UsageError('no');
    expect(() =>
      tagged([new Point(1, 2)], () => {
        throw refusal;
      }),
    ).toThrow(refusal);
  });

  it('does not set a prototype by a key', () => {
    const value = JSON.parse('{"__proto__":{"a":1}}') as { [key: string]: unknown };
    Object.defineProperty(value, '__proto__', { value: new Point(1, 2), enumerable: true });
    const out = tagged(value, points) as object;
    expect(Object.getPrototypeOf(out)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(out, '__proto__')?.value).toEqual({ $rpc: ['point', 1, 2] });
  });

  describe('that contains itself', () => {
    const cycle: Record<string, unknown> = { list: [] };
    (cycle.list as unknown[]).push(cycle, cycle, { cycle });
    let deep: unknown = new Date();
    for (let level = 0; level < 50_000; level++) deep = [deep, deep];

    it('is left to the codec', () => {
      expect(tagged(cycle, points)).toBe(cycle);
      expect(tagged(deep, points)).toBe(deep);
    });
    it('cannot contain a tagged value', () => {
      expect(() => tagged([cycle, new Point(1, 2)], points)).toThrow(UsageError);
      expect(() => tagged([cycle, new Point(1, 2)], points)).toThrow(/contain themselves/);
      expect(() => tagged([new Point(1, 2), deep], points)).toThrow(/nested deeper than 1000/);
      const endless: Tagger = (value) => (value instanceof Point ? ['next', new Point(1, 2)] : undefined);
      expect(() => tagged(new Point(1, 2), endless)).toThrow(UsageError);
    });
  });
});

describe('a revived value', () => {
  const parsed = (text: string): unknown => revived(JSON.parse(text), revive);

  it('is made from its payload, the inner ones first', () => {
    expect(parsed('[1,{"at":{"$rpc":["point",1,2]}}]')).toEqual([1, { at: new Point(1, 2) }]);
    const order: string[] = [];
    revived({ $rpc: ['a', { $rpc: ['b'] }, [{ $rpc: ['c'] }]] }, (tag, payload) => {
      order.push(`${tag} ${JSON.stringify(payload)}`);
      return tag.toUpperCase();
    });
    expect(order).toEqual(['b []', 'c []', 'a ["B",["C"]]']);
  });

  it('can be within maps and sets', () => {
    const tag = (): unknown => ({ $rpc: ['point', 1, 2] });
    const point = new Point(1, 2);
    const map = new Map<unknown, unknown>([
      [1, tag()],
      [tag(), 2],
    ]);
    expect(revived(map, revive)).toEqual(
      new Map<unknown, unknown>([
        [1, point],
        [point, 2],
      ]),
    );
    expect(revived(new Set([tag(), 1]), revive)).toEqual(new Set([point, 1]));
  });

  it('keeps bytes unchanged', () => {
    const bytes = new Uint8Array(1_000_000);
    const value = { bytes, list: [bytes] };
    expect(revived(value, revive)).toBe(value);
    expect(value.bytes).toBe(bytes);
    expect(value.list[0]).toBe(bytes);
  });

  it('is unescaped once', () => {
    expect(parsed('{"$rpc":["obj",{"$rpc":["point",1,2]}]}')).toEqual({ $rpc: ['point', 1, 2] });
    expect(parsed('{"$rpc":["obj",{"$rpc":{"$rpc":["point",1,2]}}]}')).toEqual({ $rpc: new Point(1, 2) });
  });

  it.each([
    '{"$rpc":5}',
    '{"$rpc":null}',
    '{"$rpc":{}}',
    '{"$rpc":[]}',
    '{"$rpc":[1]}',
    '{"$rpc":[["point",1,2]]}',
    '{"$rpc":["point",1,2],"more":1}',
    '{"$rpc":["obj"]}',
    '{"$rpc":["obj",1]}',
    '{"$rpc":["obj",null]}',
    '{"$rpc":["obj",[]]}',
    '{"$rpc":["obj",{},{}]}',
    '[{"a":{"$rpc":"point"}}]',
  ])('is refused: %s', (text) => {
    expect(() => parsed(text)).toThrow(ProtocolError);
    expect(() => parsed(text)).toThrow(/\$rpc/);
  });

  it('is refused with the name of an unknown tag, and what to do', () => {
    for (const tag of ['money', '__proto__', 'constructor', 'toString']) {
      const text = `{"$rpc":[${JSON.stringify(tag)}]}`;
      expect(() => parsed(text)).toThrow(ProtocolError);
      expect(() => parsed(text)).toThrow(`the type "${tag}"`);
      expect(() => parsed(text)).toThrow(/register it with the option "types"/);
    }
    expect(unknownTag('x'.repeat(1_000_000)).message.length).toBeLessThan(300);
  });

  it('is limited in depth', () => {
    const lists = `${'['.repeat(1_001)}${']'.repeat(1_001)}`;
    const tags = `${'{"$rpc":["point",'.repeat(1_001)}1${']}'.repeat(1_001)}`;
    for (const text of [lists, tags])
      expect(() => parsed(text)).toThrow(expect.objectContaining({ code: Code.TooLarge }));
  });

  it('reaches no prototype', () => {
    const text =
      '{"__proto__":{"polluted":1},"a":{"__proto__":{"$rpc":["point",1,2]}},"constructor":{"prototype":{"b":1}}}';
    const value = parsed(text) as { a: object };
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['a', 'constructor']);
    expect(Object.keys(value.a)).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(parsed('{"$rpc":["obj",{"__proto__":1,"$rpc":2}]}')).toEqual({ $rpc: 2 });
  });

  it('may contain itself, and is made once if it occurs twice', () => {
    const tag = { $rpc: ['point', 1, 2] };
    const cycle: Record<string, unknown> = { tag };
    cycle.self = [cycle, tag];
    cycle.me = cycle;
    const out = revived(cycle, revive) as { tag: unknown; self: unknown[]; me: unknown };
    expect(out.me).toBe(out);
    expect(out.self[0]).toBe(out);
    expect(out.self[1]).toBe(out.tag);
    expect(out.tag).toEqual(new Point(1, 2));

    const within: unknown[] = ['point'];
    within.push({ $rpc: within });
    expect(() => revived(within[1], revive)).toThrow(/contains itself/);

    let doubled: unknown = 1;
    for (let level = 0; level < 100; level++)
      doubled = level % 2 === 0 ? [doubled, doubled] : { a: doubled, b: doubled };
    expect(revived(doubled, revive)).toBe(doubled);
  });
});
