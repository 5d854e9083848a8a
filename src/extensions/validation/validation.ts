import { messageOf } from '../../base/thrown.js';
import type { MethodDescriptor } from '../../spec/method-descriptor.js';
import type { MethodOptions } from '../../types/method-options.js';
import type { StandardSchema } from '../../types/schema.js';
import { applySchema, applyToSingle, continueWith, type Verdict } from './apply-schema.js';
import { bounded, type Issue } from './issues.js';
import { schemaOf } from './parameter-types.js';
import { ValidationError } from './validation-error.js';

/**
 * Returns the value to use, or a promise of it if the schema is asynchronous. Throws, or rejects with, a ValidationError if the
 * value does not fit, and an Error with a `cause` if the schema itself has failed.
 */
export type Check<T = unknown> = (value: T) => T | Promise<T>;

/** The checks of one method; undefined where it has no schema. */
export interface Validation {
  /** The arguments after the first parameter, in the order of the method's parameters. */
  readonly args: Check<readonly unknown[]> | undefined;
  readonly result: Check | undefined;
  readonly item: Check | undefined;
  readonly progress: Check | undefined;
}

/** The properties of a method descriptor that the checks need. */
export type Checked = Pick<MethodDescriptor, 'wire' | 'params' | 'positional' | 'types'> & {
  readonly body: { readonly length: number };
  readonly declaration: { readonly options: MethodOptions };
};

/**
 * The checks of a method; undefined if it has none. `revived` returns whether instances of a class, besides the standard ones,
 * arrive as instances. The schemas must have passed `mustBeAskable`.
 */
export function validationOf(
  method: Checked,
  revived: (type: unknown) => boolean = () => false,
): Validation | undefined {
  const { returns, items, progress } = method.declaration.options;
  const args = argumentsOf(method, revived);
  if ((args ?? returns ?? items ?? progress) === undefined) return undefined;
  return {
    args,
    result: returns && checkSingle(`the result of ${method.wire}`, returns),
    item: items && checkSingle(`an item of ${method.wire}`, items),
    progress: progress && checkSingle(`the progress of ${method.wire}`, progress),
  };
}

/** The check of the arguments: how depends on how they are sent. */
function argumentsOf(method: Checked, revived: (type: unknown) => boolean): Check<readonly unknown[]> | undefined {
  const { params, positional, declaration } = method;
  const given = declaration.options.args;
  const many = isList(given);
  if (params === undefined && !positional) {
    const schema = many ? given[0] : given;
    return schema && ((values) => conclude(method.wire, () => checkObject(schema, values)));
  }
  if (params !== undefined && given !== undefined && !many) {
    return (values) => conclude(method.wire, () => checkNamed(given, params, values));
  }
  const schemas = schemasOf(method, many ? given : [given], revived);
  if (schemas.every((schema) => schema === undefined)) return undefined;
  // Further arguments are a rest parameter, if the function shows that it may have one: the last schema applies to each.
  const rest = params === undefined && schemas.length >= method.body.length ? schemas.at(-1) : undefined;
  return (values) => conclude(method.wire, () => checkEach(schemas, rest, params, values));
}

/** One schema for each value: that of the decorator, or else that of the class of the parameter. */
function schemasOf(
  { types = [] }: Checked,
  given: readonly (StandardSchema | undefined)[],
  revived: (type: unknown) => boolean,
): (StandardSchema | undefined)[] {
  const count = Math.max(given.length, types.length - 1);
  return Array.from({ length: count }, (_, at) => given[at] ?? schemaOf(types[at + 1], revived));
}

/** Checks the one object. The schema must return an object, too. */
function checkObject(schema: StandardSchema, [given]: readonly unknown[]): Outcome<readonly unknown[]> {
  return continueWith(applySchema(schema, given ?? {}), (verdict) =>
    verdict.issues === undefined ? { value: [fieldsOf(verdict.value)] } : verdict,
  );
}

/** Checks an object whose fields are the values. */
function checkNamed(
  schema: StandardSchema,
  params: readonly string[],
  values: readonly unknown[],
): Outcome<readonly unknown[]> {
  const named: Record<string, unknown> = {};
  for (const [at, name] of params.entries()) if (values[at] !== undefined) named[name] = values[at];
  return continueWith(applySchema(schema, named), (verdict) => {
    if (verdict.issues !== undefined) return verdict;
    const fields = fieldsOf(verdict.value);
    const value = params.map((name) => (Object.hasOwn(fields, name) ? fields[name] : undefined));
    return { value: shortened(value, values.length) };
  });
}

/** Checks each value by itself; `rest` applies to those after the last schema. */
function checkEach(
  schemas: readonly (StandardSchema | undefined)[],
  rest: StandardSchema | undefined,
  params: readonly string[] | undefined,
  values: readonly unknown[],
): Outcome<readonly unknown[]> {
  const count = Math.max(schemas.length, values.length);
  const verdicts = Array.from({ length: count }, (_, at): Verdict | Promise<Verdict> => {
    const schema = at < schemas.length ? schemas[at] : rest;
    return schema === undefined ? { value: values[at] } : applyToSingle(schema, values[at], [params?.[at] ?? at]);
  });
  const join = (all: readonly Verdict[]): Known<readonly unknown[]> => {
    const issues = all.flatMap((verdict) => verdict.issues ?? []);
    if (issues.length > 0) return { issues: bounded(issues) };
    return {
      value: shortened(
        all.map((verdict) => (verdict as { value: unknown }).value),
        values.length,
      ),
    };
  };
  return verdicts.some((verdict) => verdict instanceof Promise)
    ? Promise.all(verdicts).then(join)
    : join(verdicts as Verdict[]);
}

/** Removes trailing undefined values that were not sent, so that a handler sees as many arguments as were sent. */
function shortened(values: unknown[], least: number): readonly unknown[] {
  let { length } = values;
  while (length > least && values[length - 1] === undefined) length--;
  values.length = length;
  return values;
}

function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new TypeError('the schema of named arguments must return an object');
}

function checkSingle(what: string, schema: StandardSchema): Check {
  return (value) => conclude(what, () => applyToSingle(schema, value));
}

type Known<T> = { readonly value: T; readonly issues?: undefined } | { readonly issues: readonly Issue[] };
type Outcome<T> = Known<T> | Promise<Known<T>>;

/** Returns the value, or throws the error that says what is wrong. */
function conclude<T>(what: string, asked: () => Outcome<T>): T | Promise<T> {
  const settle = (known: Known<T>): T => {
    if (known.issues === undefined) return known.value;
    throw new ValidationError(what, known.issues);
  };
  let outcome: Outcome<T>;
  try {
    outcome = asked();
  } catch (error) {
    throw failed(what, error);
  }
  if (!(outcome instanceof Promise)) return settle(outcome);
  return outcome.then(settle, (error: unknown) => {
    throw failed(what, error);
  });
}

/** It is a mistake of this side, not of a peer, so its stack is kept as the cause. */
function failed(what: string, cause: unknown): Error {
  return new Error(`${what}: the schema has failed: ${messageOf(cause)}`, {
    cause,
  });
}

function isList(args: MethodOptions['args']): args is readonly (StandardSchema | undefined)[] {
  return Array.isArray(args);
}
