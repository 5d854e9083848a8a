import { type OptionKind, readOptions } from '../../../src/contract/address.js';
import type { Address } from '../../../src/contract/contract.js';
import { UsageError } from '../../../src/contract/errors.js';

/** Who serves. */
const WORKER = {
  reader: 'text',
  from: 'any',
  attempts: 'number',
  backoff: 'number',
  lease: 'number',
  inFlight: 'number',
} as const satisfies Record<string, OptionKind>;

/** Who connects. */
const WRITER = { keep: 'number', readers: 'flag' } as const satisfies Record<string, OptionKind>;

/** The options of queues in any database. */
export const QUEUE_OPTIONS = {
  queue: 'text',
  poll: 'number',
  ...WORKER,
  ...WRITER,
} as const satisfies Record<string, OptionKind>;

/** How a side uses a queue. */
export interface QueuePlan {
  /** Without credentials. */
  readonly address: string;
  readonly scheme: string;
  readonly queue: string;
  /** Reads all tasks in their order under this name, and works on none. */
  readonly reader: string | undefined;
  /** Where a new reader begins: with all tasks, with those that come, or at the number of one. */
  readonly from: 'all' | 'new' | number;
  readonly attempts: number;
  /** In ms: how long a task waits after the first attempt that has failed; twice as long after each further one. */
  readonly backoff: number;
  /** In ms: after how long without a sign of its worker a task goes to another one. */
  readonly lease: number;
  /** How many tasks this side works on at a time. */
  readonly inFlight: number;
  /** In ms: how often it is looked for changes that nobody has reported. */
  readonly poll: number;
  /** In ms: how long a task, its key and its answer stay after its end. */
  readonly keep: number;
  /** The tasks that are written are for readers alone. */
  readonly forReaders: boolean;
}

/** Reads the options of a queue; `place` is the address without options. Throws a UsageError for an unknown option or a wrong value. */
export function readQueue(address: Address, place: string, listen: boolean): QueuePlan {
  const { scheme } = address;
  const options = readOptions(address, QUEUE_OPTIONS);
  for (const name of Object.keys(options)) {
    if (!listen && Object.hasOwn(WORKER, name))
      throw new UsageError(`${scheme}: the option "${name}" is for the side that serves`);
    if (listen && Object.hasOwn(WRITER, name))
      throw new UsageError(`${scheme}: the option "${name}" is for the side that connects`);
  }
  const { queue = 'tasks', reader, from, readers: forReaders = false } = options;
  const { attempts = 5, backoff = 1_000, lease = 30_000, inFlight = 16, poll = 1_000, keep = 86_400_000 } = options;
  mustBeName(scheme, 'queue', queue);
  if (reader !== undefined) mustBeName(scheme, 'reader', reader);
  if (from !== undefined && reader === undefined)
    throw new UsageError(`${scheme}: the option "from" is for readers, and needs the option "reader"`);
  if (options.inFlight !== undefined && reader !== undefined)
    throw new UsageError(`${scheme}: the option "inFlight" is for workers: a reader handles one task after the other`);
  for (const [name, value] of Object.entries({ attempts, inFlight }))
    if (!Number.isInteger(value) || value < 1 || value > 1_000_000)
      throw new UsageError(`${scheme}: the option "${name}" must be a whole number from 1 to 1,000,000, not ${value}`);
  mustBeTime(scheme, 'backoff', backoff, 1);
  mustBeTime(scheme, 'poll', poll, 10);
  mustBeTime(scheme, 'lease', lease, 100);
  mustBeTime(scheme, 'keep', keep, 1_000);
  if (!Number.isInteger(keep))
    throw new UsageError(`${scheme}: the option "keep" must be a whole number of milliseconds, not ${keep}`);
  return {
    address: `${place}?queue=${queue}${reader === undefined ? '' : `&reader=${reader}`}`,
    ...{ scheme, queue, reader, from: beginning(scheme, from ?? 'all'), forReaders },
    ...{ attempts, backoff, lease, inFlight, poll, keep },
  };
}

function mustBeName(scheme: string, option: string, value: string): void {
  if (!/^[\w.-]{1,48}$/.test(value))
    throw new UsageError(
      `${scheme}: the option "${option}" must be 1 to 48 letters, digits, "_", "-" and ".", such as "orders", not ${JSON.stringify(value)}`,
    );
}

function mustBeTime(scheme: string, option: string, ms: number, least: number): void {
  if (!(ms >= least && ms <= 1e11))
    throw new UsageError(`${scheme}: the option "${option}" must be a number of milliseconds from ${least}, not ${ms}`);
}

function beginning(scheme: string, from: unknown): QueuePlan['from'] {
  if (from === 'all' || from === 'new') return from;
  if (/^[1-9]\d{0,15}$/.test(String(from))) return Number(from);
  throw new UsageError(
    `${scheme}: the option "from" must be "all", "new" or the number of a task, not ${JSON.stringify(from)}`,
  );
}
