import type { ConnectionOptions, Msg, MsgHdrs, NatsConnection } from '@nats-io/nats-core';
import { printable } from '../../src/base/quote.js';
import { messageOf } from '../../src/base/thrown.js';
import { clearTimer, setTimer, type Timer } from '../../src/base/time.js';
import type { Wire } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import { markPermanent } from '../../src/contract/permanent.js';
import type { NatsPlan } from './address.js';

/** How long, in ms, the end of a connection waits until the server has everything. */
const LINGER_MS = 2_000;

/** What this transport uses of the package. Loaded when the transport is opened. */
export interface NatsPackage {
  connect(options: ConnectionOptions): Promise<NatsConnection>;
  createInbox(prefix?: string): string;
  headers(): MsgHdrs;
  credsAuthenticator(credentials: Uint8Array): NonNullable<ConnectionOptions['authenticator']>;
}

/** Loads the package, and the contents of credentials; rejects with a UsageError if it is not installed. */
export interface NatsLoader {
  load(): Promise<NatsPackage>;
  credentials(given: string | Uint8Array): Promise<Uint8Array>;
}

/** The exports of a CommonJS package: a bundler may have put all of them into `default`. */
export function exportsOf<M extends object>(loaded: M): M {
  return 'createInbox' in loaded ? loaded : (loaded as { default: M }).default;
}

/** What the client of a connection reports. */
export interface NatsWatcher {
  /** The connection to the server is lost; the client restores it. */
  lost(): void;
  restored(): void;
  /** The client has stopped reconnecting, or was closed. Called once. */
  ended(error: Error | undefined): void;
}

/** One connection to a NATS server, which the client restores when it is lost. */
export class NatsClient {
  /** The connection is being restored. */
  away = false;
  /** The largest message, in bytes, that the server accepts. */
  maxPayload: number = Number.POSITIVE_INFINITY;
  /** Where this connection alone is reached: a subject with more words behind it. */
  own = '';
  /** What others are shown instead: it reveals nothing about `own`. Another one for each connection. */
  readonly shown: string = secret(8);
  private library: NatsPackage | undefined;
  private connection: NatsConnection | undefined;
  private connecting: Promise<unknown> | undefined;
  private closed = false;

  constructor(
    private readonly plan: NatsPlan,
    private readonly wire: Wire,
    private readonly loader: NatsLoader,
    private readonly watcher: NatsWatcher,
  ) {}

  /** The client itself, for what builds on it. */
  get inner(): NatsConnection {
    if (this.connection === undefined) throw new ConnectionLost(`${this.plan.address} is not open`);
    return this.connection;
  }

  /** Connects. Rejects with ConnectionLost, or with a UsageError for options that the client refuses. */
  async connect(): Promise<void> {
    const { plan, loader } = this;
    const library = await loader.load();
    this.library = library;
    const { credentials, client } = plan;
    const authenticator =
      credentials === undefined ? undefined : library.credsAuthenticator(await loader.credentials(credentials));
    this.mustNotBeClosed();
    const connecting = library.connect({
      timeout: this.wire.limits.connectMs,
      // By default, the client stops after 10 attempts, and notices a silent server after four minutes.
      maxReconnectAttempts: -1,
      reconnectTimeWait: 200,
      reconnectJitter: 100,
      pingInterval: 10_000,
      ...(authenticator !== undefined && { authenticator }),
      ...client,
    });
    this.connecting = connecting.catch(() => {});
    try {
      this.connection = await connecting;
    } catch (cause) {
      throw unreachable(plan.address, cause);
    }
    if (this.closed) await this.connection.close();
    this.mustNotBeClosed();
    const inbox = library.createInbox(client.inboxPrefix);
    // The names that the package makes in one process follow each other: a client that knows one can guess the next.
    this.own = inbox.replace(/[^.]*$/, () => `o-${secret(16)}`);
    this.learn();
    void this.watch(this.connection);
    void this.connection.closed().then((error) => {
      this.away = false;
      this.watcher.ended(error ?? undefined);
    });
  }

  private mustNotBeClosed(): void {
    if (this.closed) throw new ConnectionLost(`${this.plan.address} was closed before it was open`);
  }

