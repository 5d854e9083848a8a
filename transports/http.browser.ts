import { readOptions } from '../src/contract/address.js';
import type { Address } from '../src/contract/contract.js';
import { type FetchHandler, makeFetchHandler } from './http/handler.js';
import { REQUEST_OPTIONS, type RequestOptions, readRequests } from './http/options.js';

export type { FetchHandler } from './http/handler.js';
export type { RequestOptions } from './http/options.js';
export { default } from './http/page.js';

/**
 * A transport for `serve` that is put into a server of the application, such as a Worker: `handler.fetch` answers a `Request`. The options are
 * those of `http:` for the side that listens. Throws a UsageError for one that does not fit.
 */
export function httpHandler(options: RequestOptions = {}): FetchHandler {
  const address: Address = { text: 'httpHandler()', scheme: 'http', rest: '', options: { ...options } };
  const read = readOptions(address, REQUEST_OPTIONS);
  return makeFetchHandler((wire) => readRequests(wire, read, '')).handler;
}
