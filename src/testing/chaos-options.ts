import { decodeMarks, parseAddress } from '../contract/address.js';
import { type Check, type Checks, checkEach, isFunction, isObject, must } from '../contract/check-options.js';
import { UsageError } from '../contract/errors.js';
import { mustBeOptions } from '../contract/options-object.js';
import { type ChaosKind, type ChaosSchedule, KINDS } from './chaos-schedule.js';

/** Where a chaos proxy connects its links, and the address at which it can be reached instead. */
export interface ChaosTarget {
  readonly connect: { readonly host: string; readonly port: number } | { readonly path: string };
  /** The address of the proxy, once its own host and port are known. */
  url(host: string, port: number): string;
}

const isNumber = (value: unknown, least: number): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value >= least;
const isRange = (value: unknown): boolean =>
  isNumber(value, 0) ||
  (Array.isArray(value) && value.length === 2 && isNumber(value[0], 0) && isNumber(value[1], value[0]));
const range: Check = must(isRange, 'a number of milliseconds, or two: [least, most]');
const isKinds = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((kind) => KINDS.includes(kind as ChaosKind));

const scheduleChecks: Checks = {
  every: range,
  kinds: must(isKinds, `a list of ${KINDS.join(', ')}`),
  count: must((value) => value === Number.POSITIVE_INFINITY || isNumber(value, 0), 'a number of faults'),
  pause: range,
};
const checks: Checks = {
  to: must((value) => typeof value === 'string', 'an address, as in tcp://127.0.0.1:8888'),
  host: must((value) => typeof value === 'string' && value !== '', 'a host, as in 127.0.0.1'),
  port: must(
    (value) => Number.isInteger(value) && isNumber(value, 0) && (value as number) < 65_536,
    'a port from 0 to 65535',
  ),
  seed: must((value) => Number.isFinite(value), 'a number'),
  delay: range,
  bytesPerSecond: must(
    (value) => value === Number.POSITIVE_INFINITY || isNumber(value, 1),
    'a number of bytes, at least 1',
  ),
  schedule: must(isObject, 'an object, as in { every: [500, 2000] }'),
  onFault: must(isFunction, 'a function'),
};
const WHERE = 'chaosProxy(): ';

/** Throws a UsageError for an option that does not exist or does not fit. */
export function checkChaosOptions(options: object): void {
  mustBeOptions(options, 'chaosProxy(): the options', "{ to: 'tcp://127.0.0.1:8888' }");
  checkEach(options, checks, '', WHERE);
  const { to, schedule } = options as { to?: string; schedule?: ChaosSchedule };
  if (to === undefined) throw new UsageError(`${WHERE}the option "to" is missing: the address behind the proxy`);
  if (schedule === undefined) return;
  mustBeOptions(schedule, 'chaosProxy(): the option "schedule"', '{ every: [500, 2000] }');
  checkEach(schedule, scheduleChecks, ' of schedule', WHERE);
  if (schedule.every === undefined) throw new UsageError(`${WHERE}the option "every" of schedule is missing`);
}

/** Throws a UsageError for an argument of a method of the proxy that is none of these. */
export function mustBeOneOf(method: string, given: string, words: readonly string[]): void {
  if (words.includes(given)) return;
  throw new UsageError(`proxy.${method}() takes ${words.join(' or ')}, not ${JSON.stringify(given) ?? String(given)}`);
}

/** Reads the address behind a proxy. Throws a UsageError if no proxy can stand before it. */
export function chaosTarget(to: string): ChaosTarget {
  const { scheme, rest, text } = parseAddress(to);
  if (scheme === 'unix') {
    const options = text.slice(text.indexOf(rest) + rest.length);
    return { connect: { path: decodeMarks(rest) }, url: (host, port) => `tcp://${inUrl(host)}:${port}${options}` };
  }
  const [, authority = '', after = ''] = /^(?:tcp|tls|wss?):\/\/([^/?#]+)(.*)$/is.exec(to) ?? [];
  const usual: Readonly<Record<string, number>> = { ws: 80, wss: 443 };
  const [, name = '', given] = /^(\[[0-9a-f:.%]+\]|[^:[\]@]+)(?::(\d{1,5}))?$/i.exec(authority) ?? [];
  const port = given === undefined ? usual[scheme] : Number(given);
  if (name === '' || port === undefined || port > 65_535) {
    throw new UsageError(
      `${WHERE}the option "to" must be an address of tcp, tls, ws, wss or unix, as in tcp://127.0.0.1:8888, not ${JSON.stringify(to)}`,
    );
  }
  const host = name.replace(/^\[|\]$/g, '');
  return { connect: { host, port }, url: (own, at) => `${scheme}://${inUrl(own)}:${at}${after}` };
}

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