  /** What depends on the server, which may be another one after a reconnect. */
  private learn(): void {
    this.maxPayload = this.connection?.info?.max_payload ?? this.maxPayload;
  }

  private async watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') {
        this.away = true;
        this.watcher.lost();
      } else if (status.type === 'reconnect') {
        this.away = false;
        this.learn();
        this.watcher.restored();
      } else if (status.type === 'error') {
        this.wire.logger.warn(`${this.plan.address}: the server reports ${withoutInbox(status.error.message)}`);
      }
    }
  }

  /**
   * Receives a subject, in a queue group if one is given; resolves with a function that ends that, once the server has the subscription.
   * Rejects with ConnectionLost if the server does not allow it.
   */
  async subscribe(
    subject: string,
    queue: string | undefined,
    take: (message: Msg) => void,
  ): Promise<() => Promise<void>> {
    let refused: Error | undefined;
    const stop = this.listen(subject, take, queue, (error) => {
      refused = error;
    });
    await this.inner.flush();
    if (refused !== undefined) throw unreachable(this.plan.address, refused);
    return stop;
  }

  /** The same without waiting for the server; `refused` is called if it does not allow the subject. */
  listen(
    subject: string,
    take: (message: Msg) => void,
    queue?: string,
    refused?: (error: Error) => void,
  ): () => Promise<void> {
    const { inner } = this;
    const subscription = inner.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) take(message);
        else refused?.(error);
      },
      ...(queue !== undefined && { queue }),
    });
    return async () => {
      if (inner.isClosed() || subscription.isClosed()) return;
      // With `unsubscribe`, what the server sends until it knows of it would be dropped.
      if (this.away) subscription.unsubscribe();
      else await subscription.drain().catch(() => {});
    };
  }

  /** Headers for a message. */
  headers(): MsgHdrs {
    return (this.library as NatsPackage).headers();
  }

  /** Sends one message. Never throws; after the end it does nothing. */
  publish(subject: string, body: string | Uint8Array, reply: string | undefined): void {
    const { connection } = this;
    if (connection === undefined || connection.isClosed()) return;
    try {
      connection.publish(subject, body, reply === undefined ? undefined : { reply });
    } catch (error) {
      this.wire.logger.error(`${this.plan.address}: a message was not sent: ${messageOf(error)}`);
    }
  }

  /** Resolves when the server has everything that was sent. Rejects if the connection is lost first. */
  flush(): Promise<void> {
    return this.inner.flush();
  }

  /** Lets the server have what was sent, for a moment at most, and ends the connection. */
  async close(): Promise<void> {
    this.closed = true;
    await this.connecting;
    const { connection } = this;
    if (connection === undefined || connection.isClosed()) return;
    if (!this.away) await within(LINGER_MS, connection.flush());
    await connection.close();
  }
}

/** Waits for something that may fail, but not for longer than some ms. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimer(ms, resolve);
  });
  await Promise.race([work.catch(() => {}), late]);
  clearTimer(timer);
}

function unreachable(address: string, cause: unknown): Error {
  const isUntrusted = /certificate/i.test(messageOf(cause));
  const hint = isUntrusted
    ? "; name what it has to be issued by: { url, tls: { caFile: 'ca.pem' } }"
    : /refused$/i.test(messageOf(cause))
      ? '; no server listens there: start it, or check the host and the port'
      : '';
  const lost = new ConnectionLost(`cannot connect to ${address}: ${withoutInbox(messageOf(cause))}${hint}`, {
    cause,
    maybeExecuted: false,
  });
  // Another attempt would be refused, too.
  const isRefused = isUntrusted || /authorization|permission|authentication/i.test(messageOf(cause));
  return isRefused ? markPermanent(lost) : lost;
}

/** So many random bytes, as hexadecimal digits. */
function secret(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
}

/** A text of the server without inboxes, for logs and errors: a client that knows an inbox can send messages in the name of its owner. */
function withoutInbox(text: string): string {
  return printable(text.replace(/\.o-[\w-]+/g, '.o-…'));
}
