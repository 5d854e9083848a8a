import { UsageError } from '../../contract/errors.js';
import type { CallContext, Interceptor } from '../../types/interceptor.js';

/** What a method is, as far as those who stand around its calls see it. */
export type Subject = Pick<CallContext, 'kind' | 'path' | 'method' | 'meta' | 'logged'>;

/** Runs a call through all that stands around it; `last` carries it out. */
export type Run = (call: CallContext, last: () => unknown) => unknown;

/** What stands around the calls of one method: composed once, and used for every call. */
export interface Chain {
  readonly subject: Subject;
  readonly run: Run;
  /** One of them sees to it that calls begin in the order of their arrival. */
  readonly keepsOrder: boolean;
}

/** Several interceptors as one, the outermost first; undefined if there is none. */
export function compose(interceptors: readonly Interceptor[]): Run | undefined {
  if (interceptors.length === 0) return undefined;
  return interceptors.reduceRight<Run>(
    (inner, interceptor) => around(interceptor, inner),
    (_call, last) => last(),
  );
}

function around(interceptor: Interceptor, inner: Run): Run {
  return (call, last) => {
    let gone = false;
    return interceptor(call, () => {
      if (gone)
        throw new UsageError(`${call.path}: an interceptor has called next() twice, and a call is made once at most`);
      gone = true;
      return inner(call, last);
    });
  };
}
