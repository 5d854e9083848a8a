import type { TransportFactory } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { packageError } from '../src/contract/optional-package.js';
import { readNats } from './nats/address.js';
import { exportsOf, type NatsLoader } from './nats/client.js';
import { NatsTransport } from './nats/transport.js';

/**
 * `nats+wss://host:443/subject` and `nats+ws:` in pages: calls over the WebSocket listener of a NATS server, by the package
 * `@nats-io/nats-core`. A page registers it: `registerTransport('nats+wss', nats)`. The options are those of `nats:`; `credentials` are
 * contents, and there is no `tls`, which the browser does.
 */
const nats: TransportFactory = (address, wire) => {
  if (address.scheme === 'nats')
    throw new UsageError(
      'nats: a page reaches a NATS server over its WebSocket listener: write nats+wss://host:443/subject',
    );
  if (wire.sealed) throw new UsageError('nats: there is no security over NATS in pages');
  if (address.options.stream !== undefined)
    throw new UsageError('nats: a page has no streams (the option "stream"): let a server write to them');
  return new NatsTransport(readNats(address, wire.listen), wire, loader);
};

export default nats;

const loader: NatsLoader = {
  async load() {
    try {
      const { wsconnect, createInbox, credsAuthenticator, headers } = exportsOf(await import('@nats-io/nats-core'));
      return { connect: wsconnect, createInbox, credsAuthenticator, headers };
    } catch (cause) {
      const name = '@nats-io/nats-core';
      throw packageError('the transport nats+wss:', name, `npm install ${name}`, cause);
    }
  },
  async credentials(given) {
    return typeof given === 'string' ? new TextEncoder().encode(given) : given;
  },
};
