import { UsageError } from '../../src/contract/errors.js';
import { type Headers, headerOf } from './exchange.js';

/** What a proxy says of a request that it has forwarded. */
export interface Forwarded {
  /** The address of the client, as the proxy has seen it. */
  readonly for?: string;
  /** The scheme that the client has used: `https`. */
  readonly proto?: string;
  /** The `Host` that the client has sent. */
  readonly host?: string;
  /** The proxy. */
  readonly by?: string;
}

const NAMES: readonly string[] = ['for', 'proto', 'host', 'by'];
const STANDARD = 'forwarded';
const PREFIX = 'x-forwarded-';

// Without ambiguous repetitions: matching takes time in proportion to the length.
const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const PAIR = `(${TOKEN})=(?:"((?:\\\\.|[^"\\\\])*)"|([^\\s";,\\\\]*))`;
const PAIRS = new RegExp(PAIR, 'g');
const ELEMENT = new RegExp(`^\\s*${PAIR}(?:\\s*;\\s*${PAIR})*\\s*$`);

/** The option `forwarded`: the headers that the proxy sets, in lower case; none by default. Throws a UsageError for others. */
export function readForwarded(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : String(value).split(',');
  const names = list.map((one) => String(one).trim().toLowerCase());
  const fits = (name: string): boolean =>
    name === STANDARD ? names.length === 1 : name.startsWith(PREFIX) && NAMES.includes(name.slice(PREFIX.length));
  if (names.length > 0 && names.every(fits)) return names;
  throw new UsageError(
    `http: the option "forwarded" must name the headers that the proxy sets, a list of ${NAMES.map((name) => `"${PREFIX}${name}"`).join(', ')}, or "${STANDARD}" alone, not ${JSON.stringify(value)}`,
  );
}

/**
 * What the nearest proxy has added to these headers: the last element of `Forwarded`, or the last values of `X-Forwarded-*`. What stands
 * before, and what other headers say, comes from the sender of the request, and can be forged.
 */
export function forwardedIn(headers: Headers, names: readonly string[]): Forwarded | undefined {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = headerOf(headers, name);
    if (value === undefined) continue;
    if (name === STANDARD) {
      for (const [, key = '', quoted, plain = ''] of lastElement(value).matchAll(PAIRS))
        if (NAMES.includes(key.toLowerCase())) found[key.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    } else {
      const last = value.slice(value.lastIndexOf(',') + 1).trim();
      if (last !== '') found[name.slice(PREFIX.length)] = last;
    }
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

/** The last well-formed element; empty if there is none. It is looked for from the end: a client may have left a quote open. */
function lastElement(text: string): string {
  for (let at = text.length; at > 0; ) {
    at = text.lastIndexOf(',', at - 1);
    const element = text.slice(at + 1);
    if (ELEMENT.test(element)) return element;
  }
  return '';
}
