import type { RpcEndpoint } from '../../api/endpoint.js';
import { currentCall } from '../../calls/call-context.js';
import { OutgoingCall, wishOf } from '../../calls/outgoing-call.js';
import { packArguments, prepare } from '../../calls/outgoing-method.js';
import type { Aborted } from '../../contract/errors.js';
import type { CallSender } from '../../session/peer.js';
import type { Session } from '../../session/session.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import type { CallOptions } from '../../types/call-options.js';
import type { Gathered } from '../../types/gathering.js';
import type { Peer } from '../../types/peers.js';
import type { Answering, AnswersOfMany } from '../multicast/gathered-replies.js';
import { MadeCall } from './call-of.js';
import type { Chain } from './chain.js';

/** One of several receivers of a request around which somebody stands: they see a call to each of them. */
export class PartThrough implements Answering {
  outcome: Gathered<unknown> | undefined;
  private asking: OutgoingCall | undefined;
  private readonly peer: Peer;
  private readonly call: MadeCall;

  /** `options` are those that hold for the call to this receiver. */
  constructor(
    private readonly chain: Chain,
    private readonly whole: AnswersOfMany,
    private readonly hub: RpcEndpoint,
    private readonly row: MethodDescriptor,
    private readonly self: object,
    private readonly session: Session,
    args: readonly unknown[],
    options: CallOptions,
  ) {
    this.peer = session.peer as Peer;
    this.call = new MadeCall(chain.subject, args, this.peer, options, hub.roster);
    this.call.leavesFor(session);
  }

  /** Nobody waits for anything else than the outcome. */
  async run(): Promise<void> {
    const { peer } = this;
    try {
      const value = await this.chain.run(this.call, () => this.last());
      this.settle({ peer, status: 'fulfilled', value });
    } catch (reason) {
      this.settle({ peer, status: 'rejected', reason: reason as Error });
    }
  }

  giveUp(reason: Aborted): void {
    if (this.asking !== undefined) this.asking.giveUp(reason);
    else this.settle({ peer: this.peer, status: 'rejected', reason });
  }

  private last(): Promise<unknown> {
    const { hub, row, self, session, call, peer } = this;
    if (this.outcome?.status === 'rejected') throw this.outcome.reason;
    const given = [...call.args];
    prepare(hub, row, self, peer, given);
    const { args, named } = packArguments(row, given);
    const options = call.asked ?? {};
    const wish = wishOf(
      options,
      row.timeout ?? hub.timeout,
      (options.within as CallSender | undefined) ?? currentCall(),
    );
    return new Promise((resolve, reject) => {
      this.asking = new OutgoingCall(session, row.wire, wish, {
        resolve: ({ value, metadata }) => {
          call.replyMetadata = metadata;
          resolve(value);
        },
        reject,
      });
      call.id = this.asking.send(args, named);
    });
  }

  private settle(outcome: Gathered<unknown>): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.whole.came(outcome);
  }
}
