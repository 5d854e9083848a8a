import type { RpcEndpoint } from '../../api/endpoint.js';
import type { CallingSide, IncomingChain, OutgoingChain } from '../../calls/calling-side.js';
import type { CallSender } from '../../session/peer.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import type { CallOptions } from '../../types/call-options.js';
import type { Detailed } from '../../types/derived.js';
import type { Receivers } from '../../types/peers.js';
import { ServedCall } from './call-of.js';
import type { Chain, Run, Subject } from './chain.js';
import { callThrough, detailedThrough } from './through.js';

/** What stands around the calls of one method, in either direction. */
export class MethodChain implements Chain, OutgoingChain, IncomingChain<ServedCall> {
  constructor(
    readonly subject: Subject,
    readonly run: Run,
    readonly keepsOrder: boolean,
  ) {}

  call(
    side: CallingSide,
    row: MethodDescriptor,
    self: object,
    receivers: Receivers,
    args: readonly unknown[],
    options: CallOptions | undefined,
  ): unknown {
    return callThrough(this, side as RpcEndpoint, row, self, receivers, args, options);
  }

  detailed(
    side: CallingSide,
    row: MethodDescriptor,
    self: object,
    receivers: Receivers,
    args: readonly unknown[],
    options: CallOptions | undefined,
  ): Promise<Detailed<unknown>> {
    return detailedThrough(this, side as RpcEndpoint, row, self, receivers, args, options);
  }

  served(args: readonly unknown[], sender: CallSender, unfit: boolean): ServedCall {
    const call = new ServedCall(this.subject, args, sender);
    call.unfit = unfit;
    return call;
  }
}
