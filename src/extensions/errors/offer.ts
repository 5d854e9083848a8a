import type { OfferedExtension } from '../../api/extension.js';
import { errorNames, errorsWith } from './extension.js';

/** For pages: the code that registers classes is loaded when an option or a method names some. */
export const offeredErrors: OfferedExtension = {
  ...errorNames,
  entry: 'obverse/dynamic',
  load: async () => errorsWith(await import('./register-classes.js')),
  when: { options: ['errorClasses'], method: ({ mark }) => mark.options.errors !== undefined },
  meanwhile: errorsWith(),
};
