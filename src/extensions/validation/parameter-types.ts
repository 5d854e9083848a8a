import type { StandardSchema } from '../../types/schema.js';

/*
 * With legacy decorators and `emitDecoratorMetadata`, the compiler emits for each parameter what is left of its type at run time:
 * a class. It serves as a schema. It does not show whether the value may be omitted, so undefined passes.
 */

/** The `typeof` that a value must have, by the class of its parameter. */
const primitives = new Map<unknown, string>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
  [BigInt, 'bigint'],
  [Symbol, 'symbol'],
  [Function, 'function'],
]);

type Class = abstract new (...args: never[]) => unknown;

/** Classes whose instances arrive as instances. */
const arriving: ReadonlySet<unknown> = new Set<unknown>([Date, Map, Set, RegExp, URL, ArrayBuffer, DataView]);

/**
 * The schema for the class of a parameter; undefined if it accepts everything, as interfaces and unions do. `revived` returns
 * whether instances of another class arrive as instances; for any other class any object passes, since codecs send only its fields.
 */
export function schemaOf(type: unknown, revived: (type: unknown) => boolean): StandardSchema | undefined {
  if (typeof type !== 'function' || type === Object || type === Promise) return undefined;
  const primitive = primitives.get(type);
  if (primitive !== undefined) return of(primitive, (value) => typeof value === primitive);
  if (type === Array) return of('array', Array.isArray);
  if (arriving.has(type) || isTypedArray(type) || revived(type))
    return of(type.name, (value) => value instanceof (type as unknown as Class));
  return of('object', (value) => typeof value === 'object' || typeof value === 'function');
}

function of(expected: string, fits: (value: unknown) => boolean): StandardSchema {
  return {
    '~standard': {
      version: 1,
      vendor: 'obverse',
      validate: (value) =>
        value === undefined || (value !== null && fits(value))
          ? { value }
          : { issues: [{ message: `expected ${withArticle(expected)}, got ${nameOf(value)}` }] },
    },
  };
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return withArticle(typeof value);
  if (Array.isArray(value)) return 'an array';
  // Fields of what a peer has sent are not read.
  const { constructor: made } = (Object.getPrototypeOf(value) ?? {}) as { constructor?: unknown };
  return typeof made === 'function' && made !== Object ? withArticle(made.name) : 'an object';
}

function withArticle(name: string): string {
  return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`;
}

const TypedArray = Object.getPrototypeOf(Uint8Array) as Class;

/** Whether it is a built-in class: an instance of a subclass, such as Buffer, arrives as a Uint8Array. */
function isTypedArray(type: unknown): boolean {
  return typeof type === 'function' && Object.getPrototypeOf(type) === TypedArray;
}
