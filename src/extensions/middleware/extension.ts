import type { Extension, SideHost } from '../../api/extension.js';
import { classesOf, endpointOf } from '../../api/side-class.js';
import type { Interceptor } from '../../types/interceptor.js';
import { logging } from './call-logger.js';
import { provideLogging } from './log-calls.js';
import { Middleware } from './middleware.js';
import { middlewareNames } from './names.js';

/** Interceptors, listeners of calls, and the log of calls. */
export const middleware: Extension = {
  ...middlewareNames,
  members: {
    use: {
      configurable: true,
      value(this: object, ...interceptors: readonly Interceptor[]): () => void {
        const attached = endpointOf(this).attachedNow().of('middleware') as Middleware;
        return attached.use(classesOf(this).table.path, interceptors);
      },
    },
  },
  installed: () => provideLogging(logging),
  attach: (host: SideHost) => new Middleware(host),
};
