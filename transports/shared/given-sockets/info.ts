import type { LinkInfo } from '../../../src/contract/contract.js';
import { UsageError } from '../../../src/contract/errors.js';

/**
 * What `peer.info` has of a socket: of the request of its handshake the path and the headers, or the entries of a plain object. Throws a
 * UsageError for anything else.
 */
export function infoOf(about: unknown, who: string): LinkInfo {
  if (about === undefined || about === null) return {};
  if (typeof about !== 'object' || Array.isArray(about))
    throw new UsageError(`${who}: the information about the peer must be the request of its handshake, or an object`);
  const { url, headers } = about as { readonly url?: unknown; readonly headers?: unknown };
  const isRequest = ![Object.prototype, null].includes(Object.getPrototypeOf(about));
  return {
    ...(!isRequest && about),
    ...(typeof url === 'string' && { url: pathOf(url) }),
    ...(typeof headers === 'object' && headers !== null && { headers: plain(headers) }),
  };
}

/** The path and the query. */
function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/?#]*/i, '');
}

/** Headers as an object with names in lower case. */
function plain(headers: object): Readonly<Record<string, unknown>> {
  const entries = (headers as { entries?: unknown }).entries;
  return typeof entries === 'function' ? Object.fromEntries(headers as Iterable<[string, string]>) : { ...headers };
}

/** The subprotocols that a request offers. Throws a UsageError if it is not a request, a list or the text of a header. */
export function offeredIn(request: unknown, who: string): ReadonlySet<string> {
  const headers = typeof request === 'object' ? (request as { headers?: unknown } | null)?.headers : undefined;
  const name = 'sec-websocket-protocol';
  const header =
    typeof headers === 'object' && headers !== null
      ? (plain(headers)[name] ?? '')
      : request === null || request === undefined
        ? ''
        : request;
  if (typeof header === 'string') return new Set(header.split(',').map((each) => each.trim()));
  throw new UsageError(`${who}: expected the request of a handshake, or its header ${name}`);
}
