import type { PackedArguments } from '../../calls/arguments.js';
import { packArguments } from '../../calls/arguments.js';
import { type CallSettings, settingsOf } from '../../calls/call-settings.js';
import type { CallingSide } from '../../calls/calling-side.js';
import type { Invoke } from '../../calls/layer.js';
import { OutgoingCall } from '../../calls/outgoing-call.js';
import { prepare } from '../../calls/sending.js';
import { type ReplyCallbacks, SentRequest } from '../../calls/sent-request.js';
import type { Aborted } from '../../contract/errors.js';
import type { Session } from '../../session/session.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import type { CallOptions } from '../../types/call-options.js';
import type { Detailed } from '../../types/derived.js';
import type { Gathered } from '../../types/gathering.js';
import type { Peer } from '../../types/peers.js';
import type { GatherCall, GatheredReplies } from './gathered-replies.js';

/** The request to one of the receivers: open, and then its outcome. */
export class GatherPart implements GatherCall, ReplyCallbacks {
  outcome: Gathered<unknown> | undefined;
  private readonly request: SentRequest;

  constructor(
    private readonly whole: GatheredReplies,
    private readonly session: Session,
    method: string,
    settings: CallSettings,
  ) {
    this.request = new SentRequest(session, method, settings, this);
  }

  send({ args, named }: PackedArguments): void {
    try {
      this.request.send(args, named);
    } catch (error) {
      this.reject(error);
    }
  }

  resolve({ value }: Detailed<unknown>): void {
    this.settle({ peer: this.session.peer as Peer, status: 'fulfilled', value });
  }

  reject(reason: unknown): void {
    this.settle({ peer: this.session.peer as Peer, status: 'rejected', reason: reason as Error });
  }

  cancel(reason: Aborted): void {
    this.request.cancel(reason);
  }

  private settle(outcome: Gathered<unknown>): void {
    // A request that could not be sent may be cancelled nevertheless.
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.whole.settled(outcome);
  }
}

/** The same for a method with layers, which see a call to each receiver. */
export class LayeredPart implements GatherCall {
  outcome: Gathered<unknown> | undefined;
  private request: SentRequest | undefined;
  private readonly peer: Peer;
  private readonly call: OutgoingCall;

  /** `options` are those that apply to the call to this receiver. */
  constructor(
    private readonly layered: Invoke<OutgoingCall>,
    private readonly whole: GatheredReplies,
    private readonly side: CallingSide,
    method: MethodDescriptor,
    private readonly self: object,
    private readonly session: Session,
    args: readonly unknown[],
    options: CallOptions,
  ) {
    this.peer = session.peer as Peer;
    this.call = new OutgoingCall(method, args, this.peer, options, side, (call) => this.last(call));
    this.call.fixPeers(this.peer);
  }

  /** Settles the part. Never rejects. */
  async run(): Promise<void> {
    const { peer } = this;
    try {
      this.settle({ peer, status: 'fulfilled', value: await this.layered(this.call) });
    } catch (reason) {
      this.settle({ peer, status: 'rejected', reason: reason as Error });
    }
  }

  cancel(reason: Aborted): void {
    if (this.request !== undefined) this.request.cancel(reason);
    else this.settle({ peer: this.peer, status: 'rejected', reason });
  }

  private last(call: OutgoingCall): Promise<unknown> {
    const { side, self, session, peer } = this;
    const { descriptor: method } = call;
    if (this.outcome?.status === 'rejected') throw this.outcome.reason;
    const given = [...call.args];
    prepare(side, method, self, peer, given);
    const { args, named } = packArguments(method, given);
    const settings = settingsOf(call.options ?? {}, method.timeout ?? side.timeout);
    return new Promise((resolve, reject) => {
      this.request = new SentRequest(session, method.wire, settings, {
        resolve: ({ value, metadata }) => {
          call.replyMetadata = metadata;
          resolve(value);
        },
        reject,
      });
      call.id = this.request.send(args, named);
    });
  }

  private settle(outcome: Gathered<unknown>): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.whole.settled(outcome);
  }
}
