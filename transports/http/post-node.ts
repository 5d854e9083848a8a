import http, { type Agent, type ClientRequest, type RequestOptions } from 'node:http';
import https from 'node:https';
import net, { type Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { clearTimer, setTimer } from '../../src/base/time.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import { explain } from '../shared/stream/errors.js';
import { CertificateRefused, type SecureClient } from '../shared/tls/client.js';
import type { Piece } from './parts.js';
import type { Posted, Poster, PostWatch } from './poster.js';

type Connected = (error: Error | null, socket: Socket) => void;

/** Sends requests by `node:http`, over connections that are kept open for the next ones. */
export class NodePoster implements Poster {
  private readonly agent: Agent;
  private readonly target: RequestOptions;
  private readonly request: typeof http.request;
  /** The requests whose connections are being made. */
  private readonly unsent = new WeakSet<Error>();

  /** `most`: how many connections at a time. */
  constructor(
    private readonly url: URL,
    most: number,
    private readonly connectMs: number,
    private readonly secure: SecureClient | undefined,
  ) {
    const { protocol, hostname, port, pathname, search } = url;
    const isSecure = protocol === 'https:';
    this.request = (isSecure ? https : http).request as typeof http.request;
    this.agent = new (isSecure ? https : http).Agent({ keepAlive: true, maxSockets: most, maxFreeSockets: most });
    // Checks the certificate before anything is sent, and limits the time; errors before are known to be of a request that was not sent.
    Object.assign(this.agent, { createConnection: (to: object, done: Connected) => this.connect(to, done) });
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    this.target = {
      method: 'POST',
      agent: this.agent,
      host,
      port: port || (isSecure ? 443 : 80),
      path: pathname + search,
    };
  }

  post(body: Piece | undefined, headers: Record<string, string>, watch: PostWatch): Posted {
    if (body !== undefined)
      headers['content-length'] = String(typeof body === 'string' ? Buffer.byteLength(body) : body.length);
    let request: ClientRequest;
    let isOver = false;
    const failed = (error: Error): void => {
      if (isOver) return;
      isOver = true;
      watch.failed(error, this.unsent.has(error));
    };
    try {
      request = this.request({ ...this.target, ...(body === undefined && { method: 'DELETE' }), headers });
    } catch (error) {
      // A header that cannot be sent.
      this.unsent.add(error as Error);
      queueMicrotask(() => failed(error as Error));
      return { abort: () => {} };
    }
    request.on('error', failed).on('response', (response) => {
      if (isOver) return;
      watch.head(response.statusCode as number, response.statusMessage ?? '', response.headers);
      response
        .on('data', (chunk: Uint8Array) => isOver || watch.chunk(chunk))
        .on('end', () => {
          if (isOver) return;
          isOver = true;
          watch.end();
        })
        .on('error', failed)
        .on('aborted', () => failed(new Error('the server ended the connection within the response')));
    });
    request.end(body);
    return {
      abort: () => {
        if (isOver) return;
        isOver = true;
        request.destroy();
      },
    };
  }

  private connect(to: object, done: Connected): undefined {
    const { secure, connectMs } = this;
    const { host, port } = to as { host: string; port: number };
    const socket =
      secure === undefined ? net.connect({ host, port }) : tls.connect({ host, port, ...secure.options() });
    socket.setNoDelay(true);
    secure?.watch(socket as TLSSocket);
    const failed = (error: Error): void => {
      clearTimer(timer);
      this.unsent.add(error);
      done(error, socket);
    };
    const timer = setTimer(connectMs, () => {
      socket.destroy(new ConnectionLost(`the connection was not made within ${connectMs} ms (limits.connectMs)`));
    });
    socket.once('error', failed).once(secure === undefined ? 'connect' : 'secureConnect', () => {
      clearTimer(timer);
      socket.off('error', failed);
      const refusal = secure?.refusal(socket as TLSSocket);
      if (refusal === undefined) done(null, socket);
      else {
        socket.on('error', () => {}).destroy();
        failed(new CertificateRefused(refusal));
      }
    });
  }

  explain(error: Error): string {
    if (error instanceof ConnectionLost) return error.message;
    const what = `cannot reach ${this.url.host}`;
    return (this.secure?.explain(what, error) ?? explain(what, error, { ECONNRESET: ENDED })).message;
  }

  close(): void {
    this.agent.destroy();
  }
}

const ENDED = 'the server ended the connection without a response; if it expects TLS, connect with https:';
