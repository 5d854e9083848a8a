import { readFile } from 'node:fs/promises';
import type { TransportFactory } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { framingFor } from '../src/contract/framing/framings.js';
import { packageError } from '../src/contract/optional-package.js';
import { readNats } from './nats/address.js';
import { exportsOf, type NatsLoader } from './nats/client.js';
import { readStream } from './nats/jetstream/plan.js';
import { StreamTransport } from './nats/jetstream/transport.js';
import { NatsTransport } from './nats/transport.js';

/**
 * `nats://host:4222/subject`: calls over a NATS server. Serving sides receive the subject, and those with the same `queue` share the
 * calls; a connecting side has one peer, the service. `nats://ann:secret@host:4222,other:4222/subject` has a user and several servers. It
 * needs the package `@nats-io/transport-node`.
 *
 * With `stream`, a stream of JetStream keeps the messages, and it also needs the package `@nats-io/jetstream`: who connects writes
 * notifications, with `flush()` and `delivery: { key, attempts }`, and who serves works on them. A message is acknowledged when its handler
 * has finished; one that fails comes again, and at last is stored under `<subject>._dead`. Then the options when serving are `consumer`
 * (`workers`; `dead` for `<subject>._dead`), whose name those have that share the messages; `from`, where a new consumer begins (`all`, `new`, or the number of a
 * message); `attempts` (5); `backoff`, in ms (1,000), doubled after each attempt; `lease`, in ms (30,000), after which another worker gets
 * the message of one that is gone; `inFlight` (16), how many messages a side works on. Both: `dedupe`, in ms (120,000), how long a new
 * stream knows keys.
 *
 * When serving: `queue`, the queue group (`workers`; empty: each serving side receives each call); `discover`, whether the service
 * discovery of NATS is answered (on).
 *
 * Both: `beat`, in ms, how often a serving side reports which calls it is working on (1,000, at most 60,000; who connects learns it from those who
 * serve, and specifies only the least); `forget`, in s, how long a peer is silent
 * before it is checked whether it is still there (60); `credentials`, a credentials file or its contents; and the options of `connect()`
 * of the package, such as `user`, `pass`, `token`, `tls`, `name`, `reconnectTimeWait`, `maxReconnectAttempts`.
 */
const nats: TransportFactory = (address, wire) => {
  if (address.scheme !== 'nats')
    throw new UsageError(`"${address.scheme}:" is for pages in browsers; here, the address begins with nats://`);
  if (wire.form === 'values') throw new UsageError('nats: carries text or bytes, not values; use another codec');
  if (address.options.stream !== undefined)
    return new StreamTransport(readStream(address, wire.listen), wire, loader, framingFor(undefined, wire));
  return new NatsTransport(readNats(address, wire.listen), wire, loader, framingFor(undefined, wire));
};

export default nats;

const loader: NatsLoader = {
  async load() {
    try {
      return exportsOf(await import('@nats-io/transport-node'));
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
