import type { MethodDescriptor } from '../spec/method-table.js';
import type { IncomingCall } from './incoming-call.js';
import type { OutgoingCall } from './outgoing-call.js';

/** Runs a call, and returns what the call returns. */
export type Invoke<C> = (call: C) => unknown;

/**
 * Wraps the calls of methods. It is called once when a method is bound, and again when a layer changes, but never for a call.
 * It returns what calls `next` at some time, or undefined if it has no use for the method.
 */
export interface Layer {
  incoming?(method: MethodDescriptor, next: Invoke<IncomingCall>): Invoke<IncomingCall> | undefined;
  outgoing?(method: MethodDescriptor, next: Invoke<OutgoingCall>): Invoke<OutgoingCall> | undefined;
}

const carryOut = (call: IncomingCall | OutgoingCall): unknown => call.carryOut();

/** The layers around an incoming method as one function, the first of the list outermost; undefined if none has a use for it. */
export function composeIncoming(layers: readonly Layer[], method: MethodDescriptor): Invoke<IncomingCall> | undefined {
  return compose<IncomingCall>(layers, (layer, next) => layer.incoming?.(method, next));
}

/** The same for an outgoing method. */
export function composeOutgoing(layers: readonly Layer[], method: MethodDescriptor): Invoke<OutgoingCall> | undefined {
  return compose<OutgoingCall>(layers, (layer, next) => layer.outgoing?.(method, next));
}

function compose<C extends IncomingCall | OutgoingCall>(
  layers: readonly Layer[],
  around: (layer: Layer, next: Invoke<C>) => Invoke<C> | undefined,
): Invoke<C> | undefined {
  const outermost = layers.reduceRight<Invoke<C>>((next, layer) => around(layer, next) ?? next, carryOut);
  return outermost === carryOut ? undefined : outermost;
}
