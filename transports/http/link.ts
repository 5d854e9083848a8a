import { isThenable } from '../../src/base/promise-like.js';
import type { Accept, Envelope, Frame, Link, LinkInfo, Receiver, Wire } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import { DEFAULT_TIMEOUT } from '../../src/contract/limits.js';
import { Refusals } from '../shared/refusals.js';
import { type CallOwner, HttpCall } from './call.js';
import { EVENTS, type Headers, headerOf } from './exchange.js';
import { HttpParts, type Piece } from './parts.js';
import type { Poster } from './poster.js';
import { endSession } from './session.js';
import type { DialedUrl, HeadersSource } from './url.js';

/** The options of the side that dials. */
export interface DialPlan {
  readonly target: DialedUrl;
  readonly wire: Wire;
  readonly poster: Poster;
  readonly headers: HeadersSource | undefined;
  /** How many requests are made at a time. */
  readonly connections: number;
}

interface Waiting {
  readonly call: HttpCall;
  readonly body: Piece;
}

/** The link to a server: each call is a request of its own. */
export class HttpLink implements Link, CallOwner {
  readonly peer: string;
  readonly info: LinkInfo;
  readonly dialed = true;
  readonly agreed = false;
  readonly takes = 'calls';
  readonly parts: HttpParts;
  private readonly accepts: string;
  readonly frameBytes: number;
  readonly ended: Promise<void>;
  receiver!: Receiver;
  buffered = 0;
  private readonly calls = new Map<number, HttpCall>();
  private readonly notices = new Set<HttpCall>();
  private waiting: Waiting[] = [];
  private running = 0;
  private readonly refused = new Refusals();
  private flushing: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  /** The headers of the protocol of a dialect. */
  private readonly protocol: Record<string, string> = {};
  private unaccepted: Error | undefined;
  private reason: Error | undefined;
  private isClosing = false;
  /** While the request that ends the session at the server is under way. */
  private ending: Promise<void> | undefined;
  private isOver = false;
  private whenEnded!: () => void;

  constructor(private readonly plan: DialPlan) {
    const { target, wire } = plan;
    this.peer = target.peer;
    this.info = { url: target.address };
    this.parts = new HttpParts(wire);
    const { isText, type } = this.parts;
    this.accepts = isText ? `${type}, ${EVENTS}` : type;
    this.frameBytes = wire.limits.frameBytes;
    this.ended = new Promise((resolve) => {
      this.whenEnded = resolve;
    });
  }

  start(accept: Accept): void {
    this.receiver = accept(this);
    if (this.isOver) this.receiver.closed(this.reason);
  }

  /** Everything leaves through `dispatch`. */
  send(): void {}

  dispatch(frames: readonly Frame[], { id, method }: Envelope): undefined {
    if (this.isClosing) return;
    const body = this.parts.body(this.parts.pieces(frames));
    const call = new HttpCall(id, `${method} at ${this.plan.target.address}`, body.length, this, method);
    if (id === undefined) {
      this.notices.add(call);
      call.limit(DEFAULT_TIMEOUT);
    } else this.calls.set(id, call);
    this.buffered += body.length;
    if (this.running < this.plan.connections) this.begin(call, body);
    else this.waiting.push({ call, body });
  }

  private begin(call: HttpCall, body: Piece): void {
    this.running++;
    const { headers } = this.plan;
    if (typeof headers !== 'function') this.post(call, body, headers);
    else {
      try {
        const given = headers();
        if (!isThenable(given)) this.post(call, body, given as Readonly<Record<string, string>>);
        else
          Promise.resolve(given).then(
            (value) => this.post(call, body, value as Readonly<Record<string, string>>),
            (error: unknown) => this.noHeaders(call, error),
          );
      } catch (error) {
        queueMicrotask(() => this.noHeaders(call, error));
      }
    }
  }

  private post(call: HttpCall, body: Piece, headers: Readonly<Record<string, string>> | undefined): void {
    if (!this.has(call)) return;
    const { parts, plan } = this;
    const { authorization } = plan.target;
    const { http } = plan.wire;
    const all: Record<string, string> = { 'content-type': parts.type, accept: this.accepts };
    if (authorization !== undefined) all.authorization = authorization;
    if (http !== undefined) {
      Object.assign(all, this.protocol, http.headersFor(String(body)));
      call.session = this.protocol[http.session];
    }
    if (headers !== undefined) Object.assign(all, headers);
    call.posted = plan.poster.post(body, all, call);
  }

