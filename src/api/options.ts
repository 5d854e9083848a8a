import { type Check, checkEach, flag, isFunction, isObject, milliseconds, must } from '../contract/check-options.js';
import { UsageError } from '../contract/errors.js';
import { sideOptionsAre } from '../contract/misplaced-option.js';
import { mustBeOptions } from '../contract/options-object.js';
import { isCallOption } from '../spec/call-options.js';
import type { CodecSource, Options } from '../types/options.js';
import { checkStages } from './check-stages.js';
import { checkConcurrency } from './concurrency.js';
import { extensionOptions } from './extension-registry.js';
import { isEntryLogger } from './log-entry.js';

/** The options of the core. */
export const coreOptions: { readonly [O in keyof Options]?: Check } = {
  transport: must(
    (value) => typeof value === 'string' || isObject(value) || isFunction(value),
    'an address, { url, … } or several in an array',
  ),
  codec: must(
    (value) =>
      isCodecSource(value) || (has(value, 'in') && has(value, 'out') && [value.in, value.out].every(isCodecSource)),
    'a name such as "jrpc", a codec, or { in, out } with one for each direction',
  ),
  security: must(
    (value) =>
      value === null || typeof value === 'string' || has(value, 'url') || (has(value, 'seal') && has(value, 'open')),
    'a name such as "user", or a security',
  ),
  invert: flag,
  timeout: milliseconds,
  handlerTimeout: milliseconds,
  defaults: must(isObject, 'an object of call options'),
  concurrency: checkConcurrency,
  limits: must(isObject, 'an object of limits'),
  validate: must((value) => value === 'incoming' || value === 'both' || value === 'off', '"incoming", "both" or "off"'),
  types: must(Array.isArray, 'an array of types, such as [standardTypes, Money]'),
  ignoreUnhandled: flag,
  stages: checkStages,
  requireSecurityInfo: flag,
  callSites: flag,
  logger: must(
    (value) =>
      value === null || (has(value, 'warn') && has(value, 'error')) || (isObject(value) && isEntryLogger(value)),
    'an object with warn and error, such as console, an object with log(entry), or null',
  ),
};

function isCodecSource(value: unknown): value is CodecSource {
  return typeof value === 'string' || has(value, 'url') || (has(value, 'encode') && has(value, 'decode'));
}
function has<K extends string>(value: unknown, key: K): value is { readonly [N in K]: unknown } {
  return isObject(value) && key in value;
}

function isSideOption(name: string): boolean {
  return Object.hasOwn(coreOptions, name) || Object.hasOwn(extensionOptions(), name);
}
// The errors for options of addresses name those that belong to the side.
sideOptionsAre(isSideOption);

/** Throws a UsageError for what is no object of options. */
export function mustBeSideOptions(options: unknown): void {
  mustBeOptions(options, 'options', '{ codec: "msgpack" }');
}

/** Options as they were asked for. Throws a UsageError for one that is not known or does not fit. */
export function checkOptions(options: Options): Options {
  mustBeSideOptions(options);
  for (const name of Object.keys(options)) {
    if (isCallOption(name) && !isSideOption(name))
      throw new UsageError(
        `unknown option "${name}": it is an option of calls; for all calls of the side, write defaults: { ${name}: … }`,
      );
  }
  checkEach(options, { ...coreOptions, ...extensionOptions() });
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
