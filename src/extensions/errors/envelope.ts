import type { FaultBody } from '../../contract/contract.js';

/**
 * The `data` of a fault whose error has a name to send: a registered error, or one whose name the policy includes. An error
 * without a name has its own `data` there.
 */
export interface Envelope {
  readonly name: string;
  readonly stack?: string;
  readonly data?: unknown;
  /** The arguments of its constructor. */
  readonly args?: readonly unknown[];
  /** Its own fields, as far as they are plain data. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly cause?: Inner;
  /** The errors of an `AggregateError`. */
  readonly errors?: readonly Inner[];
}

/** A cause or an inner error: another error as its own fault, or a value that is not an error. */
export type Inner = FaultBody | { readonly value: unknown };

/** How many errors are sent within one, in total. */
export const ERRORS = 100;
/** How deep errors within errors may be nested. */
export const LEVELS = 16;
/** How many arguments a constructor may get. */
export const ARGS = 32;
/** How many fields of an error are sent. */
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

/** Whether this is an envelope; every field is checked, because peers that are not Obverse may send any `data`. */
export function isEnvelope(data: unknown): data is Envelope {
  return isObject(data) && typeof data.name === 'string' && fits(data, checks);
}

/** Smaller versions of a fault, in order: without inner errors, then also without fields. */
export function smallerFaults({ code, message, data }: FaultBody): readonly FaultBody[] {
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

/** Whether an object has only these fields, and each passes its check. */
function fits(value: object, allowed: Readonly<Record<string, (value: unknown) => boolean>>): boolean {
  return Object.entries(value).every(([key, field]) => Object.hasOwn(allowed, key) && allowed[key]?.(field) === true);
}
function isText(value: unknown): value is string {
  return typeof value === 'string';
}
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
