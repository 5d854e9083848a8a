import { type OptionKind, readOptions } from '../../../src/contract/address.js';
import type { Address } from '../../../src/contract/contract.js';
import { UsageError } from '../../../src/contract/errors.js';
import { type NatsPlan, OPTIONS as PLAIN, readNats } from '../address.js';

const WORKER = {
  consumer: 'text',
  from: 'any',
  attempts: 'number',
  backoff: 'number',
  lease: 'number',
  inFlight: 'number',
} as const satisfies Record<string, OptionKind>;

const OPTIONS = { stream: 'text', dedupe: 'number', ...WORKER } as const satisfies Record<string, OptionKind>;

/** What is behind a subject for the messages that could not be handled. */
export const DEAD = '._dead';

/** Options of `nats:` that mean nothing where a stream keeps the messages. */
const OTHERS = ['queue', 'beat', 'forget', 'discover'];

/** An address of a stream, read. */
export interface StreamPlan {
  readonly nats: NatsPlan;
  /** Complete: with the stream. */
  readonly address: string;
  readonly subject: string;
  /** Where messages go that could not be handled. Undefined if those are the messages of this address: they are tried for ever. */
  readonly dead: string | undefined;
  readonly stream: string;
  /** Who has this name shares the messages. */
  readonly consumer: string;
  /** Where a new consumer begins: with all messages of the stream, with those that come, or at a number. */
  readonly from: 'all' | 'new' | number;
  readonly attempts: number;
  /** In ms: how long a message waits after the first attempt that has failed; twice as long after each further one. */
  readonly backoff: number;
  /** In ms: after how long without a sign of its worker a message goes to another one. */
  readonly lease: number;
  /** How many messages this side works on at a time. */
  readonly inFlight: number;
  /** In ms: how long a new stream remembers keys. */
  readonly dedupe: number;
}

/** Reads `nats://host:4222/subject?stream=NAME`. Throws a UsageError for an unknown option or a wrong value. */
export function readStream(address: Address, listen: boolean): StreamPlan {
  const {
    stream,
    dedupe = 120_000,
    consumer,
    from = 'all',
    ...numbers
  } = readOptions({ ...address, options: own(address, listen) }, OPTIONS);
  const { attempts = 5, backoff = 1_000, lease = 30_000, inFlight = 16 } = numbers;
  const nats = readNats(address, listen, Object.keys(OPTIONS));
  mustBeName('stream', stream ?? '');
  const isDead = nats.subject.endsWith(DEAD);
  const name = consumer ?? (isDead ? 'dead' : 'workers');
  mustBeName('consumer', name);
  mustBeCount('attempts', attempts);
  mustBeCount('inFlight', inFlight);
  for (const [name, ms] of Object.entries({ backoff, dedupe })) mustBeTime(name, ms, 1);
  mustBeTime('lease', lease, 100);
  return {
    nats,
    address: `${nats.address}?stream=${stream}`,
    subject: nats.subject,
    dead: isDead ? undefined : nats.subject + DEAD,
    stream: stream as string,
    consumer: name,
    from: beginning(from),
    attempts,
    backoff,
    lease,
    inFlight,
    dedupe,
  };
}

/** The options of streams. Throws a UsageError for one that does not belong to this side, or to a stream. */
function own({ options }: Address, listen: boolean): Record<string, unknown> {
  for (const name of Object.keys(options)) {
    if (OTHERS.includes(name))
      throw new UsageError(
        `nats: the option "${name}" has no meaning with "stream"${name === 'queue' ? ': sides with the same "consumer" share the messages' : ''}`,
      );
    if (!listen && Object.hasOwn(WORKER, name))
      throw new UsageError(`nats: the option "${name}" is for the side that serves`);
  }
  // Those of the client are read with the address; what neither knows is refused here, with all names.
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => Object.hasOwn(OPTIONS, name) || !Object.hasOwn(PLAIN, name)),
  );
}

function mustBeName(option: string, value: string): void {
  if (!/^[\w-]{1,255}$/.test(value))
    throw new UsageError(
      `nats: the option "${option}" must be letters, digits, "_" and "-", such as "ORDERS", not ${JSON.stringify(value)}`,
    );
}

function mustBeCount(option: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new UsageError(`nats: the option "${option}" must be a whole number from 1, not ${value}`);
}

function mustBeTime(option: string, ms: number, least: number): void {
  if (!(ms >= least && ms <= 1e11))
    throw new UsageError(`nats: the option "${option}" must be a number of milliseconds from ${least}, not ${ms}`);
}

function beginning(from: unknown): StreamPlan['from'] {
  if (from === 'all' || from === 'new') return from;
  if (/^[1-9]\d{0,15}$/.test(String(from))) return Number(from);
  throw new UsageError(
    `nats: the option "from" must be "all", "new" or the number of a message in the stream, not ${JSON.stringify(from)}`,
  );
}
