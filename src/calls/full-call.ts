import { isThenable } from '../base/promise-like.js';
import { callOptionsOf } from '../spec/call-options.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import type { CallOptions } from '../types/call-options.js';
import type { Detailed } from '../types/derived.js';
import type { Receivers } from '../types/peers.js';
import { packArguments } from './arguments.js';
import { settingsOf } from './call-settings.js';
import type { CallingSide } from './calling-side.js';
import type { Invoke } from './layer.js';
import { OutgoingCall } from './outgoing-call.js';
import { requestFirst } from './request-first.js';
import { notify, prepare } from './sending.js';

/** A call, the layers around it, and whether its caller has asked for no errors. */
interface FullCall {
  readonly call: OutgoingCall;
  readonly layered: Invoke<OutgoingCall> | undefined;
  readonly isSilent: boolean;
}

/**
 * Makes a call that has options, layers, or a stream for an answer. Like a plain call, a notification returns nothing and may throw, a
 * request returns a promise and never throws, and a stream returns its iterator.
 */
export function callInFull(
  side: CallingSide,
  method: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: unknown[],
  options: CallOptions | undefined,
): unknown {
  return run(side, fullCall(side, method, self, receivers, args, options));
}

/** The same for a request, and returns with the value the metadata of the reply. */
export async function callDetailed(
  side: CallingSide,
  method: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: unknown[],
  options: CallOptions | undefined,
): Promise<Detailed<unknown>> {
  const full = fullCall(side, method, self, receivers, args, options);
  const value = await run(side, full);
  return { value, metadata: full.call.replyMetadata ?? {} };
}

function fullCall(
  side: CallingSide,
  method: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: unknown[],
  asked: CallOptions | undefined,
): FullCall {
  const layered = side.layers.outgoing?.get(method);
  const hasOptions = asked !== undefined || method.defaults !== undefined || side.defaults !== undefined;
  let options = hasOptions ? callOptionsOf(side, method, asked) : undefined;
  const isSilent = options?.ignoreErrors === true;
  // Layers see the errors that the caller does not.
  if (isSilent && layered !== undefined) options = { ...options, ignoreErrors: false };
  const last = (call: OutgoingCall): unknown => send(side, self, call, layered !== undefined);
  return { call: new OutgoingCall(method, args, receivers, options, side, last), layered, isSilent };
}

/** Returns what the caller gets. */
function run(side: CallingSide, { call, layered, isSilent }: FullCall): unknown {
  const { descriptor: method } = call;
  if (method.stream && layered === undefined) return call.carryOut();
  let given: unknown;
  try {
    given = layered === undefined ? call.carryOut() : layered(call);
  } catch (error) {
    if (method.request) given = Promise.reject(error);
    else if (!isSilent) throw error;
  }
  if (method.stream) return side.attached.streams.relay(given, method.path, isSilent);
  if (method.request) {
    const answer = given instanceof Promise ? given : Promise.resolve(given);
    return isSilent ? answer.catch(() => undefined) : answer;
  }
  // The layers were asynchronous: it is too late to throw to the caller of a notification.
  if (isThenable(given))
    given.then(undefined, (error: unknown) => {
      if (!isSilent) side.reports.write('error', undefined, `${method.path} was not sent:`, error);
    });
  return undefined;
}

/** Sends a call which every layer has passed on. A request never throws. */
function send(side: CallingSide, self: object, call: OutgoingCall, isLayered: boolean): unknown {
  const { descriptor: method, receivers } = call;
  if (method.stream) {
    if (isLayered) call.fixPeers();
    return side.attached.streams.call(side, self, call);
  }
  try {
    if (isLayered) call.fixPeers();
    const args = [...call.args];
    const { options = {} } = call;
    prepare(side, method, self, receivers, args);
    const packed = packArguments(method, args);
    const settings = settingsOf(options, method.timeout ?? side.timeout);
    if (call.kind === 'notification') {
      const slow = options.slow === undefined ? undefined : options;
      notify(side, method, receivers, packed, settings.about, slow, settings.delivery);
      return method.request ? Promise.resolve() : undefined;
    }
    const onSent = (id: number): void => {
      call.id = id;
    };
    return requestFirst(method.wire, side.peerRegistry.several(receivers), packed, settings, onSent).then(
      ({ value, metadata }) => {
        call.replyMetadata = metadata;
        return value;
      },
    );
  } catch (error) {
    if (method.request) return Promise.reject(error);
    throw error;
  }
}
