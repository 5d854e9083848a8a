import type { Call, Codec, FaultBody, Id, Limits, Logger } from '../contract/contract.js';
import type { CallSender } from './peer.js';
import type { SendQueue } from './send-queue.js';
import type { Session } from './session.js';
import type { SideLoad } from './side-load.js';
import type { ValueMapper } from './value-mapper.js';

/** What a session needs of the side that it belongs to. One for all sessions of a side. */
export interface SessionHost {
  readonly codec: Codec;
  readonly limits: Limits;
  /** What the side holds for all its peers. */
  readonly load: SideLoad;
  /** Frames for fewer levels than this cannot be nested too deep; 0 where stages may have made them shorter. */
  readonly shallow: number;
  /** Of the codec, where plain data is all that is left to it. */
  readonly encodePlain: Codec['encodePlain'];
  readonly logger: Logger;
  readonly mapper: ValueMapper;
  /** How many calls of one peer are at work at a time. */
  readonly concurrency: number;
  /** The messages that are looked up here and not in the spec: `rpc.*`, by name. */
  readonly notifications: SystemNotifications;
  /** The requests that are looked up where a side has no method of the name. */
  readonly requests: Readonly<Record<string, SystemRequest>>;
  /** How long a call waits for its answer, in milliseconds, where it does not say it itself. */
  readonly timeout: number;
  /** How long a handler may take, in milliseconds, where neither the call nor its method says it. */
  readonly handlerTimeout: number;
  /** Whether the transport can reach everybody with one message. */
  readonly broadcasts: boolean;
  /** The send queue of a session whose link asks for a proof of the address; undefined where no transport does. */
  readonly guardedQueue: ((session: Session) => SendQueue) | undefined;
  /** Carries a call out: gives its answer or a promise of it, or throws. */
  serve(sender: CallSender): unknown;
  /** Whether somebody here has declared or set a method of this name as incoming. */
  handles(method: string): boolean;
  /** An error as it travels to the peer of a session; it is logged where the options say so. */
  toFault(error: unknown, session?: Session): FaultBody;
  fromFault(fault: FaultBody): Error;
  /** The same fault with less in it, in turn, for where the whole of it cannot be sent. */
  smaller(fault: FaultBody): readonly FaultBody[];
  /** Something is wrong with what a peer has sent; `id` is that of the message, if it has one. */
  trouble(session: Session, error: unknown, id?: Id, method?: string): void;
  /** The session has ended. Called once. */
  ended(session: Session): void;
}

/**
 * The notifications of the library itself, by the name of the method. A function returns false if the message meant nothing here: a
 * message of a dialect is then served under its own name.
 */
export type SystemNotifications = Readonly<Record<string, (session: Session, args: readonly unknown[]) => unknown>>;

/** A request of the library itself. */
export interface SystemRequest {
  /** Which calls it waits behind: those of methods, those of references, or none. */
  readonly lane: 'calls' | 'callbacks' | 'free';
  serve(sender: CallSender): unknown;
  /** It waits for its turn: what it needs is held meanwhile. */
  queued?(session: Session, call: Call): void;
}
