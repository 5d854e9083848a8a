import { readOptions } from '../src/contract/address.js';
import type { Accept, Address, Transport, Wire } from '../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../src/contract/errors.js';
import { asPort, beforeSelfClose, type Port, parentPort, portInfo } from './shared/port/events.js';
import { PortLink } from './shared/port/link.js';

let ports = 0;

/**
 * One link over a port: `{ url: 'port:', port }`, where `port` is a MessagePort, a Worker, `parentPort` or any other
 * object that posts messages, in Node and in browsers; or `port:parent` inside a worker, for the link to the thread
 * that started it. Both ends may serve or connect, in any order: frames wait until the other end listens. The id of the
 * peer is `port:n`.
 *
 * An open link keeps the process alive, as a socket does. `close` notifies the other end, and closes the port if it is
 * a MessagePort; a Worker goes on running, and `port:parent` lets its worker exit. A worker that calls `self.close()`
 * ends the link cleanly. If a Worker exits, or a MessagePort is closed by other code, the link ends with
 * ConnectionLost.
 *
 * Throws a UsageError if there is no port.
 */
export default function port(address: Address, wire: Wire): Transport {
  const options = readOptions(address, { port: 'any' });
  return new PortTransport(findPort(address, options.port), address, wire);
}

function findPort(address: Address, given: unknown): Port {
  if (address.rest === 'parent') {
    if (given !== undefined) throw new UsageError('port:parent finds its port itself; omit the option "port"');
    const port = parentPort();
    if (port !== undefined) return port;
    throw new UsageError(
      'port:parent works only inside a worker, and this is not one; pass a port, as in { url: "port:", port: worker }',
    );
  }
  if (address.rest !== '') {
    throw new UsageError(`"${address.text}" does not name a port; expected port:parent, or { url: "port:", port }`);
  }
  return asPort(given, 'port: the option "port"');
}

class PortTransport implements Transport {
  readonly address: string;
  private readonly port: Port;
  private readonly wire: Wire;
  private link: PortLink | undefined;
  private over = false;

  constructor(port: Port, address: Address, wire: Wire) {
    this.address = address.text;
    this.port = port;
    this.wire = wire;
  }

  async open(accept: Accept): Promise<void> {
    if (this.over) throw new ConnectionLost(`${this.address} was closed before it was open`);
    const { port } = this;
    const parent = port === parentPort();
    const stop = parent ? beforeSelfClose(() => this.link?.close()) : undefined;
    this.link = new PortLink(port, this.wire, {
      ...(stop !== undefined && { ended: stop }),
      peer: `port:${++ports}`,
      info: portInfo(port),
      parent,
      owned: !parent && typeof port.start === 'function' && typeof port.close === 'function',
    });
    this.link.start(accept);
    this.link.listen();
  }

  async close(): Promise<void> {
    this.over = true;
    this.link?.close();
    // The link has reported its end in a microtask that runs before this one.
    await undefined;
  }
}
