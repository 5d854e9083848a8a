import { isIP, type NetConnectOpts } from 'node:net';
import tls, { type ConnectionOptions, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { Logger } from '../../../src/contract/contract.js';
import { ConnectionLost } from '../../../src/contract/errors.js';
import { markPermanent } from '../../../src/contract/permanent.js';
import type { SecureDialing } from '../stream/dial.js';
import { codeOf, explain } from '../stream/errors.js';
import { Certificates, type LoadedCertificates } from './certificates.js';
import type { TlsSettings } from './options.js';
import { certificateOf, problemOf, refusalOf } from './peer.js';

/** The codes of the verification; those of other errors have another form. */
const VERIFICATION = /^(?:CERT_|DEPTH_|SELF_|UNABLE_|INVALID_|ERR_TLS_CERT_)/;

const DATES = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];

/** The certificate of a server is refused, as the text says. */
export class CertificateRefused extends Error {}

/** The TLS of a dialing side. */
export class SecureClient {
  private readonly certificates: Certificates;
  private used: LoadedCertificates | undefined;
  private seen: PeerCertificate | undefined;

  /** `host` is the one that is dialed, and `address` its address, for reports. `plain` is the scheme without TLS. */
  constructor(
    private readonly settings: TlsSettings,
    private readonly host: string,
    address: string,
    private readonly plain: string,
    logger: Logger,
  ) {
    const base = { minVersion: settings.minVersion };
    this.certificates = new Certificates(settings.scheme, settings.source, base, logger, () => address);
  }

  /** The options of a connection. Throws a UsageError if the certificates cannot be used. */
  options(): ConnectionOptions {
    const { verify, servername, alpn } = this.settings;
    this.used = this.certificates.current();
    const name = servername ?? (isIP(this.host) === 0 ? this.host : undefined);
    return {
      ...this.used.secure,
      rejectUnauthorized: verify === 'full' || verify === 'chain',
      ...(verify === 'chain' && { checkServerIdentity: () => undefined }),
      ...(name !== undefined && { servername: name }),
      ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
    };
  }

  /** Keeps the certificate of the server: the error of a handshake does not have it. */
  watch(socket: TLSSocket): void {
    socket.prependListener('secure', () => {
      this.seen = certificateOf(socket);
    });
  }

  /** Why the server is not accepted, once the handshake is complete. */
  refusal(socket: TLSSocket): string | undefined {
    return refusalOf(socket, this.settings, this.used as LoadedCertificates, 'the server')?.text;
  }

  /** The error for a handshake that has failed. */
  explain(what: string, error: Error): ConnectionLost {
    if (error instanceof CertificateRefused) return markPermanent(new ConnectionLost(`${what}: ${error.message}`));
    const code = codeOf(error);
    if (code !== undefined && VERIFICATION.test(code)) {
      const seen = (error as { readonly cert?: PeerCertificate }).cert ?? this.seen;
      const host = this.settings.servername ?? this.host;
      const lost = new ConnectionLost(`${what}: ${problemOf(code, seen, 'the server', host)}`, { cause: error });
      // A server may renew its certificate, and clocks go on.
      return DATES.includes(code) ? lost : markPermanent(lost);
    }
    const noTls = `what listens there does not speak TLS; connect with ${this.plain} instead of ${this.settings.scheme}, or check the port`;
    const ended = `what listens there ended the connection during the TLS handshake; if it does not use TLS, connect with ${this.plain}; if it does, its log has the reason`;
    return explain(what, error, {
      ERR_SSL_WRONG_VERSION_NUMBER: noTls,
      EPROTO: noTls,
      ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
      ECONNRESET: ended,
    });
  }
}

/** What encrypts the connection of a dialed byte stream. */
export function secureDialing(settings: TlsSettings, host: string, address: string, logger: Logger): SecureDialing {
  const secure = new SecureClient(settings, host, address, 'tcp:', logger);
  return {
    connect(target: NetConnectOpts) {
      const socket = tls.connect({ ...target, ...secure.options() } as ConnectionOptions);
      secure.watch(socket);
      return socket;
    },
    refusal: (socket) => secure.refusal(socket as TLSSocket),
    explain: (what, error) => secure.explain(what, error),
  };
}
