import { quote } from '../../src/base/quote.js';
import type { Accept, Link, LinkInfo, Receiver, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { Refusals } from '../shared/refusals.js';
import { refusalOf, takesOrigin, type VisitorHeaders, type Visitors } from '../shared/visitors.js';
import { RequestBody } from './body.js';
import { addCors, addPreflight } from './cors.js';
import { EventsLink } from './events.js';
import { EVENTS, type Exchange, headerOf } from './exchange.js';
import { forwardedIn } from './forwarded.js';
import type { HttpParts, Piece } from './parts.js';
import { PostLink } from './post.js';
import { HttpStreams } from './streams.js';

/** The options of the side that listens. */
export interface RequestPlan {
  readonly wire: Wire;
  readonly visitors: Visitors;
  /** The origins whose pages may read responses; undefined for none besides those of the server itself. */
  readonly cors: readonly string[] | undefined;
  /** The headers in which a proxy says what is trusted. */
  readonly forwarded: readonly string[];
  /** Whether a GET receives the description of the methods. */
  readonly document: boolean;
  /** In milliseconds, between two comments in a stream of events. */
  readonly keepAlive: number;
}

/** What is answered when the transport lets nobody in any more. */
const RETIRED = 'this server is being closed: try again';

/** Checks the requests that arrive, and makes links of them. */
export class HttpRequests extends HttpStreams {
  private readonly links = new Set<EventsLink | PostLink>();
  private readonly bodies = new Set<RequestBody>();
  private readonly unwelcome = { origins: new Refusals(), hosts: new Refusals() };
  private readonly full = new Refusals();
  private readonly failed = new Refusals();
  /** The host, and the address of the connection, of the last request that was accepted for these alone. */
  private accepted: { readonly host: string | undefined; readonly at: string | undefined } = {
    host: '',
    at: undefined,
  };
  private posts = 0;
  private named = 0;
  private accept: Accept | undefined;
  private retired = false;
  private emptied: (() => void) | undefined;

  constructor(
    private readonly plan: RequestPlan,
    parts: HttpParts,
    /** The address of this side, for reports. */
    private readonly address: () => string,
  ) {
    super(plan.wire, parts, plan.keepAlive);
  }

  begin(accept: Accept): void {
    this.accept = accept;
  }

  /** Answers requests with 503 from now on. */
  retire(): void {
    this.retired = true;
    for (const body of [...this.bodies]) body.refuse(503, RETIRED);
  }

  /** Resolves when no link is left. */
  async end(): Promise<void> {
    this.retire();
    if (this.links.size > 0) {
      const empty = new Promise<void>((resolve) => {
        this.emptied = resolve;
      });
      // What is at work was not answered; listeners just end.
      for (const link of [...this.links])
        link.close(link instanceof PostLink ? new ConnectionLost('the side was closed') : undefined);
      await empty;
    }
    this.stop();
  }

  /** A request has arrived, at the path of the transport. */
  take(exchange: Exchange): void {
    const { method } = exchange;
    if (this.retired || this.accept === undefined) this.refuse(exchange, 503, RETIRED);
    else if (!this.isWelcome(exchange)) return;
    else if (method === 'POST') this.post(exchange);
    else if (method === 'GET') this.get(exchange);
    else if (method === 'OPTIONS' && this.plan.cors !== undefined) {
      const headers = this.headersFor(exchange);
      addPreflight(headers, exchange);
      exchange.respond(204, headers);
    } else this.refuseMethod(exchange);
  }

  private isWelcome(exchange: Exchange): boolean {
    const { wire, visitors } = this.plan;
    const { headers, ends } = exchange;
    const { host, origin } = headers as VisitorHeaders;
    const at = ends.localAddress ?? ends.remoteAddress;
    // As the request before: most come from a few programs, which send no origin.
    if (origin === undefined && host !== undefined && host === this.accepted.host && at === this.accepted.at)
      return true;
    const refusal = refusalOf(headers as VisitorHeaders, ends, visitors);
    if (refusal === undefined) {
      if (origin === undefined) this.accepted = { host, at };
      return true;
    }
    if (refusal.option === 'origins' && this.isShared(exchange)) return true;
    this.refuse(exchange, 403, refusal.text);
    const count = this.unwelcome[refusal.option].add();
    const whom = count === 1 ? 'a request' : `${count} requests, the last one`;
    if (count > 0) wire.logger.warn(`${this.address()} refused ${whom}: ${refusal.text}`);
    return false;
  }

  /** Whether it comes from a page of another origin that may read the response. */
  private isShared({ headers }: Exchange): boolean {
    const { cors } = this.plan;
    return cors !== undefined && typeof headers.origin === 'string' && takesOrigin(headers.origin, undefined, cors);
  }

  // ---- POST ---------------------------------------------------------------------------------------------------------

  private post(exchange: Exchange): void {
    const { parts } = this;
    const { wire } = this.plan;
    const { headers } = exchange;
    const type = headerOf(headers, 'content-type');
    const coding = headerOf(headers, 'content-encoding') ?? 'identity';
    if (type === undefined || !parts.reads(type)) {
      const what = type === undefined ? 'no type' : quote(type, 100);
      this.refuse(exchange, 415, `the body of a request must have the type ${parts.type}, not ${what}`);
    } else if (coding !== 'identity') {
      this.refuse(exchange, 415, `a compressed body (${quote(coding, 50)}) cannot be read`, {
        'accept-encoding': 'identity',
      });
    } else if (this.posts >= wire.limits.peers) this.busy(exchange, 'requests');
    else {
      this.posts++;
      const body = new RequestBody(exchange, this);
      this.bodies.add(body);
      this.watch(this.bodies);
      body.start();
    }
  }

  read(body: RequestBody, bytes: Uint8Array): void {
    this.bodies.delete(body);
    const { exchange } = body;
    const { parts } = this;
    const { wire } = this.plan;
    let frames: ReturnType<HttpParts['frames']>;
    try {
      frames = parts.frames(bytes);
    } catch (error) {
      this.posts--;
      this.refuse(exchange, 400, (error as Error).message);
      return;
    }
    const refusal = wire.http?.refusal(exchange.headers, String(frames.at(-1)));
    if (refusal !== undefined) {
      this.posts--;
      exchange.respond(400, { ...this.headersFor(exchange), 'content-type': parts.type }, refusal);
      return;
    }
    const link = new PostLink(exchange, ++this.named, parts.isText ? eventsIn(exchange) : 'no', this);
    const receiver = this.receiverOf(link, exchange);
    if (receiver === undefined) this.posts--;
    else link.start(receiver, frames);
  }

  /** Passes a link to the core. If that is not possible, as where an extension is missing, the request is answered with 500. */
  private receiverOf(link: PostLink | EventsLink, exchange: Exchange): Receiver | undefined {
    this.links.add(link);
    try {
      return this.accept?.(link);
    } catch (error) {
      this.links.delete(link);
      if (this.failed.add() > 0) this.plan.wire.logger.error(`${this.address()} cannot serve requests`, error);
      const text = error instanceof UsageError ? `: ${error.message}` : '';
      this.refuse(exchange, 500, `this server cannot serve requests${text}`);
      return undefined;
    }
  }

  refused(body: RequestBody, status: number, text: string): void {
    this.dropped(body);
    this.refuse(body.exchange, status, text);
  }

  dropped(body: RequestBody): void {
    this.bodies.delete(body);
    this.posts--;
  }

  // ---- GET ----------------------------------------------------------------------------------------------------------

  private get(exchange: Exchange): void {
    const { wire, document } = this.plan;
    if (wire.http?.takesGet(exchange.headers) === false) this.refuseMethod(exchange);
    else if (this.parts.isText && (headerOf(exchange.headers, 'accept') ?? '').includes(EVENTS)) {
      if (this.links.size - this.posts >= wire.limits.peers) {
        this.busy(exchange, 'listeners');
        return;
      }
      const link = new EventsLink(exchange, ++this.named, this);
      const receiver = this.receiverOf(link, exchange);
      if (receiver !== undefined) link.start(receiver);
    } else if (!document) this.refuseMethod(exchange);
    else {
      const headers = { ...this.headersFor(exchange), 'content-type': 'application/json' };
      exchange.respond(200, headers, wire.document());
    }
  }

  // ---- responses ----------------------------------------------------------------------------------------------------

  headersFor(exchange: Exchange): Record<string, string> {
    const own: Record<string, string> = {};
    if (this.isShared(exchange))
      addCors(own, exchange.headers.origin as string, this.plan.cors?.includes('*') === true);
    if (this.retired) own.connection = 'close';
    return own;
  }

  statusOf(exchange: Exchange, answer: Piece): number {
    const { http } = this.plan.wire;
    return http === undefined ? 200 : http.statusOf(exchange.headers, String(answer));
  }

  infoOf(exchange: Exchange): LinkInfo {
    const { url, headers, connection } = exchange;
    const forwarded = forwardedIn(headers, this.plan.forwarded);
    return { url, headers, ...connection, ...(forwarded !== undefined && { forwarded }) };
  }

  gone(link: Link): void {
    if (!this.links.delete(link as PostLink)) return;
    if (link.brief === true) this.posts--;
    this.ended(link as PostLink | EventsLink);
    if (this.links.size === 0) this.emptied?.();
  }

  private refuse(exchange: Exchange, status: number, text: string, more?: Record<string, string>): void {
    if (exchange.isOver) return;
    const headers = { ...this.headersFor(exchange), 'content-type': 'text/plain; charset=utf-8', ...more };
    exchange.respond(status, headers, `${text}\n`);
  }

  private refuseMethod(exchange: Exchange): void {
    const { cors, document } = this.plan;
    const allow = [
      'POST',
      ...(this.parts.isText || document ? ['GET'] : []),
      ...(cors === undefined ? [] : ['OPTIONS']),
    ];
    this.refuse(exchange, 405, 'calls are made by POST', { allow: allow.join(', ') });
  }

  private busy(exchange: Exchange, what: string): void {
    const { peers } = this.plan.wire.limits;
    this.refuse(exchange, 503, `this server has reached its maximum of ${what} (limits.peers)`, { 'retry-after': '1' });
    const count = this.full.add();
    const has = `has ${peers} ${what}, its limit (limits.peers)`;
    if (count > 0) this.plan.wire.logger.warn(`${this.address()} ${has}, and refused ${count} more`);
  }
}

/** Whether a response may be events: what the client accepts. */
function eventsIn({ headers }: Exchange): 'no' | 'yes' | 'only' {
  const accept = headerOf(headers, 'accept');
  if (accept === undefined || !accept.includes(EVENTS)) return 'no';
  return /application\/(?:json|\*)|\*\/\*/.test(accept) ? 'yes' : 'only';
}
