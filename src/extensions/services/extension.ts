import type { Extension } from '../../api/extension.js';
import { sessionOf } from './session-of.js';

/** Links that lead to a service of several peers, and links that cannot carry everything. */
export const services: Extension = {
  name: 'services',
  attach: () => ({ sessionOf }),
};
