import { readOptions } from '../src/contract/address.js';
import type { Address } from '../src/contract/contract.js';
import { type FetchDoor, fetchDoor } from './http/door.js';
import { REQUEST_OPTIONS, type RequestOptions, readRequests } from './http/options.js';

export type { FetchDoor } from './http/door.js';
export type { RequestOptions } from './http/options.js';
export { default } from './http/page.js';

/**
 * A transport for `serve` that is put into a server of the application, such as a Worker: `door.fetch` answers a `Request`. The options are
 * those of `http:` for the side that listens. Throws a UsageError for one that does not fit.
 */
export function httpDoor(options: RequestOptions = {}): FetchDoor {
  const address: Address = { text: 'httpDoor()', scheme: 'http', rest: '', options: { ...options } };
  const read = readOptions(address, REQUEST_OPTIONS);
  return fetchDoor((wire) => readRequests(wire, read, '')).door;
}
