import type { LazyExtension } from '../../api/extension.js';

/** Guards and schemas. A page loads them in `open()` if a method has one, or the emitted classes of its parameters. */
export const lazyValidation: LazyExtension = {
  name: 'validation',
  entry: 'obverse/middleware',
  load: async () => (await import('./extension.js')).validation,
  when: {
    method({ declaration, types }, { validate }, direction) {
      const { allow, args, returns, items, progress } = declaration.options;
      if (direction === 'incoming' && allow !== undefined) return true;
      return validate !== 'off' && (args ?? returns ?? items ?? progress ?? types) !== undefined;
    },
  },
};
