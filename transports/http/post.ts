import type { Frame, Link, LinkInfo, Receiver } from '../../src/contract/contract.js';
import { Code, ConnectionLost, ProtocolError, RpcError } from '../../src/contract/errors.js';
import { EVENTS, type Exchange, type ResponseWatch } from './exchange.js';
import type { HttpParts, Piece } from './parts.js';

/** The headers of a response that is a stream of events: nothing between the two ends may keep it back. */
export const EVENT_HEADERS: Readonly<Record<string, string>> = {
  'content-type': EVENTS,
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/** What the link of a request needs of its transport. */
export interface LinkOwner {
  readonly parts: HttpParts;
  readonly frameBytes: number;
  /** What is known of a request. */
  infoOf(exchange: Exchange): LinkInfo;
  /** The status of a response with this answer. */
  statusOf(exchange: Exchange, answer: Piece): number;
  /** The headers that every response to the request has. */
  headersFor(exchange: Exchange): Record<string, string>;
  /** The response is a stream of events, or may become one: comments keep it alive. */
  streams(link: EventWriter): void;
  /** The response is complete; `bytes` of it are not sent yet. */
  sending(exchange: Exchange, bytes: number): void;
  /** The link has ended. */
  gone(link: Link): void;
}

/** Something that writes events. */
export interface EventWriter {
  /** A comment is due: it shows proxies between the two ends that the response is in use. */
  keepAlive(): void;
}

/** The number of bytes of a response that may wait to be sent without being counted. */
const SMALL = 64 * 1024;

/** A POST: a link that exists until its message is answered. */
export class PostLink implements Link, ResponseWatch, EventWriter {
  readonly brief = true;
  readonly agreed = false;
  readonly takes: 'answers' | 'notifications';
  private receiver: Receiver | undefined = undefined;
  private readonly pieces: Piece[] = [];
  private known: LinkInfo | undefined = undefined;
  private refusal: Error | undefined = undefined;
  private begun = false;
  private isWaiting = false;
  /** A comment was due before anything was sent. */
  private isLong = false;
  private over = false;
  /** Why it has ended; known before there is a receiver if it ends within `accept`. */
  private reason: Error | undefined = undefined;

  /**
   * @param number that of the request, for its name.
   * @param events how the response may be written: as one message, as events if anything comes before the answer, or always as events.
   */
  constructor(
    readonly exchange: Exchange,
    private readonly number: number,
    private readonly events: 'no' | 'yes' | 'only',
    private readonly owner: LinkOwner,
  ) {
    this.takes = events === 'no' ? 'answers' : 'notifications';
    exchange.watch = this;
    if (events !== 'no') owner.streams(this);
  }

  /** Receives the message. */
  start(receiver: Receiver, frames: readonly Frame[]): void {
    this.receiver = receiver;
    if (this.over) receiver.closed(this.reason);
    else for (const frame of frames) receiver.receive(frame);
  }

  get peer(): string {
    return `${this.exchange.peer ?? 'http'}#${this.number}`;
  }

  get info(): LinkInfo {
    this.known ??= this.owner.infoOf(this.exchange);
    return this.known;
  }

  get frameBytes(): number {
    return this.owner.frameBytes;
  }

  get buffered(): number {
    return this.begun ? this.exchange.waiting : 0;
  }

  send(frames: readonly Frame[]): void {
    if (this.over) return;
    for (const piece of this.owner.parts.pieces(frames)) this.pieces.push(piece);
    if (this.begun) this.writeNow();
    else if (this.takes === 'notifications' && !this.isWaiting) {
      // Unless the link is closed within this turn, there is more to come.
      this.isWaiting = true;
      queueMicrotask(() => this.over || this.writeNow());
    }
  }

  denied(reason: Error): void {
    this.refusal = reason;
  }

  pause(): void {}
  resume(): void {}

  close(reason?: Error): void {
    if (this.over) return;
    this.over = true;
    const { exchange, owner } = this;
    if (this.begun) {
      this.writeEvents();
      exchange.end();
    } else this.respond(reason);
    const waiting = exchange.isOver ? 0 : exchange.waiting;
    exchange.watch = undefined;
    if (waiting > SMALL) owner.sending(exchange, waiting);
    this.end(reason);
  }

  /** The sender of the request has closed its connection. */
  gone(): void {
    if (this.over) return;
    this.over = true;
    this.end(new ConnectionLost('the client ended the request before it was answered'));
  }

  private end(reason: Error | undefined): void {
    this.reason = reason;
    this.owner.gone(this);
    this.receiver?.closed(reason);
  }

  drained(): void {
    if (!this.over) this.receiver?.drained();
  }

  keepAlive(): void {
    if (this.over) return;
    if (this.begun) this.exchange.write(': \n\n');
    else if (this.isLong) this.begin();
    else this.isLong = true;
  }

  /** Writes what there is as events. */
  private writeNow(): void {
    this.begin();
    this.writeEvents();
  }

  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.exchange.begin({ ...EVENT_HEADERS, ...this.owner.headersFor(this.exchange) });
  }

  private writeEvents(): void {
    const { parts } = this.owner;
    for (const piece of this.pieces.splice(0)) this.exchange.write(parts.event(piece as string));
  }

  private respond(reason: Error | undefined): void {
    const { exchange, owner, pieces, refusal } = this;
    const status = refusal === undefined ? statusOf(reason, pieces) : 401;
    if (status === 200 && (this.events === 'only' || (pieces.length > 1 && this.events === 'yes'))) {
      this.writeNow();
      exchange.end();
      return;
    }
    const headers = owner.headersFor(exchange);
    if (refusal !== undefined) {
      respondRefusal(exchange, headers, refusal);
      return;
    }
    if (pieces.length === 0) exchange.respond(status, headers);
    else {
      headers['content-type'] = owner.parts.type;
      const body = owner.parts.body(pieces);
      exchange.respond(status === 200 ? owner.statusOf(exchange, body) : status, headers, body);
    }
  }
}

/** The status of a message that was handled, with its answers. */
function statusOf(reason: Error | undefined, { length }: readonly unknown[]): number {
  if (length === 0) return reason instanceof ConnectionLost ? 503 : 202;
  if (reason === undefined || !(reason instanceof ProtocolError) || length > 1) return 200;
  return reason.code === Code.ParseError || reason.code === Code.InvalidRequest ? 400 : 200;
}

/** Responds where a gate did not let the peer in. The response contains only what was thrown for the peer. */
export function respondRefusal(exchange: Exchange, headers: Record<string, string>, refusal: Error): void {
  const code = refusal instanceof RpcError ? refusal.code : undefined;
  const isBusy = refusal instanceof ConnectionLost || code === Code.Busy || code === Code.Timeout;
  headers['content-type'] = 'text/plain; charset=utf-8';
  if (!isBusy) headers['www-authenticate'] = 'Bearer';
  const text = isBusy ? 'who the client is cannot be found at the moment' : 'the credentials were refused';
  exchange.respond(isBusy ? 503 : 401, headers, code === Code.Refused ? refusal.message : text);
}
