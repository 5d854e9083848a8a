import type { Extension, SideExtension } from '../../api/extension.js';
import { sessionOf } from './session-of.js';
import { reportCalls, workingNotifications } from './working.js';

const side: SideExtension = { sessionOf, gate: { begins: reportCalls } };

/** Links that lead to a service of several peers, links whose other end awaits reports of its calls, and links that cannot carry everything. */
export const services: Extension = {
  name: 'services',
  notifications: workingNotifications,
  attach: () => side,
};
