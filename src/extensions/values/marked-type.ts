import { quote } from '../../base/quote.js';
import { ProtocolError, UsageError } from '../../contract/errors.js';
import type { Class, ValueType } from '../../types/values.js';
import { markedId } from './serializable.js';

/** What a class says of itself by static methods, if it does. */
interface Statics {
  readonly pack?: unknown;
  readonly unpack?: unknown;
}

/** A class that is marked by `@serializable`, as a type; undefined for one that is not marked. Throws a UsageError for one that cannot travel. */
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

/** Own fields travel, and are put into an object of the class. No constructor and no setter is called. */
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
        // So no setter is called either, that of `__proto__` among them.
        if (key in prototype) throw new ProtocolError(`${quote(key)} is a member of the class ${name}, and no field`);
        value[key] = (data as Readonly<Record<string, unknown>>)[key];
      }
      return value;
    },
  };
}

/** What a class of the language itself holds is not in fields. */
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
