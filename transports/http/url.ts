import { withoutPassword } from '../../src/contract/address.js';
import type { Address } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';

/** The option `headers`: headers of each request, or a function that returns them, called for each request. */
export type HeadersSource =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

/** A dialed URL. */
export interface DialedUrl {
  readonly url: URL;
  /** The URL to show: a query and a password are usually secrets. */
  readonly address: string;
  readonly peer: string;
  /** Of the credentials in the URL, if there are any. */
  readonly authorization: string | undefined;
  /** The address with the options of this transport only: the query belongs to the application of the server. */
  readonly own: Address;
}

/** Parses the address. Throws a UsageError if it cannot be dialed. */
export function dialedUrl(address: Address): DialedUrl {
  const { scheme, text } = address;
  const shown = withoutPassword(text);
  const wrong = (why: string): UsageError =>
    new UsageError(`"${shown}" cannot be dialed: ${why}, as in ${scheme}://127.0.0.1:8888/rpc`);
  if (!/^https?:\/\/[^/?#]/i.test(text)) throw wrong(`expected ${scheme}:// and a host`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong('expected a URL');
  }
  if (url.hash !== '') throw wrong('a request has no #fragment');
  if (url.port === '0') throw wrong('expected the port of the side that listens');
  const own: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(address.options)) {
    if (url.searchParams.getAll(name).at(-1) !== value) own[name] = value;
  }
  const { username, password } = url;
  url.username = url.password = '';
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port;
  const secret = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    url,
    address: `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`,
    peer: `${url.hostname}:${port}`,
    authorization: username === '' && password === '' ? undefined : `Basic ${base64(secret)}`,
    own: { ...address, options: own },
  };
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** The option `headers`. Throws a UsageError for something else. */
export function readHeaders(value: unknown): HeadersSource | undefined {
  if (value === undefined || typeof value === 'function') return value as HeadersSource | undefined;
  if (typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string'))
    return value as HeadersSource;
  throw new UsageError('http: the option "headers" must be an object of strings, or a function that returns one');
}

/** The option `connections`. Throws a UsageError for something else than a positive whole number. */
export function readConnections(value = 64): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new UsageError(`http: the option "connections" must be a positive whole number, not ${value}`);
}
