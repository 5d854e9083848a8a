import type { LinkInfo } from '../../src/contract/contract.js';
import type { Ends } from '../shared/visitors.js';
import { type BodyReader, EVENTS, type Exchange, type Headers, type ResponseWatch } from './exchange.js';

/** What runtimes pass beside a request: Deno its `remoteAddr`, Bun its server. Others pass something else, or nothing. */
export interface FetchContext {
  readonly remoteAddr?: { readonly hostname?: unknown; readonly port?: unknown };
  requestIP?(request: Request): { readonly address: string; readonly port: number } | null;
}

/** How many bytes of a stream of events the runtime may hold. */
const HELD = 64 * 1024;

/** A request and its response as `fetch` has them: of Bun, Deno, Workers, Hono. */
export class FetchExchange implements Exchange {
  readonly headers: Headers;
  readonly url: string;
  readonly ends: Ends;
  readonly peer: string | undefined;
  readonly connection: LinkInfo;
  watch: ResponseWatch | undefined = undefined;
  isOver = false;
  /** Resolves when there is something to send. */
  readonly response: Promise<Response>;
  private resolve!: (response: Response) => void;
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined = undefined;
  private readonly utf8 = new TextEncoder();
  private reading: ReadableStreamDefaultReader<Uint8Array> | undefined = undefined;

  constructor(
    private readonly request: Request,
    context: FetchContext | undefined,
  ) {
    this.headers = Object.fromEntries(request.headers);
    const { pathname, search } = new URL(request.url);
    this.url = pathname + search;
    this.ends = endsOf(request, context);
    const { remoteAddress, remotePort } = this.ends as { remoteAddress?: string; remotePort?: number };
    this.connection = { ...this.ends };
    this.peer = remoteAddress && `${remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
    this.response = new Promise((resolve) => {
      this.resolve = resolve;
    });
    request.signal?.addEventListener('abort', () => this.over());
  }

  get method(): string {
    return this.request.method;
  }

  get waiting(): number {
    return this.controller === undefined ? 0 : Math.max(0, HELD - (this.controller.desiredSize ?? HELD));
  }

  read(reader: BodyReader): void {
    const { body } = this.request;
    if (body === null) reader.end();
    else {
      this.reading = body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
      this.readFrom(this.reading, reader).catch(() => this.over());
    }
  }

  private async readFrom(from: ReadableStreamDefaultReader<Uint8Array>, reader: BodyReader): Promise<void> {
    for (;;) {
      const { done, value } = await from.read();
      if (this.reading !== from) return;
      if (done) {
        this.reading = undefined;
        reader.end();
        return;
      }
      reader.chunk(value);
    }
  }

  respond(status: number, headers: Record<string, string>, body?: string | Uint8Array): void {
    const { reading } = this;
    this.reading = undefined;
    reading?.cancel().catch(() => {});
    const hasBody = body !== undefined && this.method !== 'HEAD';
    this.resolve(new Response(hasBody ? (body as string) : null, { status, headers }));
    this.isOver = true;
  }

  begin(headers: Record<string, string>): void {
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.controller = controller;
        },
        pull: () => this.watch?.drained(),
        cancel: () => this.over(),
      },
      { highWaterMark: HELD, size: (piece) => piece?.length ?? 1 },
    );
    this.resolve(new Response(stream, { status: 200, headers: { 'content-type': EVENTS, ...headers } }));
  }

  write(text: string): void {
    if (!this.isOver) this.controller?.enqueue(this.utf8.encode(text));
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.controller?.close();
  }

  destroy(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.reading?.cancel().catch(() => {});
    if (this.controller === undefined) this.resolve(new Response(null, { status: 503 }));
    else this.controller.error(new Error('the connection was ended'));
  }

  private over(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.reading = undefined;
    this.resolve(new Response(null, { status: 503 }));
    this.watch?.gone();
  }
}

function endsOf(request: Request, context: FetchContext | undefined): Ends {
  const { remoteAddr } = Object(context) as FetchContext;
  if (typeof remoteAddr?.hostname === 'string')
    return { remoteAddress: remoteAddr.hostname, remotePort: remoteAddr.port } as Ends;
  const known = typeof context?.requestIP === 'function' ? context.requestIP(request) : undefined;
  return known ? ({ remoteAddress: known.address, remotePort: known.port } as Ends) : {};
}
