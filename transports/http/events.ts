import type { Frame, Link, LinkInfo, Receiver } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import type { Exchange, ResponseWatch } from './exchange.js';
import { EVENT_HEADERS, type EventWriter, type LinkOwner, respondRefusal } from './post.js';

/** A GET that receives events, such as that of an `EventSource`: a peer that receives notifications, and sends nothing. */
export class EventsLink implements Link, ResponseWatch, EventWriter {
  readonly agreed = false;
  readonly takes = 'notifications';
  readonly peer: string;
  private receiver: Receiver | undefined = undefined;
  private reason: Error | undefined = undefined;
  private known: LinkInfo | undefined = undefined;
  private refusal: Error | undefined = undefined;
  private begun = false;
  private over = false;

  constructor(
    readonly exchange: Exchange,
    number: number,
    private readonly owner: LinkOwner,
  ) {
    this.peer = `${exchange.peer ?? 'http'}#${number}`;
    exchange.watch = this;
  }

  start(receiver: Receiver): void {
    this.receiver = receiver;
    if (this.over) receiver.closed(this.reason);
  }

  get info(): LinkInfo {
    this.known ??= this.owner.infoOf(this.exchange);
    return this.known;
  }

  get buffered(): number {
    return this.begun ? this.exchange.waiting : 0;
  }

  /** The response begins, which shows the client that it is connected. */
  admitted(): void {
    if (this.begun || this.over) return;
    this.begun = true;
    this.exchange.begin({ ...EVENT_HEADERS, ...this.owner.headersFor(this.exchange) });
    this.exchange.write(': \n\n');
    this.owner.streams(this);
  }

  denied(reason: Error): void {
    this.refusal = reason;
  }

  send(frames: readonly Frame[]): void {
    if (this.over) return;
    this.admitted();
    const { parts } = this.owner;
    for (const piece of parts.pieces(frames)) this.exchange.write(parts.event(piece as string));
  }

  pause(): void {}
  resume(): void {}

  close(reason?: Error): void {
    if (this.over) return;
    this.over = true;
    const { exchange, owner } = this;
    exchange.watch = undefined;
    if (!this.begun) {
      if (this.refusal === undefined) exchange.respond(503, owner.headersFor(exchange));
      else respondRefusal(exchange, owner.headersFor(exchange), this.refusal);
    } else if (reason === undefined) {
      exchange.end();
      if (exchange.waiting > 0 && !exchange.isOver) owner.sending(exchange, exchange.waiting);
    } else exchange.destroy();
    this.end(reason);
  }

  gone(): void {
    if (this.over) return;
    this.over = true;
    // An EventSource ends by ending its connection: there is no other clean end.
    this.end(this.begun ? undefined : new ConnectionLost('the client ended the request'));
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
    if (!this.over) this.exchange.write(': \n\n');
  }
}
