import { isMap, isSet } from '../../base/kinds.js';
import { pathTo } from '../../base/value-paths.js';
import { Code, ProtocolError } from '../../contract/errors.js';
import { DEPTH } from './special.js';
import { ESCAPE, OPEN, TAG } from './tag.js';

type Fields = Record<string, unknown>;

/** The tag of an object of this side that comes back. Within others it is what it was; it is no promise that a peer has made. */
const OWN = 'own';

/** Makes a value of what has arrived for it. Throws for a tag that it does not know: see {@link unknownTag}. */
export type Reviver = (tag: string, payload: readonly unknown[]) => unknown;

/**
 * The reverse of `tagged`, for a message that was announced as tagged: calls `revive` for each value in the tagged form, those
 * inside of others first, and gives the values with what that gives in their places. The values must belong to the caller:
 * they are changed. Looks into plain objects, lists, maps and sets. Nothing is called by a name that has come, and an own
 * property `__proto__` is dropped.
 *
 * Throws a ProtocolError for an object with the key `$rpc` that is not in the tagged form, for what is nested deeper than
 * 1,000, and what `revive` throws. Also, when everything has been revived, for an object that has become a promise, by a method
 * `then`: whoever awaits it would wait for what a peer never says.
 */
export function revived(value: unknown, revive: Reviver): unknown {
  const reviving = new Reviving(revive);
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

class Reviving {
  /** What each object has become: one that occurs twice is made once, and one that holds itself ends. */
  private readonly done = new Map<object, unknown>();
  /** The first object that is one, or would be taken for one. */
  promise: object | undefined;

  constructor(private readonly revive: Reviver) {}

  value(value: unknown, levels: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (levels === 0) throw new ProtocolError(`the values are nested deeper than ${DEPTH} levels`, Code.TooLarge);
    const known = this.done.get(value);
    if (known === OPEN) throw malformed('holds itself');
    // What was revived may be nothing.
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
    const result = this.revive(tag, payload.slice(1));
    if (tag !== OWN && hasThen(result)) this.promise ??= result;
    return result;
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

/** What was revived may be a function of ours that comes back, or throw when it is looked at: then it is of no use either. */
function hasThen(value: unknown): value is object {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    return typeof (value as { readonly then?: unknown }).then === 'function';
  } catch {
    return true;
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
