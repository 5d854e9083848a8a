import type { Accept, Transport, TransportMaker, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import type { Exchange } from './exchange.js';
import { type FetchContext, FetchExchange } from './fetch.js';
import { HttpParts } from './parts.js';
import { HttpRequests, type RequestPlan } from './requests.js';

/** `Request` and `Response` where the program has their types, as with the library `dom` or the types of Node. */
type FetchRequest = typeof globalThis extends { Request: { prototype: infer R } } ? R : object;
type FetchResponse = typeof globalThis extends { Response: { prototype: infer R } } ? R : object;

/** A transport for `serve` whose requests come from a server of the application. */
export interface FetchHandler extends TransportMaker {
  /**
   * Answers a request: for `Bun.serve`, `Deno.serve`, Workers, Hono, and whatever else handles requests by functions like this. The second
   * argument is what Deno and Bun pass: it is asked for the address of the client. Rejects with a UsageError before it is served.
   */
  readonly fetch: (request: FetchRequest, context?: unknown) => Promise<FetchResponse>;
}

/** The transport of one side. */
export class RequestTransport implements Transport {
  readonly address = 'http:';
  private readonly requests: HttpRequests;
  private isClosed = false;

  constructor(plan: RequestPlan) {
    this.requests = new HttpRequests(plan, new HttpParts(plan.wire), () => 'http:');
  }

  async open(accept: Accept): Promise<void> {
    if (this.isClosed) throw new ConnectionLost('http: was closed before it was open');
    this.requests.begin(accept);
  }

  async retire(): Promise<void> {
    this.requests.retire();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.requests.end();
  }

  take(exchange: Exchange): void {
    this.requests.take(exchange);
  }

  fetch(request: FetchRequest, context: unknown): Promise<FetchResponse> {
    const exchange = new FetchExchange(request, context as FetchContext | undefined);
    this.requests.take(exchange);
    return exchange.response;
  }
}

/**
 * The function that makes the transport, with `fetch`; `served` returns the transport, and throws a UsageError before there is one. `plan`
 * makes the options complete.
 */
export function makeFetchHandler(plan: (wire: Wire) => RequestPlan): {
  readonly handler: FetchHandler;
  readonly served: () => RequestTransport;
} {
  let current: RequestTransport | undefined;
  const served = (): RequestTransport => {
    if (current !== undefined) return current;
    throw new UsageError(
      'nothing is served here yet: await serve(handler) first, with what httpHandler() has returned',
    );
  };
  const make: TransportMaker = (wire) => {
    if (wire.form === 'values') throw new UsageError('http: carries text or bytes, not values; use another codec');
    if (!wire.listen) throw new UsageError('an httpHandler() is for serve: to call it, connect to its address');
    current = new RequestTransport(plan(wire));
    return current;
  };
  const fetch = async (request: FetchRequest, context?: unknown): Promise<FetchResponse> =>
    served().fetch(request, context);
  return { handler: Object.assign(make, { fetch }), served };
}
