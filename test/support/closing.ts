import { afterEach } from 'vitest';

type Closed = Disposable | AsyncDisposable | { close(): unknown } | (() => unknown);

/**
 * For a test file: everything passed to the function that this returns is closed after the test in which it was passed,
 * the latest first. A function is called.
 */
export function closing(): <T extends Closed>(one: T) => T {
  const open: Closed[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await close(one);
  });
  return (one) => {
    open.push(one);
    return one;
  };
}

function close(one: Closed): unknown {
  if (typeof one === 'function') return one();
  if (Symbol.asyncDispose in one) return one[Symbol.asyncDispose]();
  return Symbol.dispose in one ? one[Symbol.dispose]() : one.close();
}
