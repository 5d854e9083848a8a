import type { About, Call } from '../contract/contract.js';
import type { RpcError } from '../contract/errors.js';
import type { ReplyHandler } from './outgoing-calls/pending-calls.js';

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

/** What a message is sent through: its session, or a view of it. */
export interface SentThrough {
  sendPlainRequest(
    method: string,
    args: readonly unknown[],
    named: boolean,
    waiter: ReplyHandler,
    about?: About,
  ): number;
}

/** The part of a value mapper that belongs to one session. */
export interface SessionValues {
  /** Calls, and holds what is passed until the answer is there. Returns the id. Throws if the call cannot be sent. */
  sendRequest(
    method: string,
    args: readonly unknown[],
    named: boolean,
    waiter: ReplyHandler,
    about: About | undefined,
    through: SentThrough,
  ): number;
  /** Notifies. Returns false, and does nothing, if the arguments are plain. */
  notify(call: Call, about: About | undefined, through: SentThrough): boolean;
  /** Values beside arguments; undefined if they are plain. Throws for what cannot be sent to this peer. */
  mapOutgoing(values: unknown): Mapped | undefined;
  /** Throws a UsageError for values that cannot be passed to this peer. */
  check(values: unknown): void;
  /** Values that were announced as tagged; `method` is for texts. Throws for what cannot be read. */
  mapIncoming(values: unknown, hold: Hold, method: string): Unmapped;
  /** A call that was announced as tagged, with its arguments as they were before. Throws as `mapIncoming`. */
  taken(call: Call): Call;
  /** The session has ended. */
  end(reason: RpcError): void;
}
