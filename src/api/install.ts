import { coreControls, coreNotifications } from '../session/system/core-notifications.js';
import { coreCallOptions } from '../spec/call-options.js';
import { coreMethodOptions } from '../spec/method-options.js';
import { checkExtension } from './check-extension.js';
import type { Extension } from './extension.js';
import { install as add, addedNames } from './extension-registry.js';
import { coreOptions } from './options.js';
import { coreMembers } from './remote-api.js';

const messages = { ...coreNotifications, ...coreControls, 'rpc.secinfo': true };
const core = {
  options: coreOptions,
  callOptions: coreCallOptions,
  methodOptions: coreMethodOptions,
  notifications: messages,
  controls: messages,
  requests: {},
  members: coreMembers,
  events: { connect: true, disconnect: true },
};

/**
 * Installs extensions for the sides that are made or opened from now on. One that has the name of another takes its place, in the
 * order too. Returns a function that removes them: sides that are made afterwards do not have them.
 *
 * Throws a UsageError, and installs none of them, for what is no extension, and for an option, a message, a member or an event that the
 * core or another extension has.
 */
export function install(...extensions: readonly Extension[]): () => void {
  for (const [at, extension] of extensions.entries())
    checkExtension(extension, [...addedNames(), ...extensions.slice(0, at)], core);
  return add(...extensions);
}
