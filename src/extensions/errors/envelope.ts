import type { FaultBody } from '../../contract/contract.js';

/**
 * What `data` of a fault holds where an error has a name to tell: a registered one, or one whose name the policy tells. An
 * error without a name has its own `data` there.
 */
export interface Envelope {
  readonly name: string;
  readonly stack?: string;
  readonly data?: unknown;
  /** What its constructor is called with. */
  readonly args?: readonly unknown[];
  /** Its own fields, as far as they are data. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly cause?: Inner;
  /** Those of an `AggregateError`. */
  readonly errors?: readonly Inner[];
}

/** What stands within an error: another one, as a fault of its own, or a value that is no error. */
export type Inner = FaultBody | { readonly value: unknown };

/** How many errors travel within one, all together. */
export const ERRORS = 100;
/** How many errors travel one within the other. */
export const LEVELS = 16;
/** How many arguments a constructor may get. */
export const ARGS = 32;
/** How many fields of an error travel. */
export const FIELDS = 64;

const checks: { readonly [K in keyof Required<Envelope>]: (value: unknown) => boolean } = {
  name: isText,
  stack: isText,
  data: () => true,
  args: Array.isArray,
  fields: isObject,
  cause: isInner,
  errors: (value) => Array.isArray(value) && value.every(isInner),
};

/** Whether this is an envelope, to the last field: what strangers have for `data` stays theirs. */
export function isEnvelope(data: unknown): data is Envelope {
  return isObject(data) && typeof data.name === 'string' && fits(data, checks);
}

/** Faults that say less, in turn: without what stands within the error, and without its fields. */
export function lesser({ code, message, data }: FaultBody): readonly FaultBody[] {
  if (!isEnvelope(data)) return [];
  const { cause, errors, ...alone } = data;
  const { fields, ...bare } = alone;
  const less: Envelope[] = [];
  if (cause !== undefined || errors !== undefined) less.push(alone);
  if (fields !== undefined) less.push(bare);
  return less.map((envelope) => ({ code, message, data: envelope }));
}

const parts = { code: Number.isInteger, message: isText, data: () => true };

function isInner(value: unknown): value is Inner {
  if (!isObject(value)) return false;
  if (Object.hasOwn(value, 'value')) return Object.keys(value).length === 1;
  return Object.hasOwn(value, 'code') && Object.hasOwn(value, 'message') && fits(value, parts);
}

/** Whether an object has no other fields than these, and each is as it must be. */
function fits(value: object, allowed: Readonly<Record<string, (value: unknown) => boolean>>): boolean {
  return Object.entries(value).every(([key, field]) => Object.hasOwn(allowed, key) && allowed[key]?.(field) === true);
}
function isText(value: unknown): value is string {
  return typeof value === 'string';
}
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
