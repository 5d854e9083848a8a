import { readFile } from 'node:fs/promises';
import type { TransportFactory } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { packageError } from '../src/contract/optional-package.js';
import { readNats } from './shared/nats-address.js';
import type { NatsLoader } from './shared/nats-client.js';
import { NatsTransport } from './shared/nats-transport.js';

/**
 * `nats://host:4222/subject`: calls over a NATS server. Serving sides receive the subject, and those with the same `queue` share the
 * calls; a connecting side has one peer, the service. `nats://ann:secret@host:4222,other:4222/subject` has a user and several servers. It
 * needs the package `@nats-io/transport-node`.
 *
 * When serving: `queue`, the queue group (`workers`; empty: each serving side receives each call); `discover`, whether the service
 * discovery of NATS is answered (on).
 *
 * Both: `beat`, in ms, how often a serving side reports which calls it is working on (1,000); `forget`, in s, how long a peer is silent
 * before it is checked whether it is still there (60); `credentials`, a credentials file or its contents; and the options of `connect()`
 * of the package, such as `user`, `pass`, `token`, `tls`, `name`, `reconnectTimeWait`, `maxReconnectAttempts`.
 */
const nats: TransportFactory = (address, wire) => {
  if (address.scheme !== 'nats')
    throw new UsageError(`"${address.scheme}:" is for pages in browsers; here, the address begins with nats://`);
  return new NatsTransport(readNats(address, wire.listen), wire, loader);
};

export default nats;

const loader: NatsLoader = {
  async load() {
    try {
      return await import('@nats-io/transport-node');
    } catch (cause) {
      const name = '@nats-io/transport-node';
      throw packageError('the transport nats:', name, `npm install ${name}`, cause);
    }
  },
  async credentials(given) {
    if (typeof given !== 'string') return given;
    return given.includes('-----BEGIN') ? new TextEncoder().encode(given) : readFile(given);
  },
};
