import type { Address, AddressObject } from './contract.js';
import { UsageError } from './errors.js';
import { insteadOf, outerOf, within } from './misplaced-option.js';
import { described } from './options-object.js';

// No scheme of a URL has an underscore, but names from the model do: blindly_believe_everything.
const SCHEME = /^[a-z][a-z0-9+._-]*$/i;
const QUERY = /\?([\w.-]+(?:=[^&()]*)?(?:&[\w.-]+(?:=[^&()]*)?)*)$/;
/** Not across parts, as in `mux:(a)(b)`. */
const PASSWORD = /\/\/(?![\w.-]*(?::\d+)?[/?#])(?:(?!\)\().)*@/gs;
/** Quoted text, and quotes after a backslash, which do not open one. */
const QUOTED = /\\["']|"(?:\\.|[^"\\])*"|'[^']*'/gs;

/**
 * Parses an address: `tcp://127.0.0.1:1?framing=nul`, `{ url: 'process:', command: 'node' }`, `jrpc?dialect=lsp`. A
 * name without a colon is a scheme. Options are at the end: they begin at the first question mark outside quotes after
 * which the whole rest has the form of options (`name`, `name=value`, joined by `&`; no parentheses in values). A
 * question mark that does not begin options is quoted, or written as `%3F` where the transport decodes it
 * ({@link decodeMarks}). Throws a UsageError if there is no scheme.
 */
export function parseAddress(source: string | AddressObject): Address {
  const text = typeof source === 'string' ? source : source.url;
  if (typeof text !== 'string') {
    const hint = source instanceof URL ? 'a URL: give its href' : described(source);
    throw new UsageError(`an address is a string, or an object with the string "url", not ${hint}`);
  }
  const query = QUERY.exec(text.replace(QUOTED, (quoted) => quoted.replaceAll('?', '_')));
  const bare = query === null ? text : text.slice(0, query.index);
  const colon = bare.indexOf(':');
  const scheme = colon < 0 ? bare : bare.slice(0, colon);
  if (!SCHEME.test(scheme))
    throw new UsageError(`"${withoutPassword(text)}" has no scheme; expected one, as in tcp://127.0.0.1:8888`);
  const options: Record<string, unknown> = Object.create(null);
  for (const [key, value] of new URLSearchParams(query === null ? '' : text.slice(query.index))) {
    if (key in options) throw new UsageError(`${scheme}: the option "${key}" is given twice`);
    options[key] = value;
  }
  if (typeof source === 'object')
    for (const [key, value] of Object.entries(source)) if (key !== 'url') options[key] = value;
  const rest = colon < 0 ? '' : bare.slice(colon + 1);
  const outer = typeof source === 'object' ? outerOf(source) : undefined;
  return within({ text, scheme: scheme.toLowerCase(), rest, options }, outer);
}

/**
 * An address as errors show it: errors end up in logs, and what stands before the host may be a password. It ends at the last `@`, as it may
 * have characters that should have been written as `%2F` and so on; an `@` in the path behind a host is none.
 */
export function withoutPassword(text: string): string {
  return text.replace(PASSWORD, '//…@');
}

/**
 * Decodes a path or a name: `%3F` is a question mark, `%253F` is the text `%3F`, and so on. Nothing else is decoded,
 * because paths may contain a `%`.
 */
export function decodeMarks(text: string): string {
  return text.replace(/%((?:25)*)3f/gi, (whole, more: string) => (more === '' ? '?' : `%${whole.slice(3)}`));
}

/** The text in the form of an address: the inverse of {@link decodeMarks}. */
export function encodeMarks(text: string): string {
  return text.replace(/%((?:25)*3f)/gi, '%25$1').replaceAll('?', '%3F');
}

/**
 * How an option is read: `text`, `number` and `flag` also from strings, `any` unchanged, a list as one of its words.
 */
export type OptionKind = 'text' | 'number' | 'flag' | 'any' | readonly string[];
type Value<K> = K extends 'text'
  ? string
  : K extends 'number'
    ? number
    : K extends 'flag'
      ? boolean
      : K extends readonly (infer W)[]
        ? W
        : unknown;

/**
 * Reads the options of an address, each according to its kind; missing ones are undefined. Throws a UsageError for an
 * option that is unknown or has a wrong value. `otherwise` is appended to the text if the option comes from the query
 * of an address in which a question mark may be literal: how to write that.
 */
export function readOptions<const K extends Record<string, OptionKind>>(
  address: Address,
  kinds: K,
  otherwise?: string,
): { [N in keyof K]?: Value<K[N]> } {
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(address.options)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    const hint = otherwise !== undefined && isInQuery(address.text, name) ? `. ${otherwise}` : '';
    if (kind === undefined) {
      const instead = insteadOf(name, Object.keys(kinds), outerOf(address));
      throw new UsageError(`${address.scheme}: has no option "${name}"${instead}${hint}`);
    }
    if (value !== undefined) read[name] = readOption(address.scheme, name, value, kind, hint);
  }
  return read as { [N in keyof K]?: Value<K[N]> };
}

function isInQuery(text: string, name: string): boolean {
  return text.includes(`?${name}`) || text.includes(`&${name}`);
}

function readOption(scheme: string, name: string, value: unknown, kind: OptionKind, hint: string): unknown {
  const wrong = (expected: string): never => {
    throw new UsageError(
      `${scheme}: the option "${name}" must be ${expected}, not ${JSON.stringify(value) ?? String(value)}${hint}`,
    );
  };
  if (kind === 'any') return value;
  if (kind === 'text') return typeof value === 'string' ? value : wrong('a string');
  if (kind === 'number') {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof number === 'number' && !Number.isNaN(number) ? number : wrong('a number');
  }
  if (kind === 'flag') {
    if (typeof value === 'boolean') return value;
    if (value === '' || value === 'true' || value === 'on' || value === '1') return true;
    return value === 'false' || value === 'off' || value === '0' ? false : wrong('on or off');
  }
  return kind.includes(value as string) ? value : wrong(kind.join(' or '));
}

/** A host and a port. An empty host means every interface when listening, and this machine when dialing. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * The host and port of `//host:port`, and of the short forms `host:port`, `:port` and `port`; `[::1]` for IPv6, `[fe80::1%eth0]` with
 * its network. With `takesPath`, a path may follow. Throws a UsageError if the port is missing or invalid, and for a path where there is none.
 */
export function hostPort(address: Address, takesPath: boolean = false): HostPort {
  const [, authority = '', path = ''] = /^(?:\/\/)?([^/]*)(.*)$/s.exec(address.rest) ?? [];
  const match = /^(?:(?:(\[[0-9a-f:.]+(?:%\w+)?\])|([^:[\]@]*)):)?(\d{1,5})$/i.exec(authority);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    const { scheme, rest } = address;
    const text = withoutPassword(address.text);
    const expected = `expected ${scheme}://host:port, as in ${scheme}://127.0.0.1:8888`;
    const place = takesPath ? authority : rest;
    const hostAt = place.lastIndexOf('@') + 1;
    if (hostAt > 0)
      throw new UsageError(
        `an address of ${scheme}: has no user and no password, and there is one before "@${place.slice(hostAt)}"; ${expected}; a server that authenticates takes the option credentials`,
      );
    const [, host, last] = /^([^:[\]]*|\[[^\]]*\]):?([^:[\]]*)$/.exec(authority.replace(/^\d+$/, ':$&')) ?? [];
    if (last) throw new UsageError(`"${text}": ${last} is not a port, which is a number from 0 to 65535; ${expected}`);
    if (host) throw new UsageError(`"${text}" has no port; ${expected}`);
    throw new UsageError(`"${text}" has no host and port; ${expected}; write an IPv6 address in brackets, as in [::1]`);
  }
  if (!takesPath && path.length > 1) {
    const { text, scheme } = address;
    throw new UsageError(
      `"${withoutPassword(text)}": an address of ${scheme}: has no path; remove ${path}, or use ws: if the server expects WebSockets`,
    );
  }
  return { host: match[1]?.slice(1, -1) ?? match[2] ?? '', port };
}
