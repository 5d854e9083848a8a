import type { ClientRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { UsageError } from '../../../src/contract/errors.js';
import { CertificateRefused, type SecureClient } from '../tls/client.js';
import type { Connect, Dialed } from './dial.js';
import { agreed } from './hello.js';
import { type Package, socketOptions } from './load.js';
import { PackageLink } from './package.js';
import { notConnected, readRefusal, refusedHandshake } from './refusal.js';
import { StandardLink, type StandardSocket } from './standard.js';

/** Dials with the package `ws`. `headers` are those of the request. */
export function connectPackage(
  { WebSocket }: Package,
  target: Dialed,
  headers: Record<string, string> | undefined,
  secure: SecureClient | undefined,
): Connect {
  return ({ protocols, again, accept, keeper, signal }) =>
    new Promise((resolve, reject) => {
      let stream: Duplex | undefined;
      const socket = new WebSocket(target.url, [...protocols], {
        ...(secure?.options() as object | undefined),
        ...(secure !== undefined && { finishRequest: (request: ClientRequest) => finish(request, secure) }),
        ...(headers && { headers }),
        ...socketOptions(keeper.frameBytes),
      });
      const settle = (): void => {
        signal.removeEventListener('abort', abort);
        // A cancelled handshake may still emit an error: it is ignored.
        socket.removeAllListeners().on('error', ignore);
      };
      const fail = (reason: Error): void => {
        settle();
        socket.terminate();
        reject(reason);
      };
      const abort = (): void => fail(signal.reason);
      signal.addEventListener('abort', abort);
      socket.on('upgrade', (response) => {
        stream = response.socket ?? undefined;
      });
      socket.on('unexpected-response', (_request, response) => {
        readRefusal(response, (text) => fail(refusedHandshake(target.address, text, response.statusCode)));
      });
      socket.on('error', (error) => {
        const unknown = again && error.message === 'Server sent no subprotocol';
        if (!unknown) return fail(notConnected(target, error, secure));
        settle();
        resolve(undefined);
      });
      socket.on('open', () => {
        settle();
        try {
          // Bun has its own implementation under the name of the package, without access to the socket.
          if (stream === undefined && keeper.keepAlive !== undefined)
            throw new UsageError(
              'ws: this runtime replaces the package ws and has no "keepAlive"; set it on the server',
            );
          const link =
            stream === undefined
              ? new StandardLink(
                  target,
                  agreed(socket.protocol, keeper.wire),
                  socket as unknown as StandardSocket,
                  keeper,
                )
              : new PackageLink(target.peer, { url: target.address }, socket, stream, keeper);
          link.start(accept);
          resolve(link);
        } catch (error) {
          fail(error instanceof UsageError ? error : notConnected(target, error as Error, secure));
        }
      });
    });
}

/** Sends the request, unless the certificate of the server is refused: it may have secrets. */
function finish(request: ClientRequest, secure: SecureClient): void {
  request.once('socket', (socket) => {
    secure.watch(socket as TLSSocket);
    socket.prependOnceListener('secureConnect', () => {
      const refusal = secure.refusal(socket as TLSSocket);
      if (refusal !== undefined) socket.destroy(new CertificateRefused(refusal));
    });
  });
  request.end();
}

function ignore(): void {}
