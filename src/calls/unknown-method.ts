import type { CallSender } from '../session/incoming-calls/call-sender.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import { undeclaredMethod } from '../spec/undeclared-method.js';
import { IncomingCall } from './incoming-call.js';
import type { Invoke } from './layer.js';

/** The methods that a side does not serve, as one method: its layers see their calls, each with the name that was called. */
export class UnknownMethod {
  readonly descriptor: MethodDescriptor = undeclaredMethod('incoming', 'unknown', '', '');
  layered: Invoke<IncomingCall> | undefined = undefined;

  /** `refuse` is the innermost step: it throws "method not found", or ignores the call. */
  constructor(private readonly refuse: (sender: CallSender) => unknown) {}

  serve(sender: CallSender): unknown {
    const { layered, refuse } = this;
    if (layered === undefined) return refuse(sender);
    const { method, args } = sender.call;
    const descriptor = { ...this.descriptor, path: method, wire: method };
    return layered(new IncomingCall(descriptor, args, sender, () => refuse(sender)));
  }
}
