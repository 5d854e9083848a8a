/*
 * What a page knows of its network: events after which an attempt is likely to succeed, and whether the browser is offline.
 */

/** How often to dial, in milliseconds, while the browser says that it is offline: it may be wrong. */
export const OFFLINE_MS = 30_000;

interface PageScope {
  readonly document?: { readonly visibilityState?: string; addEventListener?: Listen; removeEventListener?: Listen };
  readonly navigator?: { readonly onLine?: boolean };
  addEventListener?: Listen;
  removeEventListener?: Listen;
}
type Listen = (event: string, listener: () => void) => void;

/** Whether the browser says that it is offline. */
export function isOffline(): boolean {
  return (globalThis as PageScope).navigator?.onLine === false;
}

/** Calls `act` when the network is there again, and when the page is shown again. Returns a function that stops this. */
export function whenReachable(act: () => void): () => void {
  const scope = globalThis as PageScope;
  const { document } = scope;
  const visible = (): void => {
    if (document?.visibilityState === 'visible') act();
  };
  const each = (change: 'addEventListener' | 'removeEventListener'): void => {
    scope[change]?.('online', act);
    scope[change]?.('pageshow', act);
    document?.[change]?.('visibilitychange', visible);
  };
  each('addEventListener');
  return () => each('removeEventListener');
}
