import { type Exchange, headerOf } from './exchange.js';

/** How long, in seconds, a browser keeps the answer to a preflight. */
const KEPT_S = 7_200;
const METHODS = 'POST, GET, OPTIONS';
/** The headers that a page may read besides the usual ones. */
const EXPOSED = 'Mcp-Session-Id, WWW-Authenticate';
/** A list of names of headers. */
const NAMES = /^[\w!#$%&'*+.^`|~, -]{1,1000}$/;

/**
 * Adds to a response that a page of another origin may read it. The origin was accepted before. `isAny`: every origin is, so none may send
 * its cookies.
 */
export function addCors(headers: Record<string, string>, origin: string, isAny: boolean): void {
  headers['access-control-allow-origin'] = isAny ? '*' : origin;
  if (!isAny) {
    headers['access-control-allow-credentials'] = 'true';
    headers.vary = 'Origin';
  }
  headers['access-control-expose-headers'] = EXPOSED;
}

/** Adds what a browser asks before it lets a page send its request. */
export function addPreflight(headers: Record<string, string>, exchange: Exchange): void {
  const asked = headerOf(exchange.headers, 'access-control-request-headers');
  headers['access-control-allow-methods'] = METHODS;
  if (asked !== undefined && NAMES.test(asked)) headers['access-control-allow-headers'] = asked;
  headers['access-control-max-age'] = String(KEPT_S);
}
