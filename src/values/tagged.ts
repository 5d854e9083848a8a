import { Code, ProtocolError, UsageError } from '../errors.js';
import { DEPTH, isOdd } from './special.js';

export { isSpecial, NOTHING_MORE, type Wants } from './special.js';

/** The only key of an object in the tagged form: `{"$rpc": [tag, …payload]}`. */
export const TAG = '$rpc';

/** The tag of plain data that has the key itself: `{"$rpc": ["obj", {"$rpc": …}]}`. */
export const ESCAPE = 'obj';

/** What stands in the place of a value: the name of what it is, and what it is made of, which may hold further such values. */
export type Tag = readonly [tag: string, ...payload: unknown[]];

/**
 * Says what stands in the place of a value. It is asked for functions, objects of a class, BigInts, and for NaN, the infinities
 * and -0; once for each object. Undefined leaves the value to the codec. What it throws goes to whoever has called `tagged`.
 */
export type Tagger = (value: object | bigint | number) => Tag | undefined;

type Fields = Record<string, unknown>;

/**
 * The values with everything that the tagger names in the tagged form. Gives the values themselves if there is nothing of the
 * kind; otherwise it copies what holds it, and nothing else, and puts plain data with the key `$rpc` into the tagged form too.
 * It looks into plain objects, lists, maps and sets, and into the fields of objects of a class without a tag, unless they have
 * a `toJSON`. An object that occurs twice is one in what it gives.
 *
 * Throws a UsageError if there is something to tag in what is nested deeper than 1,000 or holds itself; without it such values
 * are left to the codec.
 */
export function tagged(values: unknown, tagger: Tagger): unknown {
  const tagging = new Tagging(tagger);
  const instead = tagging.value(values, DEPTH);
  if (tagging.tags === 0) return values;
  if (tagging.trouble !== undefined) throw new UsageError(`what needs a tag cannot stand in values ${tagging.trouble}`);
  return instead;
}

/** Stands for the objects that are being looked into. */
const OPEN = Symbol('open');

class Tagging {
  /** How many values were given a tag; those that are only escaped do not count. */
  tags = 0;
  trouble: string | undefined;
  /** What stands in the place of each object. */
  private readonly done = new Map<object, unknown>();

  constructor(private readonly tagger: Tagger) {}

  value(value: unknown, levels: number): unknown {
    switch (typeof value) {
      case 'object':
        return value === null ? null : this.once(value, levels);
      case 'function':
        return this.once(value, levels);
      case 'bigint':
        return this.asked(value, levels) ?? value;
      case 'number':
        return isOdd(value) ? (this.asked(value, levels) ?? value) : value;
      default:
        return value;
    }
  }

  private once(value: object, levels: number): unknown {
    if (levels === 0) {
      this.trouble = `that are nested deeper than ${DEPTH}`;
      return value;
    }
    const known = this.done.get(value);
    if (known === OPEN) {
      this.trouble = 'that hold themselves';
      return value;
    }
    if (known !== undefined) return known;
    this.done.set(value, OPEN);
    const instead = this.object(value, levels - 1);
    this.done.set(value, instead);
    return instead;
  }

  private object(value: object, levels: number): unknown {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.fields(value as Fields, levels);
    if (Array.isArray(value)) return this.list(value, levels);
    return this.asked(value, levels) ?? this.untagged(value, levels);
  }

  private asked(value: object | bigint | number, levels: number): object | undefined {
    const tag = this.tagger(value);
    if (tag === undefined) return undefined;
    this.tags++;
    return { [TAG]: this.list(tag, levels) };
  }

  /** What the codec is to carry as it can: something may be inside of it. */
  private untagged(value: object, levels: number): unknown {
    if (ArrayBuffer.isView(value) || typeof value === 'function') return value;
    if (value instanceof Map) return this.map(value, levels);
    if (value instanceof Set) return this.set(value, levels);
    // To a codec that carries it, a built-in is no object with fields.
    if (Object.prototype.toString.call(value) !== '[object Object]') return value;
    return this.fields(value as Fields, levels);
  }

  private list(list: readonly unknown[], levels: number): readonly unknown[] {
    let copy: unknown[] | undefined;
    for (let at = 0; at < list.length; at++) {
      const value = list[at];
      if (typeof value === 'string' || (typeof value === 'number' && !isOdd(value))) continue;
      const instead = this.value(value, levels);
      if (Object.is(instead, value)) continue;
      copy ??= list.slice();
      copy[at] = instead;
    }
    return copy ?? list;
  }

  private fields(object: Fields, levels: number): object {
    // It travels as what that gives.
    if (typeof object.toJSON === 'function') return object;
    let copy: Fields | undefined;
    for (const key of Object.keys(object)) {
      const value = object[key];
      if (typeof value === 'string' || (typeof value === 'number' && !isOdd(value))) continue;
      const instead = this.value(value, levels);
      if (Object.is(instead, value)) continue;
      copy ??= { ...object };
      // The copy has the key already, so that not even `__proto__` reaches a setter.
      copy[key] = instead;
    }
    const result = copy ?? object;
    return Object.hasOwn(result, TAG) ? { [TAG]: [ESCAPE, result] } : result;
  }