  private noHeaders(call: HttpCall, error: unknown): void {
    const text = `the option "headers" has failed: ${error instanceof Error ? error.message : String(error)}`;
    call.failed(new ConnectionLost(text, { cause: error }), true);
  }

  private has(call: HttpCall): boolean {
    return call.id === undefined ? this.notices.has(call) : this.calls.get(call.id) === call;
  }

  withdraw(id: number): void {
    this.calls.get(id)?.abort();
  }

  explain(error: Error): string {
    return error instanceof ConnectionLost ? error.message : this.plan.poster.explain(error);
  }

  responded(headers: Headers): void {
    const { http } = this.plan.wire;
    const id = http && headerOf(headers, http.session);
    if (http !== undefined && id !== undefined) this.protocol[http.session] = id;
  }

  /** Whether a response with this status means that the session of the call is over: the next calls are made without one. */
  sessionIsOver(status: number, session: string | undefined): boolean {
    const { http } = this.plan.wire;
    if (http === undefined || status !== 404 || session === undefined) return false;
    // A call that was sent before must not end the session that has been begun since.
    if (this.protocol[http.session] === session)
      for (const name of Object.keys(this.protocol)) delete this.protocol[name];
    return true;
  }

  answered(method: string, frame: Frame): void {
    const { http } = this.plan.wire;
    if (http !== undefined && typeof frame === 'string') Object.assign(this.protocol, http.headersAfter(method, frame));
  }

  over(call: HttpCall, error: Error | undefined): void {
    if (call.id === undefined) this.notices.delete(call);
    else if (this.calls.get(call.id) === call) this.calls.delete(call.id);
    this.buffered -= call.bytes;
    if (error !== undefined) this.notAccepted(error);
    const at = this.waiting.findIndex((one) => one.call === call);
    if (at >= 0) this.waiting.splice(at, 1);
    else {
      this.running--;
      const next = this.waiting.shift();
      if (next !== undefined) this.begin(next.call, next.body);
    }
    if (!this.isClosing) this.receiver.drained();
    if (this.notices.size > 0) return;
    this.flushed();
    if (this.isClosing) this.finish();
  }

  private notAccepted(error: Error): void {
    this.unaccepted ??= error;
    const count = this.refused.add();
    const others = count > 1 ? ` (and ${count - 1} more since the last report)` : '';
    if (count > 0) this.plan.wire.logger.warn(`a notification was not accepted: ${error.message}${others}`);
  }

  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.flushing.push({ resolve, reject });
      if (this.notices.size === 0) this.flushed();
    });
  }

  private flushed(): void {
    const { unaccepted } = this;
    const waiting = this.flushing.splice(0);
    if (waiting.length === 0) return;
    this.unaccepted = undefined;
    for (const { resolve, reject } of waiting) unaccepted === undefined ? resolve() : reject(unaccepted);
  }

  pause(): void {}
  resume(): void {}

  /** Without a reason, notifications that are on their way still arrive. */
  close(reason?: Error): void {
    if (this.isOver) return;
    if (!this.isClosing) this.reason = reason;
    this.isClosing = true;
    for (const call of [...this.calls.values()]) call.abort();
    if (reason !== undefined) for (const call of [...this.notices]) call.abort();
    for (const call of this.notices) call.limit(this.plan.wire.limits.connectMs);
    if (this.notices.size === 0) this.finish();
  }

  /** Reports to the server that the session has ended. Returns false if there is nothing to report, or it was reported. */
  private endsSession(): boolean {
    const { plan, protocol, reason } = this;
    const { http, limits } = plan.wire;
    if (http === undefined || protocol[http.session] === undefined || reason !== undefined) return false;
    this.ending ??= endSession(plan, { ...protocol }, limits.connectMs).then(() => {
      delete protocol[http.session];
      this.finish();
    });
    return true;
  }

  private finish(): void {
    if (this.isOver || this.endsSession()) return;
    this.isOver = true;
    this.whenEnded();
    this.receiver?.closed(this.reason);
  }
}
