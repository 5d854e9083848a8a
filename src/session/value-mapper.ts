import type { About, Call } from '../contract/contract.js';
import type { RpcError } from '../contract/errors.js';
import type { ReplyHandler } from './pending-calls.js';
import type { Session } from './session.js';

/** Values that are sent in the place of others. */
export interface Mapped {
  readonly values: unknown;
  /** Nothing holds them for the peer any more: they could not be sent, or the call is settled. */
  end(): void;
}

/** Values that have arrived, as they were before they were sent. */
export interface Unmapped {
  readonly values: unknown;
  /** The call that has brought them has ended. */
  end(): void;
}

/** How long the receiver may call what has arrived: until the call is answered, until its handlers have ended, or until it is released. */
export type Hold = 'call' | 'notification' | 'result';

/** Sends values that are more than a codec can carry as they are: value types, references. There is one for each side. */
export interface ValueMapper {
  /**
   * Whether values are more than the codec can carry as they are. Throws a UsageError for what cannot be sent, a ProtocolError for
   * what is too large to be written.
   */
  mustMap(values: unknown): boolean;
  /** Throws a ProtocolError, too large, for data beside arguments and results that would be endless when it is written. */
  mustEnd(data: unknown): void;
  /**
   * Arguments as they travel to every peer alike; undefined if something in them goes by reference, which each peer has its own of.
   * For values that must be mapped. Throws as `mustMap`.
   */
  sameForAll(args: readonly unknown[]): readonly unknown[] | undefined;
  /** The error that the peer receives where values that have arrived cannot be taken. */
  refusal(error: unknown): RpcError;
  /** What one session keeps; called with the first message that needs it. Throws a UsageError where references are not loaded. */
  attach(session: Session): SessionValues;
  /** Values have arrived that nobody takes: what came with them is released. Never throws. */
  discard(session: Session, values: unknown): void;
}

/** The part of a value mapper that belongs to one session. */
export interface SessionValues {
  /** Calls, and holds what is passed until the answer is there. Returns the id. Throws if the call cannot be sent. */
  ask(method: string, args: readonly unknown[], named: boolean, waiter: ReplyHandler, about: About | undefined): number;
  /** Notifies. Returns false, and does nothing, if the arguments are plain. */
  notify(call: Call, about: About | undefined): boolean;
  /** Values beside arguments; undefined if they are plain. Throws for what cannot be sent to this peer. */
  outward(values: unknown): Mapped | undefined;
  /** Throws a UsageError for values that cannot be passed to this peer. */
  check(values: unknown): void;
  /** Values that were announced as tagged; `method` is for texts. Throws for what cannot be read. */
  inward(values: unknown, hold: Hold, method: string): Unmapped;
  /** A call that was announced as tagged, with its arguments as they were before. Throws as `inward`. */
  taken(call: Call): Call;
  /** The session has ended. */
  end(reason: RpcError): void;
}

/** Values that are no arguments, as they travel; undefined if they are plain. Throws for what cannot be sent to this peer. */
export function outward(session: Session, values: unknown): Mapped | undefined {
  return session.host.mapper.mustMap(values) ? session.values.outward(values) : undefined;
}
