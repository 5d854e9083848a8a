import { clearTimer, setTimer } from '../../src/base/time.js';
import type { Posted, Poster } from './poster.js';
import type { DialedUrl, HeadersSource } from './url.js';

/** What is sent to whom. */
interface Plan {
  readonly target: DialedUrl;
  readonly poster: Poster;
  readonly headers: HeadersSource | undefined;
}

/**
 * Sends a DELETE with these headers, which name a session. Resolves when the server has answered, whatever that is, or after so many
 * milliseconds. Never rejects.
 */
export async function endSession(
  { target, poster, headers }: Plan,
  own: Record<string, string>,
  ms: number,
): Promise<void> {
  let given: Readonly<Record<string, string>> | undefined;
  try {
    given = typeof headers === 'function' ? await headers() : headers;
  } catch {
    // The server ends it by itself.
    return;
  }
  const { authorization } = target;
  await new Promise<void>((resolve) => {
    let posted: Posted | undefined;
    const timer = setTimer(ms, () => {
      posted?.abort();
      resolve();
    });
    const over = (): void => {
      clearTimer(timer);
      resolve();
    };
    const all = { ...(authorization !== undefined && { authorization }), ...own, ...given };
    posted = poster.post(undefined, all, { head() {}, chunk() {}, end: over, failed: over });
  });
}
