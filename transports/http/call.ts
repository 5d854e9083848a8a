import { clearTimer, setTimer, type Timer } from '../../src/base/time.js';
import type { Frame, Receiver } from '../../src/contract/contract.js';
import { Code, ConnectionLost, ProtocolError } from '../../src/contract/errors.js';
import { appended } from '../shared/joined-bytes.js';
import { EventReader } from './event-reader.js';
import { EVENTS, type Headers, headerOf } from './exchange.js';
import type { HttpParts } from './parts.js';
import type { Posted, PostWatch } from './poster.js';
import { errorOf } from './status.js';

const NOTHING = new Uint8Array(0);

/** What a call needs of its link. */
export interface CallOwner {
  readonly parts: HttpParts;
  readonly receiver: Receiver;
  readonly frameBytes: number;
  /** The error for a request that has failed. */
  explain(error: Error): string;
  /** The response has begun. */
  responded(headers: Headers): void;
  /** A frame of the response to a call of `method`. */
  answered(method: string, frame: Frame): void;
  /** Whether a response with this status means that the session, in which the call was made, is over. */
  sessionIsOver(status: number, session: string | undefined): boolean;
  /** The request is over. `error`: a notification that was not accepted. */
  over(call: HttpCall, error: Error | undefined): void;
}

/** One request: a call or a notification, and its response. */
export class HttpCall implements PostWatch {
  posted: Posted | undefined = undefined;
  /** The session that its headers name, where the protocol has sessions. */
  session: string | undefined = undefined;
  private status = 0;
  private statusText = '';
  private headers: Headers = {};
  private events: EventReader | undefined = undefined;
  /** The first `size` bytes are the body. */
  private kept: Uint8Array = NOTHING;
  private size = 0;
  private timer: Timer | undefined = undefined;
  private isOver = false;

  /** `what`: the method and the address, for errors. */
  constructor(
    readonly id: number | undefined,
    private readonly what: string,
    /** The bytes that it sends. */
    readonly bytes: number,
    private readonly owner: CallOwner,
    private readonly method: string,
  ) {}

  head(status: number, statusText: string, headers: Headers): void {
    this.status = status;
    this.statusText = statusText;
    this.headers = headers;
    this.owner.responded(headers);
    const { parts, receiver, frameBytes } = this.owner;
    if (status !== 200 || !parts.isText || headerOf(headers, 'content-type')?.startsWith(EVENTS) !== true) return;
    this.events = new EventReader(frameBytes, (data) => {
      if (this.isOver) return;
      for (const frame of parts.framesIn(data)) {
        this.owner.answered(this.method, frame);
        receiver.receive(frame);
      }
    });
  }

  chunk(bytes: Uint8Array): void {
    if (this.isOver) return;
    if (this.events !== undefined) {
      try {
        this.events.push(bytes);
      } catch (error) {
        this.cut(error as Error);
      }
      return;
    }
    const { kept, size } = this;
    this.size += bytes.length;
    const { frameBytes } = this.owner;
    if (this.size > frameBytes)
      this.cut(
        new ProtocolError(
          `${this.what}: the response has more than ${frameBytes} bytes (limits.frameBytes)`,
          Code.TooLarge,
        ),
      );
    else this.kept = size === 0 ? bytes : appended(kept, size, bytes, frameBytes);
  }

  end(): void {
    if (this.isOver) return;
    const { status, kept, size } = this;
    const body = this.events === undefined ? kept.subarray(0, size) : undefined;
    const isAnswer = body !== undefined && this.isAnswer(body);
    if (isAnswer && this.id !== undefined) {
      this.settle(this.read(body));
      return;
    }
    const isAccepted = this.id === undefined && status >= 200 && status < 300;
    this.settle(isAccepted ? undefined : this.error(body));
  }

  failed(error: Error, isUnsent: boolean): void {
    const text = `${this.what}: ${this.owner.explain(error)}`;
    this.settle(new ConnectionLost(text, { cause: error, ...(isUnsent && { maybeExecuted: false }) }));
  }

  /** Ends it after so many milliseconds. A call has a time limit already, a notification has none. */
  limit(ms: number): void {
    clearTimer(this.timer);
    this.timer = setTimer(ms, () =>
      this.cut(new ConnectionLost(`${this.what}: the server did not respond within ${ms} ms`)),
    ).unref();
  }

  /** Nobody waits for it any more. */
  abort(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimer(this.timer);
    this.posted?.abort();
    this.owner.over(this, undefined);
  }

  private cut(error: Error): void {
    if (this.isOver) return;
    this.settle(error);
    this.posted?.abort();
  }

  /** Whether the body may be an answer. With a status that says something else, it has to look like one. */
  private isAnswer(body: Uint8Array): boolean {
    const { status, owner } = this;
    const type = headerOf(this.headers, 'content-type') ?? '';
    if (body.length === 0 || !owner.parts.reads(type)) return false;
    if (status >= 200 && status < 300) return true;
    return owner.parts.isText && /"jsonrpc"\s*:/.test(new TextDecoder().decode(body.subarray(0, 1_000)));
  }

  private read(body: Uint8Array): readonly Frame[] | Error {
    try {
      return this.owner.parts.frames(body);
    } catch (error) {
      return error as Error;
    }
  }

  private error(body: Uint8Array | undefined): Error {
    const { what, status, statusText, headers } = this;
    if (this.events !== undefined) return new ConnectionLost(`${what}: the response ended without an answer`);
    if (this.owner.sessionIsOver(status, this.session)) {
      const text = `${what}: the server has ended the session (404): begin another one, as with initialize`;
      return new ConnectionLost(text, { maybeExecuted: false });
    }
    const isText = /^(?:text\/plain|application\/json)\b/i.test(headerOf(headers, 'content-type') ?? '');
    const text = isText && body !== undefined ? new TextDecoder().decode(body.subarray(0, 1_000)) : '';
    return errorOf({ what, status, statusText, headers, text });
  }

  private settle(result: readonly Frame[] | Error | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimer(this.timer);
    const { id, owner } = this;
    const error = result instanceof Error ? result : undefined;
    if (result !== undefined && error === undefined)
      for (const frame of result as readonly Frame[]) owner.answered(this.method, frame);
    if (id !== undefined && result !== undefined) owner.receiver.outcome?.(id, result);
    owner.over(this, id === undefined ? error : undefined);
  }
}
