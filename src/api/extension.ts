import type { CallExtensions, CallingSide } from '../calls/calling-side.js';
import type { Codec } from '../contract/contract.js';
import type { SendQueue } from '../session/send-queue.js';
import type { Session } from '../session/session.js';
import type { SystemNotifications, SystemRequest } from '../session/session-host.js';
import type { ValueMapper } from '../session/value-mapper.js';
import type { Options } from '../types/options.js';

/**
 * A capability that the core does not know, such as streams or references. An entry of the package installs it, and each side that is
 * made afterwards has it.
 */
export interface Extension {
  readonly name: string;
  /** Notifications of the library itself, by their names on the wire. Two extensions have none of the same name. */
  readonly notifications?: SystemNotifications;
  /** Requests of the library itself, by their names on the wire. */
  readonly requests?: Readonly<Record<string, SystemRequest>>;
  /** Called once for each side, while it is made: only what `host` has from its options is there yet. */
  attach?(host: ExtensionHost): SideExtension;
}

/** What an extension does for one side. Of each slot but `opening` a side has one: that of the last extension that is installed. */
export interface SideExtension extends Partial<CallExtensions> {
  /** Loads what the options of the side ask for; `open()` waits for it, and rejects with what it rejects with. */
  opening?(codec: Promise<Codec>): Promise<void>;
  /** Numbers of the side for `side.stats()`, by name: those that the core does not know. */
  stats?(): Readonly<Record<string, number>>;
  readonly values?: ValueMapper;
  /** The send queue of a session whose link asks for a proof of the address (`Link.proved`). */
  readonly guardedQueue?: (session: Session) => SendQueue;
}

/** What a side offers to its extensions. */
export interface ExtensionHost extends CallingSide {
  readonly options: Options;
}
