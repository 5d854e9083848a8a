import type { About, Call } from '../contract/contract.js';
import type { CallSender } from '../session/peer.js';
import type { Session, SessionHost } from '../session/session.js';
import type { MethodDescriptor, MethodTable } from '../spec/method-table.js';
import type { CallOptions } from '../types/call-options.js';
import type { Detailed } from '../types/derived.js';
import type { AnyHandler } from '../types/dynamic.js';
import type { SideLogger } from '../types/log-entry.js';
import type { Receivers, SlowOptions } from '../types/peers.js';
import type { PackedArguments } from './outgoing-method.js';

/** What calls, in both directions, need of the side that they belong to. */
export interface CallingSide extends SessionHost {
  /** Whether this is the side that the spec is inverted for. */
  readonly inverted: boolean;
  /** Options of every call, below those of its method. */
  readonly defaults: CallOptions | undefined;
  readonly logger: SideLogger;
  readonly roster: ReceivingPeers;
  readonly middleware: Interceptors;
  readonly attached: CallExtensions;
  /** Throws ConnectionLost if the side is not open. */
  mustBeOpen(): void;
  /** Who handles a method that has no handler of its own; undefined if nobody does. */
  standIn(row: MethodDescriptor, call: Call): AnyHandler | undefined;
}

/** The sessions of the receivers of a call. */
export interface ReceivingPeers {
  /** Of the one receiver; undefined if there are several, or none. Throws a UsageError for what is no receiver of this side. */
  single(receivers: Receivers): Session | undefined;
  /** Of all receivers. Throws where there is none. */
  several(receivers: Receivers): readonly Session[];
}

/** Those who stand around calls: interceptors, listeners, validators. */
export interface Interceptors {
  /** Around the calls of an outgoing method; undefined if nobody does. */
  around(row: MethodDescriptor): OutgoingChain | undefined;
  /** A peer calls what nobody serves; `tables` are those of the specs that this side serves. */
  unknown(sender: CallSender, tables: readonly MethodTable[]): void;
}

/** What stands around the calls of one outgoing method. It returns and throws what a call without it would. */
export interface OutgoingChain {
  call(
    side: CallingSide,
    row: MethodDescriptor,
    self: object,
    receivers: Receivers,
    args: readonly unknown[],
    options: CallOptions | undefined,
  ): unknown;
  /** The same of a request, with the metadata of the answer. */
  detailed(
    side: CallingSide,
    row: MethodDescriptor,
    self: object,
    receivers: Receivers,
    args: readonly unknown[],
    options: CallOptions | undefined,
  ): Promise<Detailed<unknown>>;
}

/** What stands around the calls of one incoming method. */
export interface IncomingChain<C extends ServedArguments = ServedArguments> {
  /** One of them lets calls begin in the order of their arrival. */
  readonly keepsOrder: boolean;
  /** A call as interceptors see it. `unfit`: it is refused, because its arguments do not fit or nobody handles it. */
  served(args: readonly unknown[], sender: CallSender, unfit: boolean): C;
  /** Runs a call through all of them; `last` carries it out. */
  run(call: C, last: () => unknown): unknown;
}

/** The arguments of a call, which interceptors may replace. */
export interface ServedArguments {
  readonly args: readonly unknown[];
}

/** What extensions do for the calls of a side. */
export interface CallExtensions {
  readonly streams: StreamCalls;
  readonly multicast: Multicast;
  /** Methods that no spec declares; undefined where that is not installed. */
  readonly methods: MethodResolver | undefined;
}

/** Serves methods that no spec declares. */
export interface MethodResolver {
  /** The method of this name on the wire; `refusal` is why what the spec declares under the name may not be called. */
  find(name: string, refusal: string | undefined): { serve(sender: CallSender): unknown } | undefined;
  /** Who handles a method of the spec that has no handler of its own; undefined if nobody does. */
  standIn(row: MethodDescriptor): AnyHandler | undefined;
  /** Why a method may not be called; undefined if there is no reason but that it is unknown. */
  why(name: string): string | undefined;
}

/** Calls whose answer is a stream. */
export interface StreamCalls {
  /** Calls such a method. Never throws: what goes wrong rejects the first `next()`. */
  call(
    row: MethodDescriptor,
    self: object,
    receivers: Receivers,
    args: unknown[],
    options: CallOptions | undefined,
  ): unknown;
  /** Answers a call of such a method with what `source` returns. */
  produce(sender: CallSender, source: () => unknown): unknown;
}

/** Notifications for more than one receiver, or for receivers that may be slow. */
export interface Multicast {
  notify(row: MethodDescriptor, receivers: Receivers, packed: PackedArguments, about?: About, slow?: SlowOptions): void;
}
