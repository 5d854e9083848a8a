import type { Invoke } from '../../calls/layer.js';
import { UsageError } from '../../contract/errors.js';
import type { CallContext, Interceptor } from '../../types/interceptor.js';

/** Puts interceptors around `next`, the first one outermost; undefined if there are none. */
export function intercepted<C extends CallContext>(
  interceptors: readonly Interceptor[],
  next: Invoke<C>,
): Invoke<C> | undefined {
  if (interceptors.length === 0) return undefined;
  return interceptors.reduceRight<Invoke<C>>((inner, interceptor) => around(interceptor, inner), next);
}

function around<C extends CallContext>(interceptor: Interceptor, inner: Invoke<C>): Invoke<C> {
  return (call) => {
    let isCalled = false;
    return interceptor(call, () => {
      if (isCalled)
        throw new UsageError(`${call.path}: an interceptor has called next() twice; it may call it at most once`);
      isCalled = true;
      return inner(call);
    });
  };
}
