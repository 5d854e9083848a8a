import { readOptions } from '../src/contract/address.js';
import type { TransportFactory } from '../src/contract/contract.js';
import { INET_OPTIONS, inetTransport } from './shared/inet.js';
import { secureDialing } from './shared/tls/client.js';
import { readTls, TLS_OPTIONS } from './shared/tls/options.js';
import { secureListening } from './shared/tls/server.js';

/**
 * `tls://host:port`: frames over TLS 1.2 or later. The address, the ids of peers, and the options `framing`, `keepAlive`
 * and `backlog` are those of `tcp:`. A side that listens needs `cert` and `key`.
 *
 * Options: `cert`, `key`, `ca`, each the path of a file, or PEM as a string or a Buffer (`ca` also a list); `passphrase`
 * of the key; `certificates`, a function that returns `{ cert, key, ca, passphrase, fingerprints, revoked }` in their
 * place. Files that have changed are read again, and the function is called again, for each new connection.
 *
 * The certificate of a peer must be issued by one of `ca` (by default, when dialing, by an authority that Node trusts),
 * and be valid for the host that was dialed, or for `servername`. `fingerprints` are the SHA-256 fingerprints of the
 * only certificates that are accepted, `revoked` those of certificates that are not. `verify` may leave out the name
 * (`chain`), check only `fingerprints` (`fingerprint`), or accept every certificate (`none`). When listening,
 * `clientCertificate` asks peers for theirs: `require`, or `request` if peers without one are accepted too.
 *
 * `minVersion` is `TLSv1.2` (default) or `TLSv1.3`; `alpn` are the protocols to negotiate.
 */
const transport: TransportFactory = (address, wire) => {
  const options = readOptions(address, { ...INET_OPTIONS, ...TLS_OPTIONS, alpn: 'any' });
  const settings = readTls(address, options, wire.listen, options.alpn);
  return inetTransport(address, wire, options, {
    listening: (asked) => secureListening(settings, wire.limits, wire.logger, asked),
    dialing: (asked, host) => secureDialing(settings, host, asked, wire.logger),
  });
};

export default transport;
