import type { About, Call } from '../contract/contract.js';
import type { CallSender } from '../session/incoming-calls/call-sender.js';
import type { Session, SessionHost } from '../session/session.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import type { CallOptions } from '../types/call-options.js';
import type { AnyHandler } from '../types/dynamic.js';
import type { SideLogger } from '../types/log-entry.js';
import type { Peer, Receivers, SlowOptions } from '../types/peers.js';
import type { PackedArguments } from './arguments.js';
import type { OutgoingCall } from './outgoing-call.js';
import type { SideLayers } from './side-layers.js';

/** What calls, in both directions, need of the side that they belong to. */
export interface CallingSide extends SessionHost {
  /** Whether this is the side that the spec is inverted for. */
  readonly inverted: boolean;
  /** Options of every call, below those of its method. */
  readonly defaults: CallOptions | undefined;
  readonly logger: SideLogger;
  readonly reports: CallReports;
  readonly peerRegistry: ReceivingPeers;
  /** The layers around the methods. */
  readonly layers: SideLayers;
  readonly attached: CallExtensions & SessionHost['attached'];
  /** Throws ConnectionLost if the side is not open. */
  mustBeOpen(): void;
  /** The handler of a method that has none of its own; undefined if there is none. */
  fallback(method: MethodDescriptor, call: Call): AnyHandler | undefined;
}

/** Writes errors that can no longer be thrown to the logger. */
export interface CallReports {
  write(level: 'warn' | 'error', peer: Peer | undefined, what: string, detail: unknown): void;
}

/** The sessions of the receivers of a call. */
export interface ReceivingPeers {
  /** Of the one receiver; undefined if there are several, or none. Throws a UsageError for what is no receiver of this side. */
  single(receivers: Receivers): Session | undefined;
  /** Of all receivers. Throws where there is none. */
  several(receivers: Receivers): readonly Session[];
  /** The peers to which a call would be sent now; none if it would fail. Never throws. */
  addressedPeers(receivers: Receivers): readonly Peer[];
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
  /** The handler of a method of the spec that has none of its own; undefined if there is none. */
  fallback(method: MethodDescriptor): AnyHandler | undefined;
  /** Why a method cannot be called; undefined if it is just unknown. */
  why(name: string): string | undefined;
}

/** Calls whose answer is a stream. */
export interface StreamCalls {
  /** Makes such a call; `self` is the `this` of the body. Never throws: the first `next()` rejects with what goes wrong. */
  call(side: CallingSide, self: object, call: OutgoingCall): unknown;
  /** The stream for the caller, of what layers have returned for one. If it is `quiet`, an error only ends it. */
  relay(given: unknown, path: string, quiet: boolean): unknown;
  /** Answers a call of such a method with what `source` returns. */
  produce(sender: CallSender, source: () => unknown): unknown;
}

/** Notifications for more than one receiver, or for receivers that may be slow. */
export interface Multicast {
  notify(
    method: MethodDescriptor,
    receivers: Receivers,
    packed: PackedArguments,
    about?: About,
    slow?: SlowOptions,
  ): void;
  /** Calls each of the receivers, and returns what they reply as it comes. */
  gather?(
    side: CallingSide,
    method: MethodDescriptor,
    self: object,
    receivers: Receivers,
    args: unknown[],
    options?: CallOptions,
  ): unknown;
}
