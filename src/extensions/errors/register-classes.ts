import { UsageError } from '../../contract/errors.js';
import type { ErrorClass, ErrorClasses, ErrorEntry } from '../../types/errors.js';
import { isErrorClass, type Known, type KnownErrors } from './error-classes.js';

/** Registers the classes of the option `errorClasses`. Throws a UsageError for anything but an error class, and for two of the same name. */
export function registerClasses(known: KnownErrors, classes: ErrorClasses): void {
  if (Array.isArray(classes)) for (const given of classes as unknown[]) add(known, 'errorClasses', given);
  else if (Object.prototype.toString.call(classes) !== '[object Object]') {
    throw new UsageError(
      `errorClasses: expected an array or an object of classes, not ${Object.prototype.toString.call(classes)}`,
    );
  } else for (const [name, given] of Object.entries(classes)) add(known, 'errorClasses', given, name);
}

/** Registers the error classes of a method. A class that is registered already keeps its name. Throws as `registerClasses` does. */
export function registerErrorsOf(known: KnownErrors, path: string, classes: readonly ErrorClass[]): void {
  for (const given of classes) {
    if (typeof given !== 'function' || known.registered(given.prototype) === undefined)
      add(known, `the option "errors" of ${path}`, given);
  }
}

function add(known: KnownErrors, where: string, given: unknown, called?: string): void {
  const one = knownFrom(where, given, called);
  const { name } = one;
  if (known.add(one)) return;
  throw new UsageError(
    `${where}: two classes have the name ${name}; use an object to name them: errorClasses: { ${name}, 'other.${name}': … }`,
  );
}

const entryChecks: { readonly [K in keyof Required<ErrorEntry>]: (value: unknown) => boolean } = {
  class: isErrorClass,
  pack: isFunction,
  unpack: isFunction,
  fields: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
};

function knownFrom(where: string, given: unknown, called: string | undefined): Known {
  const entry = isErrorClass(given) ? { class: given } : entryFrom(where, given);
  const errorClass = entry.class;
  const name = called ?? errorClass.name;
  if (typeof name !== 'string' || name === '')
    throw new UsageError(`${where}: a class has no name; use an object to name it: errorClasses: { Name: … }`);
  const statics = errorClass as { readonly pack?: unknown; readonly unpack?: unknown };
  const pack = entry.pack ?? (isFunction(statics.pack) ? statics.pack.bind(errorClass) : undefined);
  const unpack = entry.unpack ?? (isFunction(statics.unpack) ? statics.unpack.bind(errorClass) : undefined);
  const make = unpack ?? (pack && ((...args) => new (errorClass as new (...args: unknown[]) => Error)(...args)));
  return {
    name,
    errorClass,
    ...(pack !== undefined && { pack: pack as NonNullable<ErrorEntry['pack']> }),
    ...(make !== undefined && { make: (args: readonly unknown[]) => make(...args) as Error }),
    ...(entry.fields !== undefined && { fields: entry.fields }),
  };
}

function entryFrom(where: string, given: unknown): ErrorEntry {
  if (typeof given !== 'object' || given === null || !isErrorClass((given as { class?: unknown }).class))
    throw new UsageError(
      `${where}: expected classes that extend Error, or { class, pack, unpack, fields }, not ${textOf(given)}`,
    );
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(entryChecks, key))
      throw new UsageError(`${where}: unknown field "${key}"; the fields are ${Object.keys(entryChecks).join(', ')}`);
    if (value !== undefined && !entryChecks[key as keyof ErrorEntry](value))
      throw new UsageError(`${where}: "${key}" must be ${key === 'fields' ? 'an array of names' : 'a function'}`);
  }
  return given as ErrorEntry;
}

function isFunction(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
}
function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? `an object with ${Object.keys(value).join(', ')}`
    : String(value);
}
