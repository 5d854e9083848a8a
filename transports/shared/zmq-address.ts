import { type OptionKind, readOptions } from '../../src/contract/address.js';
import type { Address } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';

/** The options of the sockets that are passed to the package as they are: encryption by CURVE. */
const SOCKET = {
  curveServer: 'flag',
  curvePublicKey: 'text',
  curveSecretKey: 'text',
  curveServerKey: 'text',
} as const satisfies Record<string, OptionKind>;

const OPTIONS = {
  role: ['rpc', 'pipeline', 'pubsub'],
  bind: 'flag',
  topics: 'any',
  inFlight: 'number',
  queue: 'number',
  beat: 'number',
  forget: 'number',
  ...SOCKET,
} as const satisfies Record<string, OptionKind>;

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
  for (const [name, value] of Object.entries({ inFlight, queue, beat, forget })) {
    if (value !== undefined && !(value > 0))
      throw new UsageError(`zmq: the option "${name}" must be a positive number, not ${value}`);
  }
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
  if (Array.isArray(list) && list.every((each) => typeof each === 'string')) return list;
  throw new UsageError('zmq: the option "topics" must be a list of strings, or names separated by commas');
}

function endpointsOf({ scheme, rest }: Address): readonly string[] {
  const kind = scheme.slice('zmq+'.length);
  const places = rest.replace(/^\/\//, '').split(',');
  return places.map((place) => readEndpoint(place.includes('://') ? place : `${kind}://${place}`));
}

/** An endpoint in the form of ZeroMQ; with or without `zmq+` in front. Throws a UsageError for another form. */
export function readEndpoint(text: string): string {
  const [, kind = '', place = ''] = /^(?:zmq\+)?(\w*):\/\/(.*)$/s.exec(text) ?? [];
  const fits =
    kind === 'tcp'
      ? /^([\w.-]+|\*|\[[\da-f:.%\w]+\]):(\d{1,5}|\*)$/i.test(place)
      : (kind === 'ipc' || kind === 'inproc') && place !== '';
  if (!fits)
    throw new UsageError(
      `"${text}" is no endpoint of ZeroMQ: expected zmq+tcp://127.0.0.1:5555, zmq+ipc:///path or zmq+inproc://name; several are separated by commas`,
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
