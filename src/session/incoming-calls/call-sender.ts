import { makeDetachable } from '../../base/bound-methods.js';
import { deadlineIn } from '../../base/clock.js';
import type { Signal } from '../../base/signal.js';
import type { Call, Metadata, SecurityInfo } from '../../contract/contract.js';
import { brand } from '../../contract/copies.js';
import type { RpcError } from '../../contract/errors.js';
import type { CallState } from '../../types/call-state.js';
import type { ConnectedPeer } from '../connected-peer.js';
import { isKey } from '../ids.js';
import { mapOutgoing } from '../map-outgoing.js';
import type { ActiveCall } from '../session.js';
import { PROGRESS } from '../system/system-names.js';
import { CallDetails } from './call-details.js';

const nothing: Readonly<Record<string, never>> = Object.freeze({});

/** What a handler gets as its first argument. One for each call, and what can be cancelled of it. */
export class CallSender implements ActiveCall {
  static {
    brand(this.prototype, 'sender');
  }

  /** It was answered, or its handlers have ended: progress and metadata are dropped from now on. */
  done = false;
  /** As what it is at work, which bounds how many there are; undefined if it was done at once. */
  place: 'running' | 'calling' | 'lasting' | undefined = undefined;
  /** Nothing that a call has besides its arguments is made before it is asked for. */
  private made: CallDetails | undefined = undefined;

  constructor(
    readonly peer: ConnectedPeer,
    /** Not part of the front door. */
    readonly call: Call,
  ) {}

  /** What belongs to the call besides its arguments; made now. */
  get details(): CallDetails {
    this.made ??= new CallDetails();
    return this.made;
  }

  /** The same, if there is any. */
  get detailsIfAny(): CallDetails | undefined {
    return this.made;
  }

  /** The same call as one of another method, with other arguments. Whatever else belongs to it they share. */
  as(method: string, args: readonly unknown[], named: boolean): CallSender {
    this.made ??= new CallDetails();
    return Object.create(this, { call: { value: { ...this.call, method, args, named } } }) as CallSender;
  }

  get id(): string {
    return this.peer.id;
  }

  get securityInfo(): SecurityInfo | undefined {
    return this.call.securityInfo;
  }

  get metadata(): Metadata {
    return this.call.about?.metadata ?? nothing;
  }

  get state(): CallState {
    return this.details.state;
  }

  get signal(): Signal {
    return this.details.signal;
  }

  get timeLeft(): number {
    return this.made === undefined ? Number.POSITIVE_INFINITY : Math.max(0, this.made.deadline - deadlineIn(0));
  }

  set replyMetadata(metadata: Metadata | undefined) {
    this.details.replyMetadata = metadata;
  }
  get replyMetadata(): Metadata | undefined {
    return this.made?.replyMetadata;
  }

  get wantsProgress(): boolean {
    const { call } = this;
    // With the id null, the caller could not match the progress to a call.
    return isKey(call.id) ? call.about?.progress === true || call.token !== undefined : call.token !== undefined;
  }

  progress(value: unknown): void {
    const { call, peer } = this;
    if (this.done || !this.wantsProgress || this.made?.cancelled !== undefined) return;
    const { session } = peer;
    const sent = mapOutgoing(session, value);
    const token = call.token ?? call.id;
    const wasSent = session.sendSystem(PROGRESS, sent === undefined ? [token, value] : [token, sent.values, true]);
    if (!wasSent) sent?.end();
  }

  afterReply(job: () => void): void {
    this.details.after(job);
  }

  /** Cancels the call. */
  cancel(reason: RpcError): void {
    this.details.cancel(reason);
  }
}
makeDetachable(CallSender.prototype, ['progress', 'afterReply'], 'anew');
