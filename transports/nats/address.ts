import type { ConnectionOptions } from '@nats-io/nats-core';
import { type OptionKind, readOptions } from '../../src/contract/address.js';
import type { Address } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';
import { isAnswerable, LONGEST_BEAT } from './reply.js';

/** The options that are passed to the client as they are. It has others, whose place is the address. */
const CLIENT = {
  authenticator: 'any',
  debug: 'flag',
  ignoreAuthErrorAbort: 'flag',
  ignoreClusterUpdates: 'flag',
  inboxPrefix: 'text',
  maxPingOut: 'number',
  maxReconnectAttempts: 'number',
  name: 'text',
  noAsyncTraces: 'flag',
  noRandomize: 'flag',
  pass: 'text',
  pingInterval: 'number',
  reconnectDelayHandler: 'any',
  reconnectJitter: 'number',
  reconnectJitterTLS: 'number',
  reconnectTimeWait: 'number',
  reconnectToServer: 'any',
  resolve: 'flag',
  timeout: 'number',
  tls: 'any',
  token: 'text',
  user: 'text',
  waitOnFirstConnect: 'flag',
} as const satisfies Record<string, OptionKind>;

/** The options of `nats:` without a stream. */
export const OPTIONS = {
  queue: 'text',
  beat: 'number',
  forget: 'number',
  discover: 'flag',
  credentials: 'any',
  ...CLIENT,
} as const satisfies Record<string, OptionKind>;

/** Options that need the option `stream`. */
const STREAM_OPTIONS: readonly string[] = ['dedupe', 'consumer', 'from', 'attempts', 'backoff', 'lease', 'inFlight'];

/** An address of NATS, read. */
export interface NatsPlan {
  /** The address without user and password: what a peer connects to. */
  readonly address: string;
  readonly subject: string;
  /** Undefined: everyone who serves receives each message. */
  readonly queue: string | undefined;
  /** In ms: how often a side that serves reports; of a side that connects, at least so long may be between two reports. */
  readonly beat: number | undefined;
  /** In ms: how long a peer is silent before it is probed. */
  readonly forget: number;
  /** Whether the service discovery of NATS is answered. */
  readonly discover: boolean;
  /** A credentials file, or its contents. */
  readonly credentials: string | Uint8Array | undefined;
  readonly client: ConnectionOptions;
}

/**
 * Reads `nats://user:pass@host:4222,host:4223/subject`; `others` are options that have been read already. Throws a UsageError for another form, an unknown option or a wrong value; no text
 * contains the password.
 */
export function readNats(address: Address, listen: boolean, others: readonly string[] = []): NatsPlan {
  const given = Object.entries(address.options).filter(([name]) => !others.includes(name));
  for (const [name] of given)
    if (STREAM_OPTIONS.includes(name))
      throw new UsageError(`nats: the option "${name}" is for a stream, and needs the option "stream" with its name`);
  // `stream` is read with the options of streams; here it is listed for the texts of errors.
  const options = readOptions({ ...address, options: Object.fromEntries(given) }, { ...OPTIONS, stream: 'text' });
  const { queue, beat, forget = 60, discover, stream: _stream, credentials, ...client } = options;
  const { hosts, subject, ...access } = readPlace(address);
  for (const [name, value] of Object.entries({ queue, discover })) {
    if (value !== undefined && !listen) throw new UsageError(`nats: the option "${name}" is for the side that serves`);
  }
  if (!(forget > 0)) throw new UsageError(`nats: the option "forget" must be a positive number, not ${forget}`);
  if (beat !== undefined && !(beat > 0 && beat <= LONGEST_BEAT))
    throw new UsageError(`nats: the option "beat" must be a positive number of ms up to ${LONGEST_BEAT}, not ${beat}`);
  if (queue !== undefined && /\s/.test(queue))
    throw new UsageError(`nats: the option "queue" must be a word without spaces, not ${JSON.stringify(queue)}`);
  const { inboxPrefix } = client;
  if (inboxPrefix !== undefined && !isAnswerable(`${inboxPrefix}.0`, subject))
    throw new UsageError(
      `nats: the option "inboxPrefix" must not begin with "$" or with the subject, as no side answers there: ${JSON.stringify(inboxPrefix)}`,
    );
  const web = /\+(wss?)$/.exec(address.scheme)?.[1];
  return {
    address: `${address.scheme}://${hosts.join(',')}/${subject}`,
    subject,
    queue: queue === '' ? undefined : (queue ?? 'workers'),
    beat,
    forget: forget * 1_000,
    discover: discover ?? true,
    credentials: readCredentials(credentials),
    // The types of the client do not know undefined options; there are none.
    client: {
      servers: hosts.map((host) => (web === undefined ? host : `${web}://${host}`)),
      ...access,
      ...client,
    } as ConnectionOptions,
  };
}

interface Place {
  readonly hosts: readonly string[];
  readonly subject: string;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

function readPlace({ rest, scheme }: Address): Place {
  const [, access, list = '', subject = ''] = /^\/\/(?:([^/]*)@)?([^/@]*)\/(.*)$/s.exec(rest) ?? [];
  const hosts = list.split(',');
  if (subject === '' || !hosts.every((host) => /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i.test(host)))
    throw new UsageError(
      `an address of ${scheme}: has hosts and a subject, as in ${scheme}://127.0.0.1:4222/orders; several hosts are separated by commas`,
    );
  mustBeSubject(subject);
  if (subject.includes('?'))
    throw new UsageError(
      `${scheme}: expected options behind the question mark, as in ?beat=500, not ${JSON.stringify(subject.slice(subject.indexOf('?')))}`,
    );
  if (access === undefined) return { hosts, subject };
  const [user = '', pass] = access.split(':', 2).map(decoded);
  return pass === undefined ? { hosts, subject, token: user } : { hosts, subject, user, pass };
}

/** Throws a UsageError if a text is not a subject, in which `*` may stand for a word, and `>` for all words at the end. */
export function mustBePattern(topic: string): void {
  if (
    !topic
      .split('.')
      .every((token, at, { length }) => /^([^\s*>]+|\*)$/.test(token) || (token === '>' && at === length - 1))
  )
    throw new UsageError(
      `nats: ${JSON.stringify(topic)} is not a topic: expected words separated by dots, without spaces; "*" stands for one word, and ">" at the end for all that follow`,
    );
}

/** Throws a UsageError if a text is not a subject without wildcards. */
export function mustBeSubject(subject: string): void {
  if (!subject.split('.').every((token) => /^[^\s*>]+$/.test(token)))
    throw new UsageError(
      `nats: ${JSON.stringify(subject)} is not a subject: expected words separated by dots, without spaces, "*" and ">"`,
    );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readCredentials(given: unknown): string | Uint8Array | undefined {
  if (given === undefined || typeof given === 'string' || given instanceof Uint8Array) return given;
  throw new UsageError(
    'nats: the option "credentials" must be the path of a credentials file, or its contents as a string or bytes',
  );
}
