import { isArrayBuffer, isMap, isSet } from '../../src/base/kinds.js';
import type { Parcel } from '../../src/contract/contract.js';
import { isMarked, transfersOf } from './clone-transfer.js';
import { hollow, isHollow, visit } from './clone-visit.js';
import { mustClone } from './must-clone.js';
import { typedArrays, type ViewClass, viewName } from './typed-arrays.js';

const NOTHING: readonly object[] = [];
/** The cost of a number, and of the header of every other value. */
const WORD = 8;
/** From this number of objects on, a Map finds a copy faster than a linear search. */
const MANY = 16;
const UNCOPIED = Symbol('not plain data');

/**
 * Copies plain data: objects, arrays, maps, sets, dates, bytes and primitive values. structuredClone does the same at
 * ten times the cost, and a message is cloned once more when it is posted. An object that occurs twice is one object in
 * the copy as well.
 */
class Copier {
  length = 0;
  private readonly from: object[] = [];
  private readonly to: object[] = [];
  private found: Map<object, object> | undefined;

  /** The copy, or UNCOPIED if the value contains anything that is not plain data. */
  copy(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        this.length += WORD + value.length;
        return value;
      case 'object':
        return value === null ? value : this.container(value);
      case 'function':
      case 'symbol':
        return UNCOPIED;
      default:
        this.length += WORD;
        return value;
    }
  }

  private container(value: object): unknown {
    const known = this.copyOf(value);
    if (known !== undefined) return known;
    if (isMarked(value)) return UNCOPIED;
    this.length += WORD;
    if (ArrayBuffer.isView(value)) return this.view(value);
    switch (Object.getPrototypeOf(value)) {
      case Object.prototype:
        return this.fields(value as Record<string, unknown>);
      case Array.prototype:
        return Array.isArray(value) ? this.items(value) : UNCOPIED;
      case Date.prototype:
        return this.note(value, new Date((value as Date).getTime()));
      case Map.prototype:
        return this.entries(value as ReadonlyMap<unknown, unknown>);
      case Set.prototype:
        return this.members(value as ReadonlySet<unknown>);
      default:
        return UNCOPIED;
    }
  }

  private fields(value: Record<string, unknown>): unknown {
    const copy = this.note(value, { ...value });
    for (const key in copy) {
      this.length += WORD + key.length;
      const inner = copy[key];
      const copied = this.copy(inner);
      if (copied === UNCOPIED) return UNCOPIED;
      if (copied !== inner) put(copy, key, copied);
    }
    return copy;
  }

  /** An array is copied with its items only; its holes stay holes. */
  private items(value: readonly unknown[]): unknown {
    if (isHollow(value)) throw new TypeError(hollow(value));
    const copy = this.note(value, value.slice());
    for (let at = 0; at < copy.length; at++) {
      const inner = copy[at];
      const copied = this.copy(inner);
      if (copied === UNCOPIED) return UNCOPIED;
      if (copied !== inner) copy[at] = copied;
    }
    return copy;
  }

  private entries(value: ReadonlyMap<unknown, unknown>): unknown {
    const copy = this.note(value, new Map());
    for (const [key, item] of value) {
      const copiedKey = this.copy(key);
      const copiedItem = this.copy(item);
      if (copiedKey === UNCOPIED || copiedItem === UNCOPIED) return UNCOPIED;
      copy.set(copiedKey, copiedItem);
    }
    return copy;
  }

  private members(value: ReadonlySet<unknown>): unknown {
    const copy = this.note(value, new Set());
    for (const item of value) {
      const copied = this.copy(item);
      if (copied === UNCOPIED) return UNCOPIED;
      copy.add(copied);
    }
    return copy;
  }

  /**
   * The visible elements of the array, in memory of their own. Structured clone would copy the whole memory of the
   * view, such as the pool of Node's small Buffers with any other data in it. Shared memory stays shared.
   */
  private view(value: ArrayBufferView): unknown {
    const { buffer, byteOffset, byteLength } = value;
    const made = classes.get(viewName(value));
    if (made === undefined || !isArrayBuffer(buffer)) return UNCOPIED;
    this.length += byteLength;
    return this.note(value, new made(buffer.slice(byteOffset, byteOffset + byteLength)));
  }

  private note<C extends object>(value: object, copy: C): C {
    if (this.found !== undefined) this.found.set(value, copy);
    else {
      this.from.push(value);
      this.to.push(copy);
      if (this.from.length === MANY) this.found = new Map(this.from.map((one, at) => [one, this.to[at]!]));
    }
    return copy;
  }

  private copyOf(value: object): object | undefined {
    if (this.found !== undefined) return this.found.get(value);
    const at = this.from.indexOf(value);
    return at < 0 ? undefined : this.to[at];
  }
}

/** By name, so that a Buffer becomes a Uint8Array, as with structured clone. */
const classes = new Map<string | undefined, ViewClass>(typedArrays.map((one) => [one.name, one]));

/** An assignment to `__proto__` would set the prototype. */
function put(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * Makes a message from its head, which it takes over, and from values as they are now: together, so that an object that
 * occurs in two of them stays one. Throws what structuredClone throws for a value that cannot be cloned or moved.
 */
export function parcel(head: unknown[], values: readonly unknown[]): Parcel {
  const size = head.length;
  let length = WORD * size;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    const type = typeof value;
    if (type === 'string') length += WORD + (value as string).length;
    else if (value === null || (type !== 'object' && type !== 'function' && type !== 'symbol')) length += WORD;
    else {
      head.length = size;
      return parcelOfObjects(head, values);
    }
    head.push(value);
  }
  return { values: head, transfer: NOTHING, length };
}

function parcelOfObjects(head: unknown[], values: readonly unknown[]): Parcel {
  const size = head.length;
  const copier = new Copier();
  for (let at = 0; at < values.length; at++) {
    const copy = copier.copy(values[at]);
    if (copy === UNCOPIED) return parcelOfClones(head.slice(0, size), values);
    head.push(copy);
  }
  return { values: head, transfer: NOTHING, length: WORD * size + copier.length };
}

/** The clones hold the moved objects in place of the old ones: they move again when the message is posted. */
function parcelOfClones(head: readonly unknown[], values: readonly unknown[]): Parcel {
  const length = WORD * head.length + sizeOf(values);
  const moving = transfersOf(values);
  if (moving === undefined) return { values: head.concat(structuredClone(values)), transfer: NOTHING, length };
  const [copies, moved] = structuredClone([values, moving] as const, { transfer: moving as ArrayBuffer[] });
  return { values: head.concat(copies), transfer: moved, length };
}

/**
 * The approximate size of a value in bytes. Throws for a value that structured clone would turn into an empty object.
 */
function sizeOf(value: unknown): number {
  let length = 0;
  const count = (inner: unknown): void => {
    length += typeof inner === 'string' ? WORD + inner.length : WORD;
  };
  visit(
    value,
    (holder) => {
      mustClone(holder);
      length += WORD;
      if (Array.isArray(holder) && isHollow(holder)) throw new TypeError(hollow(holder));
      if (ArrayBuffer.isView(holder) || isArrayBuffer(holder)) {
        length += holder.byteLength;
        return;
      }
      if (isMap(holder)) {
        for (const [key, item] of holder) {
          count(key);
          count(item);
        }
      } else if (isSet(holder)) for (const item of holder) count(item);
      for (const [key, item] of Object.entries(holder)) {
        if (!Array.isArray(holder)) length += WORD + key.length;
        count(item);
      }
    },
    new Set(),
  );
  return length;
}
