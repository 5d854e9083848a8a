/** The options of transports over brokers and databases, as types. The transports check the same options; docs/transports.md describes them. */

/** Options of `nats:`. Those without a comment are passed to `connect()` of its package as they are. */
export interface NatsOptions {
  /** When serving: sides with the same queue group share the calls; `workers` by default, empty for none. */
  readonly queue?: string | undefined;
  /** How often, in milliseconds, a serving side reports which calls it is working on: 1,000 by default, at most 60,000. */
  readonly beat?: number | undefined;
  /** After how many seconds of silence it is checked whether a peer is still there: 60 by default. */
  readonly forget?: number | undefined;
  /** When serving: whether the service discovery of NATS is answered; on by default. */
  readonly discover?: boolean | undefined;
  /** A stream of JetStream, which keeps the messages: who connects writes notifications, who serves works on them. */
  readonly stream?: string | undefined;
  /** With `stream`: how long, in milliseconds, a new stream knows keys: 120,000 by default. */
  readonly dedupe?: number | undefined;
  /** When serving a stream: those with the same name share the messages; `workers` by default, `dead` for `<subject>._dead`. */
  readonly consumer?: string | undefined;
  /** When serving a stream: where a new consumer begins: `all` (the default), `new`, or the number of a message. */
  readonly from?: string | number | undefined;
  /** When serving a stream: how often a message is tried: 5 by default. */
  readonly attempts?: number | undefined;
  /** When serving a stream: how long, in milliseconds, a message that has failed waits, doubled each time: 1,000 by default. */
  readonly backoff?: number | undefined;
  /** When serving a stream: after how many milliseconds another side gets the message of one that is gone: 30,000 by default. */
  readonly lease?: number | undefined;
  /** When serving a stream: how many messages a side works on at a time: 16 by default. */
  readonly inFlight?: number | undefined;
  /** A credentials file, or its contents. */
  readonly credentials?: string | Uint8Array | undefined;
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  readonly token?: string | undefined;
  /** TLS of the connection to the server, as the package takes it; `{}` requires it. */
  readonly tls?: object | undefined;
  /** How the server calls this client. */
  readonly name?: string | undefined;
  /** What inboxes begin with, if the user may not use `_INBOX`. */
  readonly inboxPrefix?: string | undefined;
  readonly authenticator?: unknown;
  readonly debug?: boolean | undefined;
  readonly ignoreAuthErrorAbort?: boolean | undefined;
  readonly ignoreClusterUpdates?: boolean | undefined;
  readonly maxPingOut?: number | undefined;
  readonly maxReconnectAttempts?: number | undefined;
  readonly noAsyncTraces?: boolean | undefined;
  readonly noRandomize?: boolean | undefined;
  readonly pingInterval?: number | undefined;
  readonly reconnectDelayHandler?: (() => number) | undefined;
  readonly reconnectJitter?: number | undefined;
  readonly reconnectJitterTLS?: number | undefined;
  readonly reconnectTimeWait?: number | undefined;
  readonly reconnectToServer?: unknown;
  readonly resolve?: boolean | undefined;
  readonly timeout?: number | undefined;
  readonly waitOnFirstConnect?: boolean | undefined;
}

/** Options of a queue of tasks in a database. */
export interface QueueOptions {
  /** The name of the queue: `tasks` by default. */
  readonly queue?: string | undefined;
  /** How often, in milliseconds, it is looked for changes that nobody has reported: 1,000 by default. */
  readonly poll?: number | undefined;
  /** When serving: how often a task is tried: 5 by default. */
  readonly attempts?: number | undefined;
  /** When serving: how long, in milliseconds, a task that has failed waits, doubled each time: 1,000 by default. */
  readonly backoff?: number | undefined;
  /** When serving: after how many milliseconds another side gets the task of one that is gone: 30,000 by default. */
  readonly lease?: number | undefined;
  /** When serving: how many tasks a side works on at a time: 16 by default. */
  readonly inFlight?: number | undefined;
  /** When serving: the name of a reader, which reads all tasks in their order, and works on none. */
  readonly reader?: string | undefined;
  /** When serving a reader: where a new one begins: `all` (the default), `new`, or the number of a task. */
  readonly from?: string | number | undefined;
  /** When connecting: how long, in milliseconds, a task, its key and its answer stay after its end: one day by default. */
  readonly keep?: number | undefined;
  /** When connecting: the tasks are for readers alone. Off by default. */
  readonly readers?: boolean | undefined;
}

/** Options of `sqlite:`. */
export interface SqliteOptions extends QueueOptions {}

/** Options of `postgres:`. */
export interface PostgresOptions extends QueueOptions {
  readonly user?: string | undefined;
  /** The password, or a function that returns it, or a promise of it. */
  readonly password?: string | (() => string | Promise<string>) | undefined;
  /** TLS of the connection, as the package `pg` takes it; `true` requires it. Instead of the four options behind it. */
  readonly ssl?: boolean | object | undefined;
  /** `disable` (the default without the others), `no-verify`; with the other modes, the certificate of the server and its name are checked. */
  readonly sslmode?: 'disable' | 'no-verify' | 'require' | 'verify-ca' | 'verify-full' | undefined;
  /** A file with the certificates of authorities. */
  readonly sslrootcert?: string | undefined;
  /** A file with the certificate of this side. */
  readonly sslcert?: string | undefined;
  /** A file with the key of that. */
  readonly sslkey?: string | undefined;
  /** Settings of the connection, such as `-c search_path=jobs`. */
  readonly options?: string | undefined;
  /** How the server calls this client: `obverse` by default. */
  readonly application_name?: string | undefined;
}

/** Options of `zmq+tcp:`, `zmq+ipc:` and `zmq+inproc:`. */
export interface ZmqOptions {
  /** `rpc` (the default), `pipeline` (PUSH, PULL) or `pubsub` (PUB, SUB). */
  readonly role?: 'rpc' | 'pipeline' | 'pubsub' | undefined;
  /** In `pipeline` and `pubsub`: whether this side binds its endpoints or connects to them. By default, who serves binds. */
  readonly bind?: boolean | undefined;
  /** When serving in `pubsub`: what is received from the beginning, as the beginnings of topics; everything by default. */
  readonly topics?: string | readonly string[] | undefined;
  /** When serving in `pipeline` and `pubsub`: how many messages are handled at a time: 64 by default. */
  readonly inFlight?: number | undefined;
  /** How many messages ZeroMQ keeps for each peer: 1,000 by default. */
  readonly queue?: number | undefined;
  /** How often, in milliseconds, a silent connection is checked: 5,000 by default. */
  readonly beat?: number | undefined;
  /** When serving in `rpc`: after how many seconds of silence a caller that is not Obverse is forgotten: 3,600 by default. */
  readonly forget?: number | undefined;
  /** Encryption by CURVE, as the package takes it. */
  readonly curveServer?: boolean | undefined;
  readonly curvePublicKey?: string | undefined;
  readonly curveSecretKey?: string | undefined;
  readonly curveServerKey?: string | undefined;
}
