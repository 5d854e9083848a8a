import { type } from 'arktype';
import { RemoteAPI } from 'obverse';
import * as v from 'valibot';
import { z } from 'zod';
import type { MethodDescriptor } from '../../src/spec/method-descriptor.js';
import { methodsOf, methodTableOf, type SpecConstructor } from '../../src/spec/method-table.js';
import type { StandardSchema } from '../../src/types/schema.js';

/** The descriptor of a method of a spec. */
export function rowOf(spec: { readonly prototype: RemoteAPI }, path: string): MethodDescriptor {
  const row = methodsOf(methodTableOf(spec as SpecConstructor, RemoteAPI.prototype)).find((each) => each.path === path);
  if (row === undefined) throw new Error(`there is no ${path}`);
  return row;
}

/**
 * The same schemas in each library: of a person with defaults and a nested list, of a short text, and of a positive
 * number.
 */
export const libraries = {
  zod: {
    person: z.object({
      name: z.string().trim(),
      age: z.number().default(18),
      pets: z.array(z.object({ kind: z.enum(['cat', 'dog']) })).default([]),
    }),
    short: z.string().max(5),
    positive: z.number().positive().default(1),
    free: z.string().refine(async (name) => {
      await Promise.resolve();
      return name !== 'taken';
    }, 'it is taken'),
  },
  valibot: {
    person: v.object({
      name: v.pipe(v.string(), v.trim()),
      age: v.optional(v.number(), 18),
      pets: v.optional(v.array(v.object({ kind: v.picklist(['cat', 'dog']) })), []),
    }),
    short: v.pipe(v.string(), v.maxLength(5)),
    positive: v.optional(v.pipe(v.number(), v.minValue(1)), 1),
    free: v.pipeAsync(
      v.string(),
      v.checkAsync(async (name) => {
        await Promise.resolve();
        return name !== 'taken';
      }, 'it is taken'),
    ),
  },
  arktype: {
    person: type({
      name: 'string.trim',
      age: 'number = 18',
      pets: type({ kind: '"cat" | "dog"' })
        .array()
        .default(() => []),
    }),
    short: type('string <= 5'),
    positive: type('number > 0 | undefined').pipe((given) => given ?? 1),
    free: undefined,
  },
} satisfies Record<string, Record<string, StandardSchema | undefined>>;
