import { readOptions } from '../src/contract/address.js';
import type { Accept, Address, Transport, Wire } from '../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../src/contract/errors.js';
import { asPort, beforeSelfClose, type Port, parentPort, portInfo } from './shared/port-events.js';
import { PortLink } from './shared/port-link.js';

let ports = 0;

/**
 * One link over a port: `{ url: 'port:', port }`, where `port` is a MessagePort, a Worker, `parentPort` or anything else
 * that posts messages, in Node and in browsers; or `port:parent` inside a worker, to whoever started it. Both ends may
 * serve or connect, and either may come first: frames wait until the other end listens. The peer is called `port:n`.
 *
 * An open link keeps the process alive, as a socket does. `close` tells the other end, and closes the port if it is a
 * MessagePort; a Worker goes on, and `port:parent` lets its worker exit. A worker that calls `self.close()` ends the link cleanly. A Worker that exits, and a MessagePort that is
 * closed by somebody else, end the link with ConnectionLost.
 *
 * Throws a UsageError if there is no port.
 */
export default function port(address: Address, wire: Wire): Transport {
  const options = readOptions(address, { port: 'any' });
  return new PortTransport(findPort(address, options.port), address, wire);
}

function findPort(address: Address, given: unknown): Port {
  if (address.rest === 'parent') {
    if (given !== undefined) throw new UsageError('port:parent finds its port itself: leave the option "port" out');
    const port = parentPort();
    if (port !== undefined) return port;
    throw new UsageError(
      'port:parent leads from a worker to whoever started it, and this is no worker: give a port, as in { url: "port:", port: worker }',
    );
  }
  if (address.rest !== '') {
    throw new UsageError(`"${address.text}" is no port: expected port:parent, or { url: "port:", port }`);
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
    // The link has told its end in a microtask that stands before this one.
    await undefined;
  }
}
