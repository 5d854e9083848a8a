import type { AddressObject, TransportFactory } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { packageError } from '../src/contract/optional-package.js';
import { readZmq } from './zmq/address.js';
import { DealersTransport } from './zmq/dealers.js';
import { type Zmq, zmqHolder } from './zmq/holder.js';
import { mustBeNode, type ZmqPackage } from './zmq/package.js';
import { ReaderTransport } from './zmq/reader.js';
import { RouterTransport } from './zmq/router.js';
import { WriterTransport } from './zmq/writer.js';

export type { Zmq } from './zmq/holder.js';

/**
 * `zmq+tcp://host:port`, `zmq+ipc:///path`, `zmq+inproc://name`: messages of ZeroMQ, which needs no server; several endpoints are separated
 * by commas. It needs the package `zeromq`, and Node.
 *
 * `role` is `rpc` (the default), where each call of who connects goes to one of the servers that it names, in turn; `pipeline`, where
 * notifications are shared among those that serve (PUSH, PULL); or `pubsub`, where all who serve receive them (PUB, SUB), by topics. Who
 * serves binds its endpoints, and who connects connects to them; in `pipeline` and `pubsub`, `bind=on` and `bind=off` change that.
 *
 * Options of serving sides: `topics`, what a subscriber receives from the beginning, as beginnings of topics, separated by commas or in a list:
 * everything by default and for an empty name, nothing for `[]`; `inFlight`, how many messages of a pipeline or a publisher are handled at a
 * time (64); `forget`, in s, how long a caller that is not Obverse may be silent (3,600) before its link ends, or, if a call of it is open,
 * before it is asked by an empty message whether it is there. Both: `queue`, how many messages ZeroMQ keeps for each peer (1,000); `beat`, in ms,
 * how often a silent connection is checked (5,000). These are whole numbers from 1 on, except `forget`, which is any positive number.
 *
 * Encryption by CURVE: a server has `curveServer` and its `curveSecretKey`; who connects has the public key of the server as `curveServerKey`,
 * and `curvePublicKey` and `curveSecretKey` of its own.
 */
const factory: TransportFactory = (address, wire) => {
  mustBeNode();
  if (!/^zmq\+(tcp|ipc|inproc)$/.test(address.scheme))
    throw new UsageError(
      `"${address.text}" is no address of ZeroMQ: expected zmq+tcp://127.0.0.1:5555, zmq+ipc:///path or zmq+inproc://name`,
    );
  if (wire.form === 'values') throw new UsageError('zmq: carries text or bytes, not values; use another codec');
  if (wire.parts !== undefined && wire.sealed)
    throw new UsageError('zmq: a codec whose frames consist of parts, such as aiozmq, has no place for a security');
  const plan = readZmq(address, wire.listen);
  if (plan.role === 'rpc')
    return wire.listen ? new RouterTransport(plan, wire, load) : new DealersTransport(plan, wire, load);
  return wire.listen ? new ReaderTransport(plan, wire, load) : new WriterTransport(plan, wire, load);
};

export default factory;

/** A transport over ZeroMQ whose endpoints can be changed while it is open: `zmq()`. */
export const zmq: (source: string | AddressObject) => Zmq = (source) => zmqHolder(source, factory);

async function load(): Promise<ZmqPackage> {
  try {
    const loaded = (await import('zeromq')) as object;
    // A bundler may have put the exports of a CommonJS package into `default`.
    return ('Router' in loaded ? loaded : (loaded as { default: object }).default) as ZmqPackage;
  } catch (cause) {
    throw packageError('the transport zmq:', 'zeromq', 'npm install zeromq', cause);
  }
}
