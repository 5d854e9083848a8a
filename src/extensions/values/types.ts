import { tagOf as builtIn, isArrayBuffer, isDate, isError, isMap, isRegExp, isSet } from '../../base/kinds.js';
import { mustBeOfThisCopy } from '../../contract/copies.js';
import { ProtocolError, UsageError } from '../../contract/errors.js';
import type { Class, Kind, TypeEntry, ValueType } from '../../types/values.js';
import { markedType } from './marked-type.js';
import { ESCAPE, type Reviver, type Tag, type TaggedKinds, type Tagger } from './tagged.js';
import { TypeForm } from './type-form.js';
import { unknownTag } from './unknown-tag.js';
import { UnreadableValue } from './unreadable-value.js';

/** Tags of the library itself. */
export const RESERVED: ReadonlySet<string> = new Set([ESCAPE, 'fn', 'ref', 'own', 'stream']);

const TypedArray = Object.getPrototypeOf(Uint8Array) as Class;

/** How values of registered types are tagged for one codec. */
export interface CodecTags {
  /** For `isSpecial`. */
  readonly kinds: TaggedKinds;
  /** For `tagged`. Throws what the `pack` of a type throws. */
  readonly tag: Tagger;
}

/** The value types of a side: one registry, whatever its codec. */
export class ValueTypes {
  private readonly byId = new Map<string, TypeForm>();
  private readonly byPrototype = new Map<object, TypeForm>();
  private readonly byKind = new Map<Kind, TypeForm>();
  /** Standard types by the `Object.prototype.toString` of their values, which finds values of another realm. */
  private readonly byTag = new Map<string, TypeForm>();

  /** Throws a UsageError for what is no type, and for two types with one id or one class. */
  constructor(entries: readonly TypeEntry[]) {
    this.addAll(entries);
  }

  /** How many there are. */
  get size(): number {
    return this.byId.size;
  }

  private addAll(entries: readonly TypeEntry[]): void {
    for (const entry of entries) {
      if (Array.isArray(entry)) this.addAll(entry as readonly TypeEntry[]);
      else if (entry instanceof TypeForm) this.add(entry);
      else {
        mustBeOfThisCopy('types: a group of types, such as standardTypes,', entry);
        this.add(fromType(typeOf(entry as Class | ValueType)));
      }
    }
  }

  private add(type: TypeForm): void {
    const { id, of } = type;
    const known = this.byId.get(id);
    // The same group may be given twice.
    if (known === type) return;
    if (known !== undefined) throw new UsageError(`types: there are two types with the id "${id}"`);
    this.byId.set(id, type);
    if (typeof of === 'string') {
      this.byKind.set(of, type);
      return;
    }
    const other = this.byPrototype.get(of.prototype as object);
    if (other !== undefined) throw new UsageError(`types: the class ${of.name} has two ids, "${other.id}" and "${id}"`);
    this.byPrototype.set(of.prototype as object, type);
    if (type.standard) this.byTag.set(of.name, type);
  }

  /**
   * How values are tagged for a codec. `natives`: the ids of those standard types that the codec carries as they are; they are
   * left to it.
   */
  tags(natives: readonly string[] = []): CodecTags {
    const left = new Set(natives);
    const use = (type: TypeForm | undefined): TypeForm | undefined =>
      type === undefined || (left.has(type.id) && type.standard) ? undefined : type;
    const bigints = use(this.byKind.get('bigint'));
    const numbers = use(this.byKind.get('number'));
    const bytes = use(this.byKind.get('bytes'));
    const views = use(this.byKind.get('view'));
    const found = new WeakMap<object, TypeForm | typeof NONE>();

    const ofObject = (value: object): TypeForm | undefined => {
      const prototype = Object.getPrototypeOf(value) as object | null;
      if (prototype === null) return undefined;
      let type = found.get(prototype);
      if (type === undefined) {
        type = use(this.nearest(prototype) ?? this.foreign(value)) ?? NONE;
        found.set(prototype, type);
      }
      if (type !== NONE) return type as TypeForm;
      if (!ArrayBuffer.isView(value)) return undefined;
      return (value as { readonly [Symbol.toStringTag]?: string })[Symbol.toStringTag] === 'Uint8Array' ? bytes : views;
    };

    return {
      kinds: {
        views: bytes !== undefined || views !== undefined || [...this.byPrototype.keys()].some(isOfViews),
        numbers: numbers !== undefined,
      },
      tag: (value): Tag | undefined => {
        switch (typeof value) {
          case 'object':
            return tagOf(ofObject(value), value);
          case 'bigint':
            return tagOf(bigints, value);
          case 'number':
            return tagOf(numbers, value);
          default:
            return undefined;
        }
      },
    };
  }