  private map(map: ReadonlyMap<unknown, unknown>, levels: number): ReadonlyMap<unknown, unknown> {
    const entries = [...map].flat(1);
    const instead = this.list(entries, levels);
    if (instead === entries) return map;
    return new Map(Array.from({ length: map.size }, (_, at) => [instead[2 * at], instead[2 * at + 1]]));
  }

  private set(set: ReadonlySet<unknown>, levels: number): ReadonlySet<unknown> {
    const items = [...set];
    const instead = this.list(items, levels);
    return instead === items ? set : new Set(instead);
  }
}

/** Makes a value of what has arrived for it. Throws for a tag that it does not know: see {@link unknownTag}. */
export type Reviver = (tag: string, payload: readonly unknown[]) => unknown;

/**
 * The reverse of `tagged`, for a message that was announced as tagged: calls `revive` for each value in the tagged form, those
 * inside of others first, and gives the values with what that gives in their places. The values must belong to the caller:
 * they are changed. Looks into plain objects, lists, maps and sets. Nothing is called by a name that has come, and an own
 * property `__proto__` is dropped.
 *
 * Throws a ProtocolError for an object with the key `$rpc` that is not in the tagged form, for what is nested deeper than
 * 1,000, and what `revive` throws.
 */
export function revived(value: unknown, revive: Reviver): unknown {
  return new Reviving(revive).value(value, DEPTH);
}

class Reviving {
  /** What each object has become: one that occurs twice is made once, and one that holds itself ends. */
  private readonly done = new Map<object, unknown>();

  constructor(private readonly revive: Reviver) {}

  value(value: unknown, levels: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (levels === 0) throw new ProtocolError(`the values are nested deeper than ${DEPTH} levels`, Code.TooLarge);
    const known = this.done.get(value);
    if (known === OPEN) throw malformed('holds itself');
    if (known !== undefined) return known;
    if (Array.isArray(value)) this.list(value, levels - 1);
    else if (isPlain(value)) {
      if (Object.hasOwn(value, TAG)) return this.tag(value as Fields, levels - 1);
      this.fields(value as Fields, levels - 1);
    } else if (value instanceof Map) this.map(value, levels - 1);
    else if (value instanceof Set) this.set(value, levels - 1);
    return value;
  }

  private tag(value: Fields, levels: number): unknown {
    const payload = value[TAG];
    if (Object.keys(value).length !== 1) throw malformed('has other keys besides');
    if (!Array.isArray(payload)) throw malformed('holds no list');
    const [tag] = payload as unknown[];
    if (typeof tag !== 'string') throw malformed('holds a list that does not begin with a text');
    this.done.set(value, OPEN);
    const result = tag === ESCAPE ? this.escaped(payload, levels) : this.made(tag, payload, levels);
    this.done.set(value, result);
    return result;
  }

  private made(tag: string, payload: unknown[], levels: number): unknown {
    this.list(payload, levels);
    return this.revive(tag, payload.slice(1));
  }

  /** Its own key is a field like any other. */
  private escaped(payload: readonly unknown[], levels: number): object {
    const [, inner] = payload;
    if (payload.length !== 2 || typeof inner !== 'object' || inner === null || !isPlain(inner)) {
      throw malformed(`holds "${ESCAPE}" without an object`);
    }
    this.fields(inner as Fields, levels - 1);
    return inner;
  }

  private list(list: unknown[], levels: number): void {
    this.done.set(list, list);
    for (let at = 0; at < list.length; at++) {
      const item = list[at];
      if (typeof item === 'object' && item !== null) list[at] = this.value(item, levels);
    }
  }

  private fields(object: Fields, levels: number): void {
    this.done.set(object, object);
    for (const key of Object.keys(object)) {
      const item = object[key];
      if (key === '__proto__') Reflect.deleteProperty(object, key);
      else if (typeof item === 'object' && item !== null) object[key] = this.value(item, levels);
    }
  }

  private map(map: Map<unknown, unknown>, levels: number): void {
    this.done.set(map, map);
    const entries = [...map];
    map.clear();
    for (const [key, value] of entries) map.set(this.value(key, levels), this.value(value, levels));
  }

  private set(set: Set<unknown>, levels: number): void {
    this.done.set(set, set);
    const items = [...set];
    set.clear();
    for (const item of items) set.add(this.value(item, levels));
  }
}

/** Also of another realm, as in the sandboxes of test runners. */
function isPlain(value: object): boolean {
  return (
    Object.getPrototypeOf(value) === Object.prototype || Object.prototype.toString.call(value) === '[object Object]'
  );
}

function malformed(what: string): ProtocolError {
  const form = `{"${TAG}": [tag, …]}`;
  return new ProtocolError(`expected ${form}, and an object with the key "${TAG}" ${what}`, Code.InvalidParams);
}
