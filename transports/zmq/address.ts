import { type OptionKind, readOptions, withoutPassword } from '../../src/contract/address.js';
import type { Address } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';
import { LONGEST_PATH } from '../shared/stream/socket-file.js';
import { CURVE, checkCurve } from './curve.js';

const OPTIONS = {
  role: ['rpc', 'pipeline', 'pubsub'],
  bind: 'flag',
  topics: 'any',
  inFlight: 'number',
  queue: 'number',
  beat: 'number',
  forget: 'number',
  ...CURVE,
} as const satisfies Record<string, OptionKind>;

/**
 * The largest values of the options that are whole numbers from 1 on. ZeroMQ drops fractions, and 0 is no bound there; of `beat`, it takes twice
 * as much, too.
 */
const MOST = { inFlight: 2 ** 31 - 1, queue: 2 ** 31 - 1, beat: 1_000_000_000 } as const;
/** The largest value of `forget`, in s: timers of the runtime wait no longer. */
const MOST_FORGET = 4_000_000;
/** The largest port. */
const LAST_PORT = 65_535;

/** What an address of ZeroMQ says. */
export interface ZmqPlan {
  readonly role: 'rpc' | 'pipeline' | 'pubsub';
  /** Whether its sockets are bound to the endpoints, or connect to them. */
  readonly bind: boolean;
  /** In the form of ZeroMQ: `tcp://127.0.0.1:5555`. */
  readonly endpoints: readonly string[];
  /** What a subscriber receives from the beginning: topics that begin so. */
  readonly topics: readonly string[];
  /** How many messages a pipeline or a subscriber works on at a time. */
  readonly inFlight: number;
  /** How many messages ZeroMQ keeps for each peer that does not read. */
  readonly queue: number;
  /** In ms: how often a silent connection is checked. */
  readonly beat: number;
  /** In ms: how long a caller that is not Obverse may be silent before its link ends. */
  readonly forget: number;
  readonly socket: Readonly<Record<string, unknown>>;
}

/** Reads an address. Throws a UsageError for a wrong form, an unknown option, or one that does not fit the role. */
export function readZmq(address: Address, listen: boolean): ZmqPlan {
  const {
    role = 'rpc',
    bind,
    topics,
    inFlight,
    queue = 1_000,
    beat = 5_000,
    forget = 3_600,
    ...socket
  } = readOptions(address, OPTIONS);
  if (bind !== undefined && role === 'rpc')
    throw new UsageError('zmq: the option "bind" is for pipeline and pubsub; in the role rpc, who serves binds');
  if (topics !== undefined && !(listen && role === 'pubsub'))
    throw new UsageError('zmq: the option "topics" is for the side that serves in the role pubsub');
  if (inFlight !== undefined && !(listen && role !== 'rpc'))
    throw new UsageError('zmq: the option "inFlight" is for the side that serves in the roles pipeline and pubsub');
  for (const [name, value] of Object.entries({ inFlight, queue, beat })) {
    const most = MOST[name as keyof typeof MOST];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= most))
      throw new UsageError(`zmq: the option "${name}" must be a whole number from 1 to ${most}, not ${value}`);
  }
  if (!(forget > 0 && forget <= MOST_FORGET))
    throw new UsageError(`zmq: the option "forget" must be a positive number up to ${MOST_FORGET}, not ${forget}`);
  checkCurve(socket);
  return {
    role,
    bind: bind ?? listen,
    endpoints: endpointsOf(address),
    topics: readTopics(topics),
    inFlight: inFlight ?? 64,
    queue,
    beat,
    forget: forget * 1_000,
    socket,
  };
}

function readTopics(given: unknown): readonly string[] {
  if (given === undefined) return [''];
  const list: unknown = typeof given === 'string' ? given.split(',') : given;
  if (!Array.isArray(list) || !list.every((each) => typeof each === 'string'))
    throw new UsageError('zmq: the option "topics" must be a list of strings, or names separated by commas');
  if (list.length > 1 && list.includes(''))
    throw new UsageError('zmq: the option "topics" has an empty name beside others, which would be everything');
  return list;
}

function endpointsOf({ scheme, rest }: Address): readonly string[] {
  const kind = scheme.slice('zmq+'.length);
  const places = rest.replace(/^\/\//, '').split(',');
  return places.map((place) => readEndpoint(place.includes('://') ? place : `${kind}://${place}`));
}

/** An endpoint in the form of ZeroMQ; with or without `zmq+` in front. Throws a UsageError for another form. */
export function readEndpoint(text: string): string {
  const [, kind = '', place = ''] = /^(?:zmq\+)?(\w*):\/\/(.*)$/s.exec(text) ?? [];
  const tcp = kind === 'tcp' ? /^(?:[\w.-]+|\*|\[[\da-f:.%\w]+\]):(\d+|\*)$/i.exec(place) : null;
  if (tcp === null && !((kind === 'ipc' || kind === 'inproc') && place !== ''))
    throw new UsageError(
      `"${withoutPassword(text)}" is no endpoint of ZeroMQ: expected zmq+tcp://127.0.0.1:5555, zmq+ipc:///path or zmq+inproc://name; several are separated by commas`,
    );
  // ZeroMQ itself takes it modulo 65,536.
  if (Number(tcp?.[1]) > LAST_PORT)
    throw new UsageError(
      `"${text}": ${tcp?.[1]} is no port, which is a number from 0 to ${LAST_PORT}, or * for a free one`,
    );
  const bytes = kind === 'ipc' ? Buffer.byteLength(place) : 0;
  if (bytes > LONGEST_PATH)
    throw new UsageError(
      `the path of a socket has at most ${LONGEST_PATH} bytes, but ${place} has ${bytes}; use a shorter one`,
    );
  return `${kind}://${place}`;
}

/** Endpoints as an address. */
export function addressOf(endpoints: readonly string[], role: ZmqPlan['role']): string {
  const [first = 'tcp://'] = endpoints;
  const kind = first.slice(0, first.indexOf('://') + 3);
  const others = endpoints.slice(1).map((each) => (each.startsWith(kind) ? each.slice(kind.length) : each));
  return `zmq+${[first, ...others].join(',')}${role === 'rpc' ? '' : `?role=${role}`}`;
}
