import type { Socket } from 'node:net';
import tls, { type TLSSocket, type TlsOptions } from 'node:tls';
import { clearTimer, setTimer, type Timer } from '../../../src/base/time.js';
import type { Limits, Logger } from '../../../src/contract/contract.js';
import { Refusals } from '../refusals.js';
import { peerOf } from '../socket-address.js';
import { codeOf, reasonOf } from '../stream/errors.js';
import { LINGER_MS } from '../stream/linger.js';
import type { SecureListening } from '../stream/listen.js';
import { Certificates, type LoadedCertificates, NO_TICKETS } from './certificates.js';
import type { TlsSettings } from './options.js';
import { type CertificateRefusal, refusalOf } from './peer.js';

interface Handshake {
  readonly socket: Socket;
  readonly timer: Timer;
}

/**
 * The TLS of a server: its certificates, which may change while it listens, the handshakes that are under way, and the
 * check of the certificates of clients.
 */
export class SecureServer {
  private readonly certificates: Certificates;
  private used: LoadedCertificates;
  /** By the ids of the peers, the oldest first. */
  private readonly handshakes = new Map<string, Handshake>();
  private readonly failures = new Refusals();
  private server!: tls.Server;
  /** It was reported that the runtime cannot replace certificates. */
  private isStuck = false;

  /** Throws a UsageError if the certificates cannot be used. `address` returns that of the server, for reports. */
  constructor(
    private readonly settings: TlsSettings,
    private readonly limits: Limits,
    private readonly logger: Logger,
    private readonly address: () => string,
  ) {
    const { minVersion, clientCertificate } = settings;
    const base = { minVersion, ...(clientCertificate !== undefined && { secureOptions: NO_TICKETS }) };
    this.certificates = new Certificates(settings.scheme, settings.source, base, logger, address);
    this.used = this.certificates.current();
  }

  /** The options of the server to {@link watch}. */
  get options(): TlsOptions {
    const { clientCertificate, alpn } = this.settings;
    return {
      ...this.used.secure,
      // The certificate is checked here once the handshake is complete, so that its peer receives the reason.
      requestCert: clientCertificate !== undefined,
      rejectUnauthorized: false,
      ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
    };
  }

  /** Watches the connections of a server. `up` receives those whose handshakes are complete. */
  watch(server: tls.Server, up: (socket: TLSSocket) => void): void {
    this.server = server;
    // Before the listener of the server, which uses the certificates.
    server.prependListener('connection', (socket: Socket) => this.begin(socket));
    server.on('secureConnection', (socket) => {
      this.complete(peerOf(socket));
      up(socket);
    });
    server.on('tlsClientError', (error, socket) => this.failed(error, socket));
  }

  /** Why the peer of a connection is not accepted. */
  refusal(socket: TLSSocket): CertificateRefusal | undefined {
    return refusalOf(socket, this.settings, this.used, 'the client');
  }

  /** Reports a peer that was not accepted, or a handshake that has failed. */
  report(peer: string, reason: string): void {
    const count = this.failures.add();
    const others = count > 1 ? ` (and ${count - 1} more since the last report)` : '';
    if (count > 0) this.logger.warn(`${this.address()} refused ${peer}: ${reason}${others}`);
  }

  /** Ends the connections whose handshakes are not complete. */
  stop(): void {
    for (const { socket } of this.handshakes.values()) socket.destroy();
  }

  private begin(socket: Socket): void {
    this.refresh();
    const peer = peerOf(socket);
    if (peer === undefined) return;
    if (this.handshakes.size >= this.limits.peers) this.dropOldest();
    const timer = setTimer(this.limits.connectMs, () => {
      this.report(peer, `it did not complete the TLS handshake within ${this.limits.connectMs} ms (limits.connectMs)`);
      socket.destroy();
    }).unref();
    this.handshakes.set(peer, { socket, timer });
    socket.once('close', () => {
      if (this.handshakes.get(peer)?.socket === socket) this.complete(peer);
    });
  }

  private complete(peer: string | undefined): void {
    if (peer === undefined) return;
    clearTimer(this.handshakes.get(peer)?.timer);
    this.handshakes.delete(peer);
  }

  /** A peer that opens connections and never completes the handshake must not keep others out. */
  private dropOldest(): void {
    const [oldest] = this.handshakes;
    if (oldest === undefined) return;
    const [peer, { socket }] = oldest;
    this.complete(peer);
    this.report(peer, `${this.limits.peers} TLS handshakes are under way (limits.peers), and its own is the oldest`);
    socket.destroy();
  }

  /** Uses certificates that have changed, for the connections from now on. */
  private refresh(): void {
    const loaded = this.certificates.current();
    if (loaded === this.used) return;
    this.used = loaded;
    // Bun has the function on some servers, and goes on with the certificates that it began with.
    if (typeof this.server.setSecureContext === 'function' && !('bun' in process.versions))
      this.server.setSecureContext(loaded.secure);
    else if (!this.isStuck) {
      this.isStuck = true;
      const text = 'has new certificates, which this runtime uses only for servers that are opened later: restart it';
      this.logger.warn(`${this.address()} ${text}`);
    }
  }

  private failed(error: Error, socket: TLSSocket): void {
    // A peer that has gone away, such as a check whether the port is open.
    if (codeOf(error) === 'ECONNRESET') return;
    const peer = peerOf(socket);
    this.report(peer ?? 'a connection', reasonOf(error));
    this.answerPlain(codeOf(error), peer === undefined ? undefined : this.handshakes.get(peer)?.socket);
  }

  /**
   * Tells a peer without TLS what is wrong. On Node its connection is still open within the event; other runtimes have
   * sent an alert.
   */
  private answerPlain(code: string | undefined, socket: Socket | undefined): void {
    const text = `(obverse) this port expects TLS: connect with ${this.settings.scheme}\n`;
    if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') socket?.write(text);
    else if (code === 'ERR_SSL_HTTP_REQUEST') {
      const type = 'Content-Type: text/plain; charset=utf-8';
      socket?.write(`HTTP/1.1 400 Bad Request\r\nConnection: close\r\n${type}\r\n\r\n${text}`);
    }
  }
}

/** What encrypts the connections of a server of byte streams. */
export function secureListening(settings: TlsSettings, limits: Limits, logger: Logger, asked: string): SecureListening {
  let address = (): string => asked;
  const secure = new SecureServer(settings, limits, logger, () => address());
  /** Connections that have received the reason of their refusal, and have not closed yet. */
  const refused = new Set<TLSSocket>();
  return {
    create(options, up, addressOf) {
      address = addressOf;
      const server = tls.createServer({ ...options, ...secure.options });
      secure.watch(server, (socket) => {
        const refusal = secure.refusal(socket);
        if (refusal === undefined) return up(socket);
        secure.report(peerOf(socket) ?? 'a connection', refusal.text);
        refuse(socket, refusal.brief);
      });
      return server;
    },
    stop() {
      secure.stop();
      for (const socket of refused) socket.destroy();
    },
  };

  /** The other side shows a line that begins so, whatever it reads. */
  function refuse(socket: TLSSocket, reason: string): void {
    if (refused.size >= limits.peers) {
      socket.on('error', () => {}).destroy();
      return;
    }
    refused.add(socket);
    const timer = setTimer(LINGER_MS, () => socket.destroy()).unref();
    socket
      .on('error', () => {})
      .on('close', () => {
        clearTimer(timer);
        refused.delete(socket);
      })
      .resume()
      .end(`(obverse) ${reason}\n`);
  }
}
