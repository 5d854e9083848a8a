import type { Wire } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';
import { readHosts, readOrigins } from '../shared/visitors.js';
import { readForwarded } from './forwarded.js';
import type { RequestPlan } from './requests.js';

/** The options of the side that listens, of an address or of `httpHandler`. */
export const REQUEST_OPTIONS = {
  origins: 'any',
  hosts: 'any',
  cors: 'any',
  forwarded: 'any',
  document: 'flag',
  keepAlive: 'number',
} as const;

/** Their values. */
export interface RequestOptions {
  /** The origins whose pages may send requests, as an array or as text with commas. By default those of the same host. */
  readonly origins?: unknown;
  /** The accepted values of `Host`. By default any, but over a loopback address only loopback hosts. */
  readonly hosts?: unknown;
  /** The origins whose pages may send requests and read the responses (CORS). None by default. */
  readonly cors?: unknown;
  /**
   * The headers that a proxy sets, for `peer.info.forwarded`: `x-forwarded-for`, `x-forwarded-proto`, `x-forwarded-host` and
   * `x-forwarded-by`, as an array or as text with commas, or `forwarded`. None by default.
   */
  readonly forwarded?: unknown;
  /** Whether a GET that accepts no events receives what `describe()` returns, without `meta`, as JSON. Off by default. */
  readonly document?: boolean | undefined;
  /** In milliseconds, between two comments in a stream of events: 15,000 by default. */
  readonly keepAlive?: number | undefined;
}

/** Checks the options. Throws a UsageError for one that does not fit. */
export function readRequests(wire: Wire, options: RequestOptions, ownHost: string): RequestPlan {
  const { keepAlive = 15_000, document = false } = options;
  if (!(keepAlive > 0))
    throw new UsageError(`http: the option "keepAlive" must be a positive number of milliseconds, not ${keepAlive}`);
  if (document && wire.http !== undefined)
    throw new UsageError(
      'http: the option "document" cannot be combined with the dialect of this codec, which gives GET its own meaning; leave it out',
    );
  return {
    wire,
    visitors: {
      name: 'http',
      origins: readOrigins('http', options.origins),
      hosts: readHosts('http', options.hosts),
      ownHost,
    },
    cors: readOrigins('http', options.cors, 'cors'),
    forwarded: readForwarded(options.forwarded),
    document,
    keepAlive,
  };
}
