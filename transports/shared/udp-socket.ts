import dgram from 'node:dgram';
import { lookup } from 'node:dns/promises';
import net from 'node:net';
import { clearTimer, setTimer } from '../../src/base/time.js';
import { ConnectionLost } from '../../src/contract/errors.js';

/** How long, in milliseconds, a socket that is closed waits for what the system has not taken yet. */
const FLUSH_MS = 1_000;

/**
 * How much, in bytes, may wait to be read; the system may grant less. What comes above that is lost, and its usual size
 * holds less than a hundred small datagrams: fewer than one tick may send.
 */
const WAITING_BYTES = 1024 * 1024;

/** An address that needs no more looking up. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What a socket is to hear of. */
export interface UdpEvents {
  datagram(data: Buffer, from: Endpoint): void;
  /** Something failed that belongs to no datagram that was sent. */
  failed(error: Error): void;
}

/** A socket of `node:dgram` whose hosts are numbers, and that is closed only when what it was given has left. */
export class UdpSocket {
  readonly inner: dgram.Socket;
  private pending = 0;
  private emptied: (() => void) | undefined;
  private ended: Promise<void> | undefined;

  constructor(host: string, events: UdpEvents, reuseAddr = false) {
    this.inner = dgram.createSocket({
      type: net.isIPv6(host) ? 'udp6' : 'udp4',
      reuseAddr,
      // What is sent goes to numbers, and Node would put off each datagram by a turn to look them up.
      lookup: (number, _options, found) => found(null, number, net.isIPv6(number) ? 6 : 4),
    });
    this.inner.on('message', (data, from) => events.datagram(data, { host: from.address, port: from.port }));
    this.inner.on('error', (error) => events.failed(error));
  }

  /** Binds the socket, to a free port if it is 0. Rejects with ConnectionLost if that fails. */
  async bind(at: Endpoint): Promise<void> {
    await this.done(
      (then) => this.inner.bind({ port: at.port, address: at.host, exclusive: true }, then),
      'listen at',
      at,
    );
  }

  /** Lets the socket speak with one peer only. The system tells then if nobody is there. */
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
      // Where the system refuses instead of granting less, its usual size stays.
    }
  }

  get port(): number {
    return this.inner.address().port;
  }

  /** Sends a datagram, to where the socket is connected if nothing else is said. */
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
      // A port that cannot be sent to, as 0 in a forged datagram.
      process.nextTick(then, error);
    }
  }

  /** Closes the socket when what it was given has left. May be called twice. */
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

/** The number of a host, looked up if it is a name. Rejects with ConnectionLost if there is none. */
export async function numberOf(host: string): Promise<string> {
  if (net.isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    throw new ConnectionLost(`udp: the host "${host}" is not known`, { cause });
  }
}

/** `ip:port`, and `[ip]:port` for IPv6; a peer by IPv4 has its own address also on a socket for both families. */
export function nameOf({ host, port }: Endpoint): string {
  const bare = host.replace(/^::ffff:(?=\d+\.)/i, '');
  return `${bare.includes(':') ? `[${bare}]` : bare}:${port}`;
}
