import { isMap, isSet } from '../../base/kinds.js';
import { pathTo } from '../../base/value-paths.js';
import { Code, ProtocolError } from '../../contract/errors.js';
import { DEPTH } from './special.js';
import { ESCAPE, OPEN, TAG } from './tag.js';

type Fields = Record<string, unknown>;

/** The tag of an object of this side that returns. It is the application's own object, which may be a promise. */
const OWN = 'own';

/** Creates a value from its tagged form. Throws for an unknown tag: see {@link unknownTag}. */
export type Reviver = (tag: string, payload: readonly unknown[]) => unknown;

/**
 * The reverse of `tagged`, for a message that was announced as tagged: calls `revive` for each value in the tagged form, inner
 * ones first, and puts the results in their places. The values must belong to the caller: they are changed in place. Looks into plain
 * objects, lists, maps and sets. No method is called by a name that has arrived, and an own property `__proto__` is dropped.
 *
 * Throws a ProtocolError for an object with the key `$rpc` that is not in the tagged form, for what is nested deeper than
 * 1,000, and what `revive` throws. Also, when everything has been revived, for an object with a method `then`: it would be taken for a
 * promise, and an `await` of it would depend on the peer.
 */
export function revived(value: unknown, revive: Reviver): unknown {
  const reviving = new ValueReviver(revive);
  const meant = reviving.value(value, DEPTH);
  if (hasThen(meant)) reviving.promise ??= meant;
  if (reviving.promise !== undefined) {
    const path = pathTo(meant, reviving.promise);
    const at = path === undefined || path === '' ? '' : ` at ${path}`;
    throw new ProtocolError(
      `the object${at} has a method "then", and would be taken for a promise`,
      Code.InvalidParams,
    );
  }
  return meant;
}

class ValueReviver {
  /** The result for each object: one that occurs twice is revived once, and one that contains itself ends. */
  private readonly done = new Map<object, unknown>();
  /** The first object that would be taken for a promise. */
  promise: object | undefined;

  constructor(private readonly revive: Reviver) {}

  value(value: unknown, levels: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (levels === 0) throw new ProtocolError(`the values are nested deeper than ${DEPTH} levels`, Code.TooLarge);
    const known = this.done.get(value);
    if (known === OPEN) throw malformed('contains itself');
    // A value may be revived to undefined.
    if (known !== undefined || this.done.has(value)) return known;
    if (Array.isArray(value)) this.list(value, levels - 1);
    else if (isPlain(value)) {
      if (Object.hasOwn(value, TAG)) return this.tag(value as Fields, levels - 1);
      this.fields(value as Fields, levels - 1);
    } else if (isMap(value)) this.map(value, levels - 1);
    else if (isSet(value)) this.set(value, levels - 1);
    return value;
  }

  private tag(value: Fields, levels: number): unknown {
    const payload = value[TAG];
    if (Object.keys(value).length !== 1) throw malformed('has other keys as well');
    if (!Array.isArray(payload)) throw malformed('does not contain a list');
    const [tag] = payload as unknown[];
    if (typeof tag !== 'string') throw malformed('contains a list that does not begin with a string');
    this.done.set(value, OPEN);
    const result = tag === ESCAPE ? this.escaped(payload, levels) : this.made(tag, payload, levels);
    this.done.set(value, result);
    return result;
  }

  private made(tag: string, payload: unknown[], levels: number): unknown {
    this.list(payload, levels);
    const result = this.revive(tag, payload.slice(1));
    if (tag !== OWN && hasThen(result)) this.promise ??= result;
    return result;
  }

  /** The key `$rpc` of an escaped object is an ordinary field. */
  private escaped(payload: readonly unknown[], levels: number): object {
    const [, inner] = payload;
    if (payload.length !== 2 || typeof inner !== 'object' || inner === null || !isPlain(inner)) {
      throw malformed(`contains "${ESCAPE}" without an object`);
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
      else if (typeof item === 'object' && item !== null) {
        const instead = this.value(item, levels);
        object[key] = instead;
        if (key === 'then' && typeof instead === 'function') this.promise ??= object;
      }
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

/** A revived value may be a function of this side that returns, or throw when it is read: then it is refused, too. */
function hasThen(value: unknown): value is object {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    return typeof (value as { readonly then?: unknown }).then === 'function';
  } catch {
    return true;
  }
}

/** Including objects of another realm, as in the sandboxes of test runners. */
function isPlain(value: object): boolean {
  return (
    Object.getPrototypeOf(value) === Object.prototype || Object.prototype.toString.call(value) === '[object Object]'
  );
}

function malformed(what: string): ProtocolError {
  const form = `{"${TAG}": [tag, …]}`;
  return new ProtocolError(`expected ${form}, and an object with the key "${TAG}" ${what}`, Code.InvalidParams);
}
