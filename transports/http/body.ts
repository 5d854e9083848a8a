import { time } from '../../src/base/time.js';
import { Code, type ProtocolError } from '../../src/contract/errors.js';
import { appended } from '../shared/joined-bytes.js';
import type { PartialFrames, PartialHolder } from '../shared/partial-frames.js';
import { type BodyReader, type Exchange, headerOf, type ResponseWatch } from './exchange.js';

/** What a body needs of the transport that reads it. */
export interface BodyOwner {
  /** The most bytes of a body. */
  readonly frameBytes: number;
  readonly partial: PartialFrames;
  /** The body is complete. */
  read(body: RequestBody, bytes: Uint8Array): void;
  /** The request is refused with this status, for the reason in the text. */
  refused(body: RequestBody, status: number, text: string): void;
  /** The sender has closed its connection. */
  dropped(body: RequestBody): void;
}

const NOTHING = new Uint8Array(0);

/** The body of a request, while it is read. */
export class RequestBody implements BodyReader, PartialHolder, ResponseWatch {
  readonly isPaused = false;
  /** When its first bytes were awaited. */
  readonly since: number = time();
  /** How many bytes have arrived. */
  size = 0;
  /** They are at the beginning of it. */
  private kept: Uint8Array = NOTHING;
  private over = false;

  constructor(
    readonly exchange: Exchange,
    private readonly owner: BodyOwner,
  ) {}

  get peer(): string {
    return this.exchange.peer ?? 'a client';
  }

  /** Begins to read, unless the request says that its body is too large. */
  start(): void {
    const { exchange, owner } = this;
    if (Number(headerOf(exchange.headers, 'content-length')) > owner.frameBytes) this.tooLarge();
    else {
      exchange.watch = this;
      exchange.read(this);
    }
  }

  chunk(bytes: Uint8Array): void {
    if (this.over) return;
    const { owner, size } = this;
    this.size += bytes.length;
    if (this.size > owner.frameBytes) {
      this.tooLarge();
      return;
    }
    this.kept = size === 0 ? bytes : appended(this.kept, size, bytes, owner.frameBytes);
    // What comes in one piece is complete within this turn, and is not counted.
    if (size > 0) owner.partial.update(this, this.kept.length, bytes.length);
  }

  end(): void {
    if (this.over) return;
    const { kept, size } = this;
    const bytes = kept.length === size ? kept : kept.subarray(0, size);
    this.stop();
    this.owner.read(this, bytes);
  }

  /** It has taken too long. */
  late(ms: number): void {
    this.refuse(408, `the body of the request did not arrive within ${ms} ms (limits.connectMs)`);
  }

  cut({ code, message }: ProtocolError): void {
    this.refuse(code === Code.Busy ? 503 : 408, message);
  }

  drained(): void {}

  gone(): void {
    if (this.over) return;
    this.stop();
    this.owner.dropped(this);
  }

  private tooLarge(): void {
    this.refuse(413, `the body of a request has at most ${this.owner.frameBytes} bytes (limits.frameBytes)`);
  }

  /** Answers it without reading more. */
  refuse(status: number, text: string): void {
    if (this.over) return;
    this.stop();
    this.owner.refused(this, status, text);
  }

  private stop(): void {
    this.over = true;
    this.kept = NOTHING;
    this.exchange.watch = undefined;
    this.owner.partial.drop(this);
  }
}
