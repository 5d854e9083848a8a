import { fromBase64, toBase64 } from '../base/base64.js';
import { isArrayBuffer, isDate, isError, isMap, isPlain, isRegExp, isSet } from '../base/kinds.js';
import { typedArrays, type ViewClass, viewName } from '../base/typed-arrays.js';
import { UsageError } from '../contract/errors.js';

/*
 * Values of structured clone as JSON. JSON values are written as they are; everything else is an object with the single
 * key `$`: `{ "$": ["Map", [[key, value]]] }`. A plain object that has the key `$` is written as `{ "$": ["Object", { …
 * }] }`. An object that occurs again is `{ "$": ["same", n] }`: the n-th object of the value, from 0, in the order in
 * which they start.
 */

const views = new Map<string, ViewClass>([...typedArrays, DataView].map((one) => [one.name, one]));

const errors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError } as const;

/** A value as JSON. Throws a UsageError with the path of a value that cannot be recorded. Reads each object once. */
export function toJSON(value: unknown): unknown {
  return new Writer().write(value, 'the value');
}

class Writer {
  /** Numbers in the order of first occurrence: an object that occurs again is written as its number. */
  private readonly numbers = new Map<object, number>();
  /** The objects that contain the value that is being written. */
  private readonly open = new Set<object>();

  write(value: unknown, where: string): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : tag('number', Object.is(value, -0) ? '-0' : `${value}`);
      case 'undefined':
        return tag('undefined');
      case 'bigint':
        return tag('bigint', `${value}`);
      case 'object':
        return value === null ? null : this.once(value, where);
      default:
        throw refused(where, `a ${typeof value}`);
    }
  }

  private once(value: object, where: string): unknown {
    if (this.open.has(value)) throw refused(where, 'a part of itself');
    const number = this.numbers.get(value);
    if (number !== undefined) return tag('same', number);
    this.numbers.set(value, this.numbers.size);
    this.open.add(value);
    const written = this.object(value, where);
    this.open.delete(value);
    return written;
  }

  private object(value: object, where: string): unknown {
    const inner = (one: unknown, key: string): unknown => this.write(one, `${where}${key}`);
    if (Array.isArray(value)) return Array.from(value, (one, at) => inner(one, `[${at}]`));
    if (isDate(value)) return tag('Date', Number.isNaN(value.getTime()) ? null : value.getTime());
    if (isRegExp(value)) return tag('RegExp', value.source, value.flags);
    if (isMap(value)) {
      return tag(
        'Map',
        Array.from(value, ([key, one], at) => [inner(key, ` key ${at}`), inner(one, ` value ${at}`)]),
      );
    }
    if (isSet(value))
      return tag(
        'Set',
        Array.from(value, (one, at) => inner(one, ` item ${at}`)),
      );
    if (isArrayBuffer(value)) return tag('ArrayBuffer', toBase64(new Uint8Array(value)));
    if (ArrayBuffer.isView(value)) {
      return tag(viewName(value), toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)));
    }
    if (isError(value)) {
      const cause = value.cause === undefined ? [] : [inner(value.cause, '.cause')];
      // Structured clone has no other errors, and their stacks differ in each run.
      return tag('Error', Object.hasOwn(errors, value.name) ? value.name : 'Error', value.message, ...cause);
    }
    if (!isPlain(value)) {
      throw refused(
        where,
        `of the class ${(value.constructor as { name?: string } | undefined)?.name ?? 'without a name'}`,
      );
    }
    const plain = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inner(one, `.${key}`)]));
    return Object.hasOwn(plain, '$') ? tag('Object', plain) : plain;
  }
}

function tag(...parts: unknown[]): { readonly $: readonly unknown[] } {
  return { $: parts };
}

function refused(where: string, what: string): UsageError {
  return new UsageError(
    `${where} is ${what}, which a recording cannot write down: there are what JSON has, undefined, numbers, BigInt, Date, RegExp, Map, Set, Error and bytes`,
  );
}

/** The original value. Throws a UsageError for JSON that {@link toJSON} does not write. */
export function fromJSON(json: unknown): unknown {
  return new Reader().read(json);
}

class Reader {
  /** The objects by their numbers, as the writer has them. */
  private readonly made: unknown[] = [];

  read = (json: unknown): unknown => {
    if (typeof json !== 'object' || json === null) return json;
    if (Array.isArray(json)) return this.object(() => json.map(this.read));
    const { $ } = json as { readonly $?: unknown };
    return Array.isArray($) ? this.untag($ as [string, ...unknown[]]) : this.object(() => this.entries(json));
  };

  /** Its number is assigned before those of its contents. */
  private object<T>(make: () => T): T {
    const at = this.made.push(undefined) - 1;
    const value = make();
    this.made[at] = value;
    return value;
  }

  private entries(json: object): object {
    return Object.fromEntries(Object.entries(json).map(([key, one]) => [key, this.read(one)]));
  }

  private untag([name, ...parts]: readonly [string, ...unknown[]]): unknown {
    const [first] = parts;
    switch (name) {
      case 'undefined':
        return undefined;
      case 'number':
        return Number(first);
      case 'bigint':
        return BigInt(first as string);
      case 'same':
        return this.made[first as number];
      default:
        return this.object(() => this.objectOf(name, parts));
    }
  }

  private objectOf(name: string, [first, second, third]: readonly unknown[]): object {
    const { read } = this;
    switch (name) {
      case 'Date':
        return new Date((first as number | null) ?? Number.NaN);
      case 'RegExp':
        return new RegExp(first as string, second as string);
      case 'Map':
        return new Map((first as unknown[][]).map(([key, one]) => [read(key), read(one)]));
      case 'Set':
        return new Set((first as unknown[]).map(read));
      case 'Object':
        return this.entries(first as object);
      case 'Error': {
        const Made = Object.hasOwn(errors, first as string) ? errors[first as keyof typeof errors] : Error;
        return new Made(second as string, third === undefined ? {} : { cause: read(third) });
      }
      case 'ArrayBuffer':
        return fromBase64(first as string).buffer;
      default:
        return view(name, fromBase64(first as string));
    }
  }
}

function view(name: string, { buffer }: Uint8Array<ArrayBuffer>): ArrayBufferView {
  const View = views.get(name);
  if (View === undefined) throw new UsageError(`a recording has values of the kind "${name}", which is unknown`);
  return new View(buffer);
}