  /** The type of the nearest class that is registered, up the chain. */
  private nearest(prototype: object): TypeForm | undefined {
    for (let one: object | null = prototype; one !== null; one = Object.getPrototypeOf(one) as object | null) {
      const type = this.byPrototype.get(one);
      if (type !== undefined) return type;
    }
    return undefined;
  }

  /** The type of a value of the language that comes from another realm, such as a Map of a `vm` context. */
  private foreign(value: object): TypeForm | undefined {
    const tag = builtIn(value);
    return tag !== 'Object' && isOfKind(tag, value) ? this.byTag.get(tag) : undefined;
  }

  /** For `revived`. Throws a ProtocolError, invalid params, for a tag that is not known, and for what a type refuses. */
  readonly revive: Reviver = (tag, payload) => {
    const type = this.byId.get(tag);
    if (type === undefined) throw unknownTag(tag);
    try {
      return type.unpack(payload);
    } catch (cause) {
      throw new UnreadableValue(tag, cause);
    }
  };
}

const NONE = Symbol('none');

function tagOf(type: TypeForm | undefined, value: unknown): Tag | undefined {
  return type && [type.id, ...type.pack(value)];
}

/** Kinds that are more than a tag, which any class may have. */
const kinds: Readonly<Record<string, (value: object) => boolean>> = {
  Map: isMap,
  Set: isSet,
  Date: isDate,
  RegExp: isRegExp,
  ArrayBuffer: isArrayBuffer,
  Error: isError,
  URL: (value) => typeof (value as { readonly href?: unknown }).href === 'string',
};

function isOfKind(tag: string, value: object): boolean {
  return Object.hasOwn(kinds, tag) && kinds[tag]?.(value) === true;
}

function isOfViews(prototype: object): boolean {
  return prototype instanceof TypedArray || prototype instanceof DataView;
}

/** A type of an application: its payload is one value. */
function fromType(type: ValueType): TypeForm {
  return new TypeForm(
    type.id,
    type.class,
    (value) => [type.pack(value)],
    (payload) => {
      if (payload.length !== 1) throw new ProtocolError(`expected one value, not ${payload.length}`);
      return type.unpack(payload[0]);
    },
    false,
  );
}

/** An entry as a type, checked. */
function typeOf(entry: Class | ValueType): ValueType {
  const type = typeof entry === 'function' ? markedType(entry) : entry;
  if (type === undefined) {
    throw new UsageError(
      `types: the class ${(entry as Class).name} is not marked by @serializable, nor given as { id, class, pack, unpack }`,
    );
  }
  if (typeof type !== 'object' || type === null) {
    throw new UsageError(
      `types: expected a class, { id, class, pack, unpack }, or a list of these, not ${String(entry)}`,
    );
  }
  const { id, class: of, pack, unpack } = type;
  if (typeof id !== 'string' || id === '')
    throw new UsageError('types: the id of a type must be a string that is not empty');
  if (RESERVED.has(id)) throw new UsageError(`types: the id "${id}" is reserved for the library; use another one`);
  if (typeof pack !== 'function' || typeof unpack !== 'function') {
    throw new UsageError(`types: "${id}" must have the functions pack and unpack`);
  }
  if (typeof of !== 'function' || typeof of.prototype !== 'object' || of.prototype === null) {
    throw new UsageError(`types: the class of "${id}" must be a class, not ${String(of)}`);
  }
  const prototype = of.prototype as object;
  if (prototype === Object.prototype || isList(prototype)) {
    throw new UsageError(
      `types: "${id}" is for ${of.name}, but plain objects and lists are data, also those of a class that extends Array`,
    );
  }
  return type;
}

function isList(prototype: object): boolean {
  return prototype === Array.prototype || Object.prototype.isPrototypeOf.call(Array.prototype, prototype);
}
