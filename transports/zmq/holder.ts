import { parseAddress } from '../../src/contract/address.js';
import type { AddressObject, Transport, TransportFactory, Wire } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';

/** Endpoints that can be changed: the transport of a side, passed as its `transport` or address. */
export interface Zmq {
  /** Makes the transport; called by the side. Throws a UsageError if another side has used it. */
  (wire: Wire): Transport;
  /**
   * Binds one more endpoint, or connects to it: `zmq+tcp://127.0.0.1:5556`. Resolves when it is bound, or when it is known whether somebody is
   * there; who is not yet, is connected to when they come. While the side opens, it is one of those that are opened. Rejects with a UsageError
   * for an endpoint that it has, or if it has no side yet, and with ConnectionLost if the endpoint cannot be bound, or if the side is closed.
   */
  add(endpoint: string): Promise<void>;
  /**
   * Ends one endpoint, by the name with which it was added or that it has in the address of the side; its links end, except those of
   * `zmq+inproc:` to a side that serves. Resolves when that is done. Rejects with a UsageError if there is no such endpoint, and with
   * ConnectionLost if the side is closed.
   */
  remove(endpoint: string): Promise<void>;
}

/** What a transport of ZeroMQ can do beside the contract. */
interface Changeable {
  add(endpoint: string): Promise<void>;
  remove(endpoint: string): Promise<void>;
}

/** Endpoints that can be changed, for an address. */
export function zmqHolder(source: string | AddressObject, factory: TransportFactory): Zmq {
  let current: (Transport & Changeable) | undefined;
  const make = (wire: Wire): Transport => {
    if (current !== undefined)
      throw new UsageError('this zmq() is the transport of another side; make one for each side');
    current = factory(parseAddress(source), wire) as Transport & Changeable;
    return current;
  };
  const opened = (): Changeable => {
    if (current === undefined)
      throw new UsageError('this zmq() has no side yet: pass it to serve() or connect() first');
    return current;
  };
  return Object.assign(make, {
    add: async (endpoint: string) => opened().add(endpoint),
    remove: async (endpoint: string) => opened().remove(endpoint),
  });
}
