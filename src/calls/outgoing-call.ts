import type { Signal } from '../base/signal.js';
import type { Metadata } from '../contract/contract.js';
import { StoredCallState } from '../session/incoming-calls/call-state.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import type { CallOptions } from '../types/call-options.js';
import type { CallState } from '../types/call-state.js';
import type { CallContext } from '../types/interceptor.js';
import type { Peer, Receivers } from '../types/peers.js';
import { LayeredCall } from './layered-call.js';

const noMetadata: Metadata = Object.freeze({});

/** Finds the peers to which a call would be sent now. */
interface PeersOf {
  addressedPeers(receivers: Receivers): readonly Peer[];
}

/** A call of this side, as layers see it. */
export class OutgoingCall extends LayeredCall implements Extract<CallContext, { direction: 'outgoing' }> {
  id: number | undefined = undefined;
  replyMetadata: Metadata | undefined = undefined;
  private sentTo: readonly Peer[] | undefined = undefined;
  private store: CallState | undefined = undefined;
  private ownMetadata: Metadata | undefined = undefined;

  /**
   * `given` are the options that apply to the call: its own, and those of its method and its side. `last` sends the call, with the
   * arguments and options that the layers have left.
   */
  constructor(
    descriptor: MethodDescriptor,
    args: readonly unknown[],
    readonly receivers: Receivers,
    private given: CallOptions | undefined,
    private readonly side: { readonly peerRegistry: PeersOf },
    private readonly last: (call: OutgoingCall) => unknown,
  ) {
    super(descriptor, args);
  }

  /** The innermost step. Returns what a call without layers returns, and throws what it throws. */
  carryOut(): unknown {
    this.onCarriedOut?.();
    return this.last(this);
  }

  get direction(): 'outgoing' {
    return 'outgoing';
  }
  get peers(): readonly Peer[] {
    return this.sentTo ?? this.side.peerRegistry.addressedPeers(this.receivers);
  }

  /** From now on, `peers` are the receivers of this moment, or the one that is given. */
  fixPeers(peer?: Peer): void {
    this.sentTo ??= peer === undefined ? this.side.peerRegistry.addressedPeers(this.receivers) : [peer];
  }

  override get kind(): CallContext['kind'] {
    const { kind } = this.descriptor;
    return kind === 'request' && this.given?.noReply === true ? 'notification' : super.kind;
  }
  get signal(): Signal | undefined {
    return this.given?.signal;
  }
  /** Whether the call may be sent again, in another session, as its options or the decorator of its method specify. */
  get idempotent(): boolean {
    return this.given?.idempotent === true;
  }
  get state(): CallState {
    this.store ??= new StoredCallState();
    return this.store;
  }

  get metadata(): Metadata {
    return this.ownMetadata ?? this.given?.metadata ?? noMetadata;
  }
  set metadata(metadata: Metadata) {
    this.ownMetadata = metadata;
  }

  /** The listener of its progress, if there is one. */
  get onProgress(): CallOptions['onProgress'] {
    return this.given?.onProgress;
  }
  set onProgress(listener: NonNullable<CallOptions['onProgress']>) {
    this.given = { ...this.given, onProgress: listener };
  }

  /** The options with which it is sent, including the metadata that layers have set. */
  get options(): CallOptions | undefined {
    return this.ownMetadata === undefined ? this.given : { ...this.given, metadata: this.ownMetadata };
  }
}
