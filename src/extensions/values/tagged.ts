import { isMap, isSet } from '../../base/kinds.js';
import { ignoreRejection, isThenable } from '../../base/promise-like.js';
import { pathTo } from '../../base/value-paths.js';
import { UsageError } from '../../contract/errors.js';
import { mustFitWritten } from '../../session/sending/written-size.js';
import { DEPTH, isOdd } from './special.js';
import { ESCAPE, OPEN, TAG } from './tag.js';

export { type Reviver, revived } from './revived.js';
export { isSpecial, NO_TYPES, type TaggedKinds } from './special.js';
export { ESCAPE, TAG } from './tag.js';

/** The tagged form of a value: the name of its type, and its payload, which may contain further such values. */
export type Tag = readonly [tag: string, ...payload: unknown[]];

/**
 * Returns the tagged form of a value, or undefined to leave the value to the codec. Called for functions, objects of a class, BigInts,
 * NaN, the infinities and -0; once for each object. `tagged` throws what it throws.
 */
export type Tagger = (value: object | bigint | number) => Tag | undefined;

type Fields = Record<string, unknown>;

/**
 * The values, with everything that the tagger tags in the tagged form. Returns the values themselves if there is nothing to tag;
 * otherwise copies only the objects that contain tagged values, and escapes plain data with the key `$rpc`. Looks into plain objects,
 * lists, maps and sets, and into the fields of objects of a class without a tag, unless they have a `toJSON`. An object that occurs
 * twice is one object in the result.
 *
 * `most` is how many bytes the values may have with a codec that writes an object as often as it occurs. Each object is visited once.
 *
 * Throws a UsageError if there is something to tag in values that are nested deeper than 1,000 or contain themselves; otherwise such
 * values are left to the codec. Also for a promise, and for an object whose method `then` would make it a promise where it arrives;
 * and a ProtocolError, too large, for more than `most` bytes.
 */
export function tagged(values: unknown, tagger: Tagger, most: number = Number.POSITIVE_INFINITY): unknown {
  const tagging = new ValueTagger(tagger);
  const instead = tagging.value(values, DEPTH);
  if (tagging.refused !== undefined) throw refusal(values, tagging.refused);
  if (tagging.shares && most !== Number.POSITIVE_INFINITY) mustFitWritten(instead, most);
  if (tagging.tags === 0) return values;
  if (tagging.problem !== undefined)
    throw new UsageError(`values ${tagging.problem} cannot contain value types or references`);
  return instead;
}

/** The error for a promise, or an object that would be taken for one. */
function refusal(values: unknown, { object, isPromise }: Refused): UsageError {
  const path = pathTo(values, object);
  const at = path === undefined || path === '' ? '' : ` at ${path}`;
  return new UsageError(
    isPromise
      ? `the value${at} is a promise, which cannot be sent: await it first`
      : `the object${at} has a method "then", which would make it a promise where it arrives: rename the method`,
  );
}

interface Refused {
  readonly object: object;
  readonly isPromise: boolean;
}

class ValueTagger {
  /** How many values were tagged; those that are only escaped do not count. */
  tags = 0;
  problem: string | undefined;
  /** The first object that cannot be sent. */
  refused: Refused | undefined;
  /** Whether an object occurs twice. */
  shares = false;
  /** The result for each object. */
  private readonly done = new Map<object, unknown>();

  constructor(private readonly tagger: Tagger) {}

  value(value: unknown, levels: number): unknown {
    switch (typeof value) {
      case 'object':
        return value === null ? null : this.once(value, levels);
      case 'function':
        return this.once(value, levels);
      case 'bigint':
        return this.tagOf(value, levels) ?? value;
      case 'number':
        return isOdd(value) ? (this.tagOf(value, levels) ?? value) : value;
      default:
        return value;
    }
  }

  private once(value: object, levels: number): unknown {
    if (levels === 0) {
      this.problem = `that are nested deeper than ${DEPTH}`;
      return value;
    }
    const known = this.done.get(value);
    if (known === OPEN) {
      this.problem = 'that contain themselves';
      return value;
    }
    if (known !== undefined) {
      this.shares = true;
      return known;
    }
    this.done.set(value, OPEN);
    const instead = this.object(value, levels - 1);
    this.done.set(value, instead);
    return instead;
  }

  private object(value: object, levels: number): unknown {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.fields(value as Fields, levels);
    if (Array.isArray(value)) return this.list(value, levels);
    return this.tagOf(value, levels) ?? this.untagged(value, levels);
  }

  private tagOf(value: object | bigint | number, levels: number): object | undefined {
    const tag = this.tagger(value);
    if (tag === undefined) return undefined;
    this.tags++;
    return { [TAG]: this.list(tag, levels) };
  }

  /** A value without a tag, which the codec encodes as it can; its contents may have tags. */
  private untagged(value: object, levels: number): unknown {
    if (ArrayBuffer.isView(value) || typeof value === 'function') return value;
    if (isMap(value)) return this.map(value, levels);
    if (isSet(value)) return this.set(value, levels);
    if (isThenable(value) && typeof (value as { readonly toJSON?: unknown }).toJSON !== 'function')
      this.refuse(value, true);
    // Codecs treat built-ins as values, not as objects with fields.
    if (Object.prototype.toString.call(value) !== '[object Object]') return value;
    return this.fields(value as Fields, levels);
  }

  private refuse(object: object, isPromise: boolean): void {
    // The refusal is reported; a rejection of the promise as well must not end the process.
    if (isPromise) ignoreRejection(object);
    this.refused ??= { object, isPromise };
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
    // The codec encodes the result of `toJSON`.
    if (typeof object.toJSON === 'function') return object;
    let copy: Fields | undefined;
    for (const key of Object.keys(object)) {
      const value = object[key];
      if (typeof value === 'string' || (typeof value === 'number' && !isOdd(value))) continue;
      if (key === 'then' && typeof value === 'function') this.refuse(object, false);
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
