import type { StandardSchema } from '../../types/schema.js';

/*
 * Under legacy decorators with `emitDecoratorMetadata`, a compiler tells of each parameter what is left of its type at run time:
 * a class. What that can say of a value is a schema too. It cannot say whether the value may be left out, so undefined passes.
 */

/** What a value is called in a message that must be, by `typeof`. */
const primitives = new Map<unknown, string>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
  [BigInt, 'bigint'],
  [Symbol, 'symbol'],
  [Function, 'function'],
]);

type Class = abstract new (...args: never[]) => unknown;

/** Classes whose instances arrive as such. */
const arriving: ReadonlySet<unknown> = new Set<unknown>([Date, Map, Set, RegExp, URL, ArrayBuffer, DataView]);

/**
 * What the class of a parameter demands of a value: undefined where that is nothing, as of interfaces and unions. `revived` says
 * of which other classes instances arrive; of any other class any object does, since codecs carry its fields alone.
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
  // Whatever a peer sends, its fields are not asked.
  const { constructor: made } = (Object.getPrototypeOf(value) ?? {}) as { constructor?: unknown };
  return typeof made === 'function' && made !== Object ? withArticle(made.name) : 'an object';
}

function withArticle(name: string): string {
  return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`;
}

const TypedArray = Object.getPrototypeOf(Uint8Array) as Class;

/** One of the language's own: an instance of a class that extends it, such as Buffer, arrives as an Uint8Array. */
function isTypedArray(type: unknown): boolean {
  return typeof type === 'function' && Object.getPrototypeOf(type) === TypedArray;
}
