/*
 * What a page and its workers know of their network, and when a page is shown and left. In a program that has none of these events, nothing
 * happens.
 */

interface Scope {
  readonly document?: { readonly visibilityState?: string; addEventListener?: Listen; removeEventListener?: Listen };
  readonly navigator?: { readonly onLine?: boolean };
  addEventListener?: Listen;
  removeEventListener?: Listen;
}
type Listen = (event: string, listener: (event: { readonly persisted?: boolean }) => void) => void;

const scope = globalThis as Scope;

/** Whether the browser reports that it is offline. It may be wrong. */
export function isOffline(): boolean {
  return scope.navigator?.onLine === false;
}

/** Calls `act` when the network is there again, and when the page is shown again. Returns a function that stops this. */
export function whenReachable(act: () => void): () => void {
  const { document } = scope;
  const reachable = (): void => act();
  const visible = (): void => {
    if (document?.visibilityState === 'visible') act();
  };
  const each = (change: 'addEventListener' | 'removeEventListener'): void => {
    scope[change]?.('online', reachable);
    scope[change]?.('pageshow', reachable);
    document?.[change]?.('visibilitychange', visible);
  };
  each('addEventListener');
  return () => each('removeEventListener');
}

/** Calls `act` when the page is left for good. Returns a function that stops this. */
export function whenPageLeaves(act: () => void): () => void {
  const left = ({ persisted }: { readonly persisted?: boolean }): void => {
    // Otherwise the browser keeps it, and may show it again.
    if (persisted !== true) act();
  };
  scope.addEventListener?.('pagehide', left);
  return () => scope.removeEventListener?.('pagehide', left);
}
