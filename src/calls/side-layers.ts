import type { MethodDescriptor } from '../spec/method-table.js';
import { undeclaredMethod } from '../spec/undeclared-method.js';
import type { IncomingCall } from './incoming-call.js';
import { composeIncoming, composeOutgoing, type Invoke, type Layer } from './layer.js';
import type { OutgoingCall } from './outgoing-call.js';

/** An incoming method, which keeps the layers around it. */
export interface LayeredMethod {
  readonly descriptor: MethodDescriptor;
  layered: Invoke<IncomingCall> | undefined;
}

/** All callbacks of a side have the same layers, in each direction; each call has a descriptor with its own path. */
const incomingCallback = undeclaredMethod('incoming', 'callback', 'callback', 'rpc.call');
const outgoingCallback = undeclaredMethod('outgoing', 'callback', 'callback', 'rpc.call');

/** The layers around the methods of a side. They are composed when a method is bound and when a layer changes, never for a call. */
export class SideLayers {
  /** Those around outgoing methods, where there are any; undefined if there are none at all: then a call costs one comparison. */
  outgoing: WeakMap<MethodDescriptor, Invoke<OutgoingCall>> | undefined;
  /** Around calls of functions that were passed by reference; undefined if there are none. */
  incomingCallbacks: Invoke<IncomingCall> | undefined;
  outgoingCallbacks: Invoke<OutgoingCall> | undefined;
  private layers: readonly Layer[] = [];
  private incomingMethods: LayeredMethod[] = [];
  private outgoingMethods: MethodDescriptor[] = [];
  /** Those of incoming methods that are not bound. */
  private unbound = new WeakMap<MethodDescriptor, Invoke<IncomingCall> | undefined>();

  /** Binds an incoming method, which is composed anew with the others from now on. */
  bindIncoming(method: LayeredMethod): void {
    method.layered = composeIncoming(this.layers, method.descriptor);
    this.incomingMethods.push(method);
  }

  /** The layers around an incoming method that is not bound, because its removal is not reported. */
  incomingOf(method: MethodDescriptor): Invoke<IncomingCall> | undefined {
    if (!this.unbound.has(method)) this.unbound.set(method, composeIncoming(this.layers, method));
    return this.unbound.get(method);
  }

  /** The same for an outgoing method. */
  bindOutgoing(method: MethodDescriptor): void {
    this.composeOutgoing(method);
    this.outgoingMethods.push(method);
  }

  /** Composes the layers around an outgoing method that is called once: it is not composed again when a layer changes. */
  composeOutgoing(method: MethodDescriptor): void {
    const layered = composeOutgoing(this.layers, method);
    if (layered === undefined) return;
    this.outgoing ??= new WeakMap();
    this.outgoing.set(method, layered);
  }

  /** The methods whose paths begin so are gone. */
  unbind(path: string): void {
    this.incomingMethods = this.incomingMethods.filter(({ descriptor }) => !descriptor.path.startsWith(path));
    this.outgoingMethods = this.outgoingMethods.filter((method) => !method.path.startsWith(path));
  }

  /** A layer has changed, or there are others. Calls that have begun keep the layers with which they began. */
  recompose(layers: readonly Layer[] = this.layers): void {
    this.layers = layers;
    for (const method of this.incomingMethods) method.layered = composeIncoming(layers, method.descriptor);
    this.unbound = new WeakMap();
    this.outgoing = undefined;
    for (const method of this.outgoingMethods) this.composeOutgoing(method);
    this.incomingCallbacks = composeIncoming(layers, incomingCallback);
    this.outgoingCallbacks = composeOutgoing(layers, outgoingCallback);
  }
}
