import type { Extension, SideExtension, SideHost } from '../../api/extension.js';
import type { Layer } from '../../calls/layer.js';
import type { Options } from '../../types/options.js';
import { checkSchemas } from './check-schemas.js';
import { guarded } from './guard.js';
import { incomingValidation } from './incoming.js';
import { outgoingValidation } from './outgoing.js';
import { revivedBy } from './revived-by.js';

/** Guards, and the schemas of arguments, results, items and progress. Its layer is inside the interceptors. */
export const validation: Extension = {
  name: 'validation',
  attach: ({ options, timeout }: SideHost): SideExtension => layerOf(options, timeout),
};

/** `timeout` is how long a guard or an asynchronous schema may take, in milliseconds. */
function layerOf({ validate = 'incoming', types }: Options, timeout: number): Layer {
  const checking = { validate, timeout, revived: revivedBy(types) };
  return {
    incoming(method, next) {
      if (validate !== 'off') checkSchemas(method);
      const checked = incomingValidation(method, checking, next);
      const { allow } = method.declaration.options;
      return allow === undefined ? checked : guarded(method.path, allow, timeout, checked ?? next);
    },
    outgoing(method, next) {
      if (validate !== 'off') checkSchemas(method);
      return outgoingValidation(method, checking, next);
    },
  };
}
