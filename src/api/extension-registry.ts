import type { CallExtensions } from '../calls/calling-side.js';
import type { Codec } from '../contract/contract.js';
import { coreNotifications } from '../session/protocol.js';
import type { SessionHost } from '../session/session-host.js';
import type { Extension, ExtensionHost, SideExtension } from './extension.js';

const installed = new Map<string, Extension>();

/** Installs extensions for the sides that are made from now on. One that has the name of another takes its place. */
export function install(...extensions: readonly Extension[]): void {
  for (const extension of extensions) installed.set(extension.name, extension);
}

/** What the extensions do for one side. */
export interface Attached
  extends CallExtensions,
    Pick<SessionHost, 'notifications' | 'requests' | 'mapper' | 'guardedQueue'> {
  opening(codec: Promise<Codec>): Promise<unknown>;
  readonly sides: readonly SideExtension[];
}

/** Attaches every installed extension to a side. */
export function attachExtensions(host: ExtensionHost): Attached {
  const notifications = { ...coreNotifications };
  const requests: Record<string, SessionHost['requests'][string]> = {};
  const sides: SideExtension[] = [];
  for (const extension of installed.values()) {
    Object.assign(notifications, extension.notifications);
    Object.assign(requests, extension.requests);
    if (extension.attach !== undefined) sides.push(extension.attach(host));
  }
  return {
    sides,
    notifications,
    requests,
    mapper: sides.findLast(({ values }) => values)?.values as SessionHost['mapper'],
    streams: sides.findLast(({ streams }) => streams)?.streams as CallExtensions['streams'],
    multicast: sides.findLast(({ multicast }) => multicast)?.multicast as CallExtensions['multicast'],
    guardedQueue: sides.findLast((side) => side.guardedQueue)?.guardedQueue,
    opening: (codec) => Promise.all(sides.map((side) => side.opening?.(codec))),
  };
}
