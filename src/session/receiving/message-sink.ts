import type { Bad, Batch, Frame, Message } from '../../contract/contract.js';
import type { ProtocolError, RpcError } from '../../contract/errors.js';

/** What a connection delivers to: a session, or an admission as long as gates ask whose session the connection is. */
export interface MessageSink {
  /** Whose messages they are, once that is known. */
  readonly peer: { readonly id: string } | undefined;
  /** How many calls are open, in both directions. */
  readonly open: number;
  /** How many answers are still to come: while there are any, the peer has to be read. */
  readonly pendingCount: number;
  /** Of an admission: resolves when the connection has its session, and rejects when it is refused. */
  readonly admitted?: Promise<void>;
  /** A message is at its turn. `mayBeDeep`: it is long enough to be nested too deep. Never throws. */
  receive(message: Message, mayBeDeep: boolean): void;
  /** A message is at its turn that could not be read, or that the filter or a meter refuses. */
  refuse(message: Message | Bad, error: RpcError): void;
  /** A frame as a whole could not be read. */
  unreadable(error: ProtocolError): void;
  /** The rest of a batch is dropped: its answers that are there may leave. */
  complete(batch: Batch): void;
  /** The result of a call that was dispatched; see `Receiver.outcome`. A sink without it has dispatched none. */
  outcome?(id: number, answer: readonly Frame[] | Error): void;
  /** A frame for everybody, or under a topic; see `Receiver.published`. */
  published?(frame: Frame): void;
  /** Everything that has arrived was dispatched; called where `Connection.reportsDelivery` is set. */
  delivered(): void;
  /** What was written has left the link. */
  drained(): void;
  /** The peer leaves unread what is sent, and is watched; undefined: it reads again. */
  congested(watch: { check(collected: number): void } | undefined): void;
  /** Sends `rpc.hello`, or reports that it could not. */
  greet(method: string, args: readonly unknown[]): void;
  /** The peer has reported up to how many bytes it reads, or that it reads as much as usual. */
  greeted(limit: number): void;
  /** Looks again whether to read on. */
  updateReading(): void;
  /** Asks for `Connection.due` to be called by then, at the latest. */
  remind(at: number): void;
  /** The peer has ended its sending half; messages can still be sent to it. */
  inputEnded(reason?: Error): void;
  /** The link has ended. */
  lost(reason: Error | undefined): void;
  /** Ends it. Without a reason, what was posted still leaves. */
  end(reason?: Error): void;
  /** Ends it without a reason as soon as nothing is pending in either direction. */
  closeWhenIdle(isAcknowledged?: boolean): void;
}
