import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Found, freePort } from '../support/engines.js';
import { nats, startNats } from '../support/nats-server.js';

/** What can be done over an engine, and how the table of docs/beyond-one-machine.md calls it. */
export const abilities = {
  progress: 'progress',
  streams: 'streams',
  cancel: 'a cancelled call is cancelled at its handler',
  'calls back': 'the server calls its caller',
  references: 'functions and objects as arguments',
  broadcast: '`null` on a server: all clients',
  topics: 'topics',
};

export type Ability = keyof typeof abilities;

/** An engine: what its tests need, what holds over it, and what it does not have. */
export interface BeyondEngine {
  /** The program that it needs, if it needs one. */
  readonly program?: Found;
  /** Where to serve; who connects does so at `connect`, or at the address of who serves. Each call is another room. */
  address(): Promise<{ readonly serve: string; readonly connect?: string }>;
  /** A part of the error that says so; `silent` where nothing happens. */
  readonly lacks: { readonly [A in Ability]?: RegExp | 'silent' };
  /** The cells of the table. */
  readonly guarantees: Readonly<Record<string, string>>;
  /** Where a cell is tested elsewhere: the title is in the file. */
  readonly proofs?: Readonly<Record<string, { readonly file: string; readonly title: string }>>;
  /** It is in the column of another one. */
  readonly sameAs?: string;
  /** Calls may overtake each other. */
  readonly unordered?: true;
  /** Who connects needs the option `reconnect` to reach another server. */
  readonly redials?: true | undefined;
  /** Ends what the engine needs. */
  close?(): Promise<void>;
}

const noTopics = (scheme: string): RegExp =>
  new RegExp(`^${scheme}: has no topics: to reach several peers, send to a group`);

const connections = {
  redials: true,
  guarantees: {
    delivery: 'at most once',
    order: 'of each sender',
    'nobody serves': '`connect` rejects',
    'the server is killed': 'its calls reject at once',
    'the caller is killed': 'the signals of its calls abort at once',
    'calls are shared among servers': '–',
    'the broker is restarted': '–',
  },
} as const;

const zeromq = {
  guarantees: {
    ...connections.guarantees,
    order: 'of each sender to one server',
    'calls are shared among servers': 'in turn',
  },
  proofs: {
    'calls are shared among servers': {
      file: 'test/zmq/servers.test.ts',
      title: 'gives calls to several servers in turn',
    },
  },
} as const;

const notAsked = /its link carries only (notifications|the answers)/;

let at = 0;
let natsServer: Awaited<ReturnType<typeof startNats>> | undefined;

/** By their names. Only the addresses differ. */
export const engines: Readonly<Record<string, BeyondEngine>> = {
  tcp: { ...connections, address: async () => ({ serve: 'tcp://127.0.0.1:0' }), lacks: { topics: noTopics('tcp') } },
  ws: {
    ...connections,
    sameAs: 'tcp',
    address: async () => ({ serve: 'ws://127.0.0.1:0' }),
    lacks: { topics: noTopics('ws') },
  },
  http: {
    address: async () => ({ serve: 'http://127.0.0.1:0/chat' }),
    unordered: true,
    lacks: {
      topics: noTopics('http'),
      'calls back': notAsked,
      references: /its link carries calls of methods whose arguments are data/,
      broadcast: 'silent',
    },
    guarantees: {
      delivery: 'at most once',
      order: 'none: each call is a request of its own',
      'nobody serves': 'the call rejects at once',
      'the server is killed': 'its calls reject at once',
      'the caller is killed': 'the signals of its calls abort at once',
      'calls are shared among servers': '–',
      'the broker is restarted': '–',
    },
  },
  balance: {
    ...connections,
    redials: undefined,
    address: async () => {
      const serve = `unix:${join(mkdtempSync(join(tmpdir(), 'beyond-')), 's')}`;
      return { serve, connect: `balance:(${serve})` };
    },
    lacks: { topics: noTopics('unix') },
    guarantees: {
      ...connections.guarantees,
      order: 'of each sender to one server',
      'calls are shared among servers': 'in turn, or by pending calls',
    },
    proofs: {
      'calls are shared among servers': {
        file: 'test/balance/calls.test.ts',
        title: 'are one peer, and get the calls in turn, whatever their transports',
      },
    },
  },
  'zmq+tcp': {
    ...zeromq,
    address: async () => ({ serve: `zmq+tcp://127.0.0.1:${await freePort()}` }),
    lacks: { topics: noTopics('zmq\\+tcp') },
  },
  'zmq+ipc': {
    ...zeromq,
    sameAs: 'zmq+tcp',
    address: async () => ({ serve: `zmq+ipc://${join(mkdtempSync(join(tmpdir(), 'beyond-')), 's')}` }),
    lacks: { topics: noTopics('zmq\\+ipc') },
  },
  'zmq+inproc': {
    sameAs: 'zmq+tcp',
    address: async () => ({ serve: `zmq+inproc://beyond${++at}` }),
    lacks: { topics: noTopics('zmq\\+inproc') },
    guarantees: {
      ...zeromq.guarantees,
      // All of them are in one process, which is not killed.
      delivery: '–',
      'the server is killed': '–',
      'the caller is killed': '–',
      'calls are shared among servers': '–',
    },
  },
  memory: {
    sameAs: 'nats',
    address: async () => ({ serve: `memory:beyond${++at}?service&callBeat=300` }),
    lacks: { topics: noTopics('memory') },
    guarantees: {
      // All of them are in one process, which is not killed.
      delivery: '–',
      order: 'of each sender to one server',
      'nobody serves': 'the call rejects at once',
      'the server is killed': '–',
      'the caller is killed': '–',
      'calls are shared among servers': '–',
      'the broker is restarted': '–',
    },
  },
  nats: {
    program: nats,
    address: async () => {
      natsServer ??= await startNats();
      return { serve: `nats://127.0.0.1:${natsServer.port}/chat${++at}?beat=300` };
    },
    lacks: {},
    guarantees: {
      delivery: 'at most once',
      order: 'of each sender to one server; a queue scatters',
      'nobody serves': 'the call rejects at once',
      'the server is killed': 'its calls reject within three beats (`beat`, 1 s)',
      'the caller is killed': 'the signals of its calls abort within two beats',
      'calls are shared among servers': 'at random, by the server of NATS',
      'the broker is restarted': 'calls go on',
    },
    proofs: {
      'calls are shared among servers': {
        file: 'test/nats/links.test.ts',
        title: 'shares calls among those with the same queue',
      },
      'the broker is restarted': {
        file: 'test/nats/outage.test.ts',
        title: 'delivers in order what was sent meanwhile, to workers and to callers',
      },
    },
    close: async () => {
      await natsServer?.end();
      natsServer = undefined;
    },
  },
};
