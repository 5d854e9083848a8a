import type { PeerRegistry } from '../../api/peer-registry.js';
import type { Signal } from '../../base/signal.js';
import type { Id, LinkInfo, Metadata } from '../../contract/contract.js';
import { StoredCallState } from '../../session/call-state.js';
import type { CallSender } from '../../session/peer.js';
import type { Session } from '../../session/session.js';
import type { CallOptions } from '../../types/call-options.js';
import type { CallState } from '../../types/call-state.js';
import type { IncomingCall, OutgoingCall } from '../../types/interceptor.js';
import type { Peer, Receivers } from '../../types/peers.js';
import type { Subject } from './chain.js';

const nothing: Metadata = Object.freeze({});

/** What both kinds of calls say of their method. */
abstract class CallOf {
  constructor(
    protected readonly subject: Subject,
    public args: readonly unknown[],
  ) {}

  get kind(): Subject['kind'] {
    return this.subject.kind;
  }
  get path(): string {
    return this.subject.path;
  }
  get method(): string {
    return this.subject.method;
  }
  get meta(): unknown {
    return this.subject.meta;
  }
  get logged(): Subject['logged'] {
    return this.subject.logged;
  }
}

/** A call that a peer has made. What it has beside its arguments belongs to its sender. */
export class ServedCall extends CallOf implements IncomingCall {
  /** It will be refused, for its arguments cannot be bound or nobody handles it: they are not checked. */
  unfit = false;

  constructor(
    subject: Subject,
    args: readonly unknown[],
    readonly sender: CallSender,
  ) {
    super(subject, args);
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

/** A call that this side makes. */
export class MadeCall extends CallOf implements OutgoingCall {
  id: number | undefined = undefined;
  replyMetadata: Metadata | undefined = undefined;
  /** The one to which it was sent, or else all of them. */
  private to: Session | undefined = undefined;
  private all: readonly Peer[] | undefined = undefined;
  private own: CallState | undefined = undefined;
  private added: Metadata | undefined = undefined;

  /** `options` are those that hold for the call; `roster` knows the peers that are connected. */
  constructor(
    subject: Subject,
    args: readonly unknown[],
    readonly receivers: Receivers,
    private options: CallOptions | undefined,
    private readonly roster: PeerRegistry | undefined,
  ) {
    super(subject, args);
  }

  get direction(): 'outgoing' {
    return 'outgoing';
  }
  get peers(): readonly Peer[] {
    return this.to === undefined ? (this.all ?? this.roster?.meant(this.receivers) ?? []) : [this.to.peer as Peer];
  }

  /** It leaves, for one peer. */
  leavesFor(session: Session): void {
    this.to = session;
  }

  /** It leaves, for whoever is meant now. */
  leaves(): void {
    this.all ??= this.roster?.meant(this.receivers);
  }

  override get kind(): Subject['kind'] {
    const { kind } = this.subject;
    return kind === 'request' && this.options?.noReply === true ? 'notification' : kind;
  }
  get signal(): Signal | undefined {
    return this.options?.signal;
  }
  get state(): CallState {
    this.own ??= new StoredCallState();
    return this.own;
  }

  get metadata(): Metadata {
    return this.added ?? this.options?.metadata ?? nothing;
  }
  set metadata(metadata: Metadata) {
    this.added = metadata;
  }

  /** Whoever is told of its progress, if anybody is. */
  get onProgress(): CallOptions['onProgress'] {
    return this.options?.onProgress;
  }
  set onProgress(told: NonNullable<CallOptions['onProgress']>) {
    this.options = { ...this.options, onProgress: told };
  }

  /** The options with which it is made in the end. */
  get asked(): CallOptions | undefined {
    return this.added === undefined ? this.options : { ...this.options, metadata: this.added };
  }
}
