import type { LazyExtension } from '../../api/extension.js';
import { errorNames, errorsWith } from './extension.js';

/** For pages: the code that registers classes is loaded when an option or a method names some. */
export const lazyErrors: LazyExtension = {
  ...errorNames,
  entry: 'obverse/dynamic',
  load: async () => errorsWith(await import('./register-classes.js')),
  when: { options: ['errorClasses'], method: ({ declaration }) => declaration.options.errors !== undefined },
  untilLoaded: errorsWith(),
};
