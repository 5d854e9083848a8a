import { type Check, checkEach, isFunction, isObject, must } from '../../contract/check-options.js';
import type { AddressObject, TransportSource } from '../../contract/contract.js';
import { UsageError } from '../../contract/errors.js';
import type { ReconnectOptions } from '../../types/reconnect.js';

const anything: Check = () => undefined;
const checks = {
  // The transport checks these.
  delay: anything,
  tries: anything,
  start: anything,
  // The extension for sessions that continue reads this one.
  resume: must((value) => typeof value === 'boolean', 'true or false'),
  begin: must(isFunction, 'a function'),
};

/** The check of the option `reconnect`. Throws a UsageError for an option in it that does not exist or does not fit. */
export const reconnectOption: Check = (value) => {
  if (typeof value === 'boolean') return undefined;
  if (!isObject(value) || Array.isArray(value))
    return 'true, or an object such as { delay: [100, 10_000], begin: login }';
  checkEach(value, checks, ' of reconnect');
  return undefined;
};

/** What the option specifies; undefined if the side does not reconnect by it. Throws a UsageError as the check: a page loads that later. */
export function readOption(value: boolean | ReconnectOptions | undefined): ReconnectOptions | undefined {
  if (value === undefined || value === false) return undefined;
  const expected = reconnectOption(value);
  if (expected !== undefined) throw new UsageError(`the option "reconnect" must be ${expected}`);
  return value === true ? {} : value;
}

const NAMED = /(^|[([{<])\s*(reconnect[+:]|restart:)/i;

/** Whether a source names a transport that dials again; true as well for what cannot be known: a function, an object. */
export function mayReconnect(source: TransportSource | undefined): boolean {
  if (typeof source === 'string') return NAMED.test(source);
  if (Array.isArray(source)) return source.some((each) => mayReconnect(each as TransportSource));
  if (source === undefined) return false;
  const { url, parts } = source as { readonly url?: unknown; readonly parts?: readonly TransportSource[] };
  return typeof url !== 'string' || NAMED.test(url) || (parts?.some((each) => mayReconnect(each)) ?? false);
}

/** The source with a transport around it that dials again. Each source of a list has one of its own. */
export function reconnecting(source: TransportSource, options: ReconnectOptions): TransportSource {
  const { begin: _begin, resume: _resume, ...redial } = options;
  if (Array.isArray(source)) return source.map((each) => reconnecting(each as TransportSource, options));
  if (typeof source === 'string' && NAMED.test(source) && !/^mux:/i.test(source)) return { ...redial, url: source };
  if (typeof (source as AddressObject).url === 'string' && NAMED.test((source as AddressObject).url))
    return { ...redial, ...(source as AddressObject) };
  return { ...redial, url: 'reconnect:', transport: source };
}
