import type { Signal } from '../base/signal.js';
import type { Id, LinkInfo, Metadata } from '../contract/contract.js';
import type { CallSender } from '../session/incoming-calls/call-sender.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import type { CallState } from '../types/call-state.js';
import type { CallContext } from '../types/interceptor.js';
import type { Peer } from '../types/peers.js';
import { LayeredCall } from './layered-call.js';

/** A call from a peer, as layers see it. */
export class IncomingCall extends LayeredCall implements Extract<CallContext, { direction: 'incoming' }> {
  /** Why it will be refused: its arguments do not fit the method, or it has no handler. Layers still see it. */
  refusal: { readonly error: unknown } | undefined = undefined;

  /** `last` carries the call out, with the arguments that the layers have left. */
  constructor(
    descriptor: MethodDescriptor,
    args: readonly unknown[],
    readonly sender: CallSender,
    private readonly last: (call: IncomingCall) => unknown,
  ) {
    super(descriptor, args);
  }

  /** The innermost step. Returns what the call returns, and throws what it throws. */
  carryOut(): unknown {
    this.onCarriedOut?.();
    if (this.refusal !== undefined) throw this.refusal.error;
    return this.last(this);
  }

  get direction(): 'incoming' {
    return 'incoming';
  }
  get id(): Id | undefined {
    return this.sender.call.id;
  }
  get peer(): Peer {
    return this.sender.peer;
  }
  get info(): LinkInfo {
    return this.sender.peer.info;
  }
  get signal(): Signal {
    return this.sender.signal;
  }
  get state(): CallState {
    return this.sender.state;
  }

  get metadata(): Metadata {
    return this.sender.metadata;
  }
  set metadata(metadata: Metadata) {
    const { call } = this.sender;
    call.about = { ...call.about, metadata };
  }

  get replyMetadata(): Metadata | undefined {
    return this.sender.replyMetadata;
  }
  set replyMetadata(metadata: Metadata | undefined) {
    this.sender.replyMetadata = metadata;
  }
}
