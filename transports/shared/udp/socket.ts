import dgram from 'node:dgram';
import { lookup } from 'node:dns/promises';
import net from 'node:net';
import { clearTimer, setTimer } from '../../../src/base/time.js';
import { ConnectionLost } from '../../../src/contract/errors.js';

/** How long, in milliseconds, a closed socket waits for datagrams that the system has not accepted yet. */
const FLUSH_MS = 1_000;

/**
 * The requested receive buffer in bytes; the system may grant less. Datagrams above it are lost, and the default size
 * holds less than a hundred small datagrams: fewer than one tick may send.
 */
const WAITING_BYTES = 1024 * 1024;

/** An address that needs no lookup. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** The callbacks of a socket. */
export interface UdpEvents {
  datagram(data: Buffer, from: Endpoint): void;
  /** An error that belongs to no sent datagram. */
  failed(error: Error): void;
}

/** A socket of `node:dgram` whose hosts are IP addresses, and that is closed only after its datagrams were sent. */
export class UdpSocket {
  readonly inner: dgram.Socket;
  private pending = 0;
  private emptied: (() => void) | undefined;
  private ended: Promise<void> | undefined;

  constructor(host: string, events: UdpEvents, reuseAddr = false) {
    this.inner = dgram.createSocket({
      type: net.isIPv6(host) ? 'udp6' : 'udp4',
      reuseAddr,
      // Destinations are IP addresses, and Node would delay each datagram by a turn to look them up.
      lookup: (number, _options, found) => found(null, number, net.isIPv6(number) ? 6 : 4),
    });
    this.inner.on('message', (data, from) => events.datagram(data, { host: from.address, port: from.port }));
    this.inner.on('error', (error) => events.failed(error));
  }

  /** Binds the socket; port 0 picks a free port. Rejects with ConnectionLost if that fails. */
  async bind(at: Endpoint): Promise<void> {
    await this.done(
      (then) => this.inner.bind({ port: at.port, address: at.host, exclusive: true }, then),
      'listen at',
      at,
    );
  }

  /** Restricts the socket to one peer. The system then reports if nobody is there. */
  async connect(to: Endpoint): Promise<void> {
    await this.done((then) => this.inner.connect(to.port, to.host, then), 'connect to', to);
  }

  private done(start: (then: () => void) => void, what: string, at: Endpoint): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (cause: Error): void => {
        reject(new ConnectionLost(`udp: cannot ${what} ${nameOf(at)}: ${cause.message}`, { cause }));
      };
      this.inner.once('error', fail);
      const then = (error?: unknown): void => {
        this.inner.off('error', fail);
        if (error instanceof Error) fail(error);
        else {
          this.widen();
          resolve();
        }
      };
      try {
        start(then);
      } catch (error) {
        fail(error as Error);
      }
    });
  }

  private widen(): void {
    try {
      this.inner.setRecvBufferSize(WAITING_BYTES);
    } catch {
      // If the system refuses instead of granting less, the default size stays.
    }
  }

  get port(): number {
    return this.inner.address().port;
  }

  /** Sends a datagram, by default to the connected address. */
  send(data: Uint8Array, to: Endpoint | undefined, done: (error: Error | null) => void): void {
    this.pending++;
    const then = (error: Error | null): void => {
      this.pending--;
      done(error);
      if (this.pending === 0) this.emptied?.();
    };
    try {
      if (to === undefined) this.inner.send(data, then);
      else this.inner.send(data, to.port, to.host, then);
    } catch (error) {
      // A port that cannot be sent to, such as 0 in a forged datagram.
      process.nextTick(then, error);
    }
  }

  /** Closes the socket after its datagrams were sent. May be called twice. */
  close(): Promise<void> {
    this.ended ??= this.end();
    return this.ended;
  }

  private async end(): Promise<void> {
    if (this.pending > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimer(FLUSH_MS, resolve);
        this.emptied = () => {
          clearTimer(timer);
          resolve();
        };
      });
    }
    await new Promise<void>((resolve) => this.inner.close(() => resolve()));
  }
}

/** The IP address of a host, looked up if it is a name. Rejects with ConnectionLost if there is none. */
export async function numberOf(host: string): Promise<string> {
  if (net.isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    throw new ConnectionLost(`udp: the host "${host}" is not known; check its name`, { cause });
  }
}

/** `ip:port`, and `[ip]:port` for IPv6; an IPv4 peer keeps its own address on a dual-stack socket. */
export function nameOf({ host, port }: Endpoint): string {
  const bare = host.replace(/^::ffff:(?=\d+\.)/i, '');
  return `${bare.includes(':') ? `[${bare}]` : bare}:${port}`;
}
