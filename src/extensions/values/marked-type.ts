import { quote } from '../../base/quote.js';
import { ProtocolError, UsageError } from '../../contract/errors.js';
import type { Class, ValueType } from '../../types/values.js';
import { markedId } from './serializable.js';

/** The static methods of a class that pack and unpack its instances. */
interface Statics {
  readonly pack?: unknown;
  readonly unpack?: unknown;
}

/** The value type of a class with `@serializable`; undefined for any other class. Throws a UsageError for a class that cannot be sent. */
export function markedType(target: Class): ValueType | undefined {
  const id = markedId(target);
  if (id === undefined) return undefined;
  const { pack, unpack } = target as Statics;
  if (pack === undefined && unpack === undefined) return byFields(id, target);
  if (typeof pack !== 'function' || typeof unpack !== 'function') {
    throw new UsageError(`${target.name}: a class has both, static pack(value) and static unpack(data), or neither`);
  }
  return {
    id,
    class: target,
    pack: (value) => pack.call(target, value) as unknown,
    unpack: (data) => unpack.call(target, data) as unknown,
  };
}

/** Sends the own fields, and puts them into an object of the class. Calls no constructor and no setter. */
function byFields(id: string, target: Class): ValueType {
  const { name } = target;
  const prototype = target.prototype as object;
  mustHaveFields(target);
  return {
    id,
    class: target,
    pack(value: object) {
      const fields = { ...value };
      const hiding = Object.keys(fields).find((key) => key in prototype);
      if (hiding === undefined) return fields;
      throw new UsageError(
        `${name}: the field "${hiding}" has the name of a member of the class; give it static pack and unpack`,
      );
    },
    unpack(data) {
      if (typeof data !== 'object' || data === null || Array.isArray(data)) {
        throw new ProtocolError(`expected an object with the fields of a ${name}, not ${kindOf(data)}`);
      }
      const value = Object.create(prototype) as Record<string, unknown>;
      for (const key of Object.keys(data)) {
        // So no setter is called either, including that of `__proto__`.
        if (key in prototype) throw new ProtocolError(`${quote(key)} is a member of the class ${name}, not a field`);
        value[key] = (data as Readonly<Record<string, unknown>>)[key];
      }
      return value;
    },
  };
}

/** The contents of built-in classes are not in fields. */
function mustHaveFields(target: Class): void {
  for (let one: unknown = target; typeof one === 'function'; one = Object.getPrototypeOf(one)) {
    if (one !== Function.prototype && Function.prototype.toString.call(one).endsWith('{ [native code] }')) {
      throw new UsageError(
        `${target.name} extends ${one.name}, whose contents are not in fields: give it static pack(value) and static unpack(data)`,
      );
    }
  }
}

function kindOf(data: unknown): string {
  return data === null ? 'null' : Array.isArray(data) ? 'a list' : `a ${typeof data}`;
}
