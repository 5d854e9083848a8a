import type { IncomingMessage, ServerResponse } from 'node:http';
import { clearTimer, setTimer, type Timer } from '../../src/base/time.js';
import type { LinkInfo } from '../../src/contract/contract.js';
import { peerOf } from '../shared/socket-address.js';
import { socketInfo } from '../shared/socket-info.js';
import type { Ends } from '../shared/visitors.js';
import type { BodyReader, Exchange, Headers, ResponseWatch } from './exchange.js';

/** How long, in milliseconds, the rest of a refused request is read and dropped, so that its sender reads the response. */
const LINGER_MS = 2_000;

/** A request and its response of `node:http`. */
export class NodeExchange implements Exchange {
  watch: ResponseWatch | undefined = undefined;
  private reader: BodyReader | undefined = undefined;
  private timer: Timer | undefined = undefined;

  /** `expects`: the request waits for 100 (Continue) before it sends its body. */
  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly expects = false,
  ) {
    response.on('close', () => this.over());
  }

  get method(): string {
    return this.request.method as string;
  }

  get url(): string {
    return this.request.url as string;
  }

  get headers(): Headers {
    return this.request.headers;
  }

  get peer(): string | undefined {
    return peerOf(this.request.socket);
  }

  get ends(): Ends {
    return this.request.socket;
  }

  get connection(): LinkInfo {
    return socketInfo(this.request.socket);
  }

  get waiting(): number {
    return this.response.writableLength;
  }

  get isOver(): boolean {
    return this.response.closed || this.response.destroyed;
  }

  read(reader: BodyReader): void {
    this.reader = reader;
    if (this.expects) this.response.writeContinue();
    this.request
      .on('data', (chunk: Uint8Array) => this.reader?.chunk(chunk))
      .on('end', () => this.reader?.end())
      .on('error', () => {});
  }

  respond(status: number, headers: Record<string, string>, body?: string | Uint8Array): void {
    const { request, response } = this;
    this.reader = undefined;
    if (response.headersSent) return;
    // The client may send the body, or not: what follows cannot be distinguished.
    if (this.expects && !request.complete) headers.connection = 'close';
    else if (!request.complete) this.dropRest();
    if (body !== undefined)
      headers['content-length'] = String(typeof body === 'string' ? Buffer.byteLength(body) : body.length);
    else if (status !== 204) headers['content-length'] = '0';
    response.writeHead(status, headers);
    response.end(body);
  }

  private dropRest(): void {
    const { request } = this;
    request.on('error', () => {}).resume();
    this.timer = setTimer(LINGER_MS, () => request.complete || request.socket.destroy()).unref();
    request.once('end', () => clearTimer(this.timer));
  }

  begin(headers: Record<string, string>): void {
    this.response.on('drain', () => this.watch?.drained());
    this.response.writeHead(200, headers);
    this.response.flushHeaders();
  }

  write(text: string): void {
    this.response.write(text);
  }

  end(): void {
    this.response.end();
  }

  destroy(): void {
    this.request.socket.destroy();
  }

  private over(): void {
    // The response to a refused request is complete before the request is.
    if (this.request.socket.destroyed) clearTimer(this.timer);
    this.reader = undefined;
    this.watch?.gone();
  }
}
