import { UsageError } from '../contract/errors.js';
import { mustBeOptions } from '../contract/options-object.js';
import { unknownOption } from '../contract/unknown-option.js';
import type { CodecSource, Options } from '../types/options.js';
import { checkStages } from './check-stages.js';
import type { Check } from './extension.js';
import { extensionOptions } from './extension-registry.js';
import { isEntryLogger } from './log-entry.js';

/** The options of the core. */
const coreChecks: { readonly [O in keyof Options]?: Check } = {
  transport: (value) =>
    unless(
      typeof value === 'string' || (typeof value === 'object' && value !== null) || typeof value === 'function',
      'an address, { url, … } or several in an array',
    ),
  codec: (value) =>
    unless(
      isCodecSource(value) || (has(value, 'in') && has(value, 'out') && [value.in, value.out].every(isCodecSource)),
      'a name such as "jrpc", a codec, or { in, out } with one for each direction',
    ),
  security: (value) =>
    unless(
      value === null || typeof value === 'string' || has(value, 'url') || (has(value, 'seal') && has(value, 'open')),
      'a name such as "user", or a security',
    ),
  invert: boolean,
  timeout: (value) => unless(typeof value === 'number' && value > 0, 'a positive number of milliseconds, or Infinity'),
  handlerTimeout: (value) =>
    unless(typeof value === 'number' && value > 0, 'a positive number of milliseconds, or Infinity'),
  defaults: (value) => unless(typeof value === 'object' && value !== null, 'an object of call options'),
  concurrency: (value) => unless(typeof value === 'number' && value >= 1, 'a number from 1'),
  limits: (value) => unless(typeof value === 'object' && value !== null, 'an object of limits'),
  validate: (value) =>
    unless(value === 'incoming' || value === 'both' || value === 'off', '"incoming", "both" or "off"'),
  types: (value) => unless(Array.isArray(value), 'an array of types, such as [standardTypes, Money]'),
  ignoreUnhandled: boolean,
  stages: checkStages,
  requireSecurityInfo: boolean,
  callSites: boolean,
  logger: (value) =>
    unless(
      value === null ||
        (has(value, 'warn') && has(value, 'error')) ||
        (typeof value === 'object' && isEntryLogger(value as object)),
      'an object with warn and error, such as console, an object with log(entry), or null',
    ),
};

function boolean(value: unknown): string | undefined {
  return unless(typeof value === 'boolean', 'true or false');
}
function unless(good: boolean, expected: string): string | undefined {
  return good ? undefined : expected;
}
function isCodecSource(value: unknown): value is CodecSource {
  return typeof value === 'string' || has(value, 'url') || (has(value, 'encode') && has(value, 'decode'));
}
function has<K extends string>(value: unknown, key: K): value is { readonly [N in K]: unknown } {
  return typeof value === 'object' && value !== null && key in value;
}

/** Throws a UsageError for what is no object of options. */
export function mustBeSideOptions(options: unknown): void {
  mustBeOptions(options, 'options', '{ codec: "msgpack" }');
}

/** Options as they were asked for. Throws a UsageError for one that is not known or does not fit. */
export function checkOptions(options: Options): Options {
  mustBeSideOptions(options);
  const checks: Readonly<Record<string, Check>> = { ...coreChecks, ...extensionOptions() };
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) throw unknownOption(name, checks);
    const expected = value === undefined ? undefined : checks[name]?.(value);
    if (expected !== undefined) throw new UsageError(`the option "${name}" must be ${expected}`);
  }
  if (
    options.requireSecurityInfo === true &&
    (options.security === undefined || options.security === null || options.security === 'null')
  ) {
    throw new UsageError(
      'requireSecurityInfo refuses every message as long as there is no security: give one, such as security: "user"',
    );
  }
  return options;
}
