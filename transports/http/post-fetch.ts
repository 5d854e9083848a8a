import type { Piece } from './parts.js';
import type { Posted, Poster, PostWatch } from './poster.js';

/** Sends requests by the `fetch` of the runtime. */
export class FetchPoster implements Poster {
  constructor(private readonly url: string) {}

  post(body: Piece | undefined, headers: Record<string, string>, watch: PostWatch): Posted {
    const stop = new AbortController();
    void this.send(body, headers, watch, stop.signal);
    return { abort: () => stop.abort() };
  }

  private async send(
    body: Piece | undefined,
    headers: Record<string, string>,
    watch: PostWatch,
    signal: AbortSignal,
  ): Promise<void> {
    let began = false;
    try {
      // A redirect would take the headers, and the body, to another server.
      const what = body === undefined ? { method: 'DELETE' } : { method: 'POST', body: body as string };
      const init = { ...what, headers, signal, redirect: 'manual' as const };
      const response = await fetch(this.url, init);
      if (signal.aborted) return;
      began = true;
      watch.head(response.status, response.statusText, Object.fromEntries(response.headers));
      if (response.body !== null) {
        const reader = response.body.getReader();
        for (;;) {
          const { done, value } = await reader.read();
          if (signal.aborted) return;
          if (done) break;
          watch.chunk(value);
        }
      }
      watch.end();
    } catch (error) {
      if (!signal.aborted) watch.failed(error as Error, !began && isUnsent(error as Error));
    }
  }

  explain(error: Error): string {
    return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
  }

  close(): void {}
}

/** Errors of Node's `fetch` before there is a connection. Other runtimes do not report them. */
function isUnsent({ cause }: Error): boolean {
  const code = Object(cause).code as unknown;
  return (
    typeof code === 'string' &&
    /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/.test(code)
  );
}
