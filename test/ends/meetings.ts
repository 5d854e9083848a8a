import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { Options, Side, TransportSource } from 'obverse';
import type { Inverted } from '../../src/types/derived.js';
import { compiledOnce } from '../support/compile-program.js';
import { behave, type Ended, Hanging } from './spec.js';

/** Two connected sides, and the ways to end their connection. */
export interface Meeting {
  readonly here: Side<Inverted<Hanging>>;
  /** Settles when the other side has reported how its own call ended. */
  readonly ended: Promise<Ended>;
  /** The possible ways to end it; a string is the reason why there is none. */
  readonly ways: Readonly<Record<Way, (() => unknown) | string>>;
  cleanUp(): Promise<unknown>;
}

export const allWays = ['FIN', 'RST', 'SIGKILL', 'terminate', 'closed port', 'close() here', 'close() there'] as const;
export type Way = (typeof allWays)[number];

const far = compiledOnce(new URL('far.ts', import.meta.url));
/** Removes the compiled files. */
export const removeCompiled = far.remove;

const quiet: Options = { logger: null };

const noConnection = 'there is no connection that could be ended on its way';
const noProcess = 'the far end is in this process';
const noWorker = 'the far end is no worker';
const noPort = 'it goes over no port';

/** The other side in its own process, connected through a proxy that can end the connection in its own way. */
async function acrossProxy(address: string, through: (at: string) => Promise<Proxied>): Promise<Meeting> {
  const child = fork(await far.path(), [address]);
  const [{ address: at }] = (await once(child, 'message')) as [{ address: string }];
  const proxied = await through(at);
  const here = await Hanging.invert().connect(proxied.address, quiet);
  return {
    here,
    ended: endedOf(child),
    ways: {
      FIN: proxied.fin,
      RST: proxied.rst,
      SIGKILL: () => child.kill('SIGKILL'),
      terminate: noWorker,
      'closed port': noPort,
      'close() here': () => here.close(),
      'close() there': () => child.send('close'),
    },
    async cleanUp() {
      child.kill('SIGKILL');
      await Promise.all([here.close(), proxied.close()]);
    },
  };
}

async function endedOf(child: ChildProcess): Promise<Ended> {
  for (;;) {
    const [what] = (await once(child, 'message')) as [{ ended?: Ended }];
    if (what.ended !== undefined) return what.ended;
  }
}

interface Proxied {
  readonly address: string;
  readonly fin: (() => void) | string;
  readonly rst: (() => void) | string;
  close(): Promise<unknown>;
}

async function proxyTo(
  target: { port: number; host: string } | string,
  rename: (port: number) => string,
  path?: string,
): Promise<Proxied> {
  const near: Socket[] = [];
  const all: Socket[] = [];
  const server: Server = createServer((socket) => {
    const onward = typeof target === 'string' ? connect(target) : connect(target);
    near.push(socket);
    all.push(socket, onward);
    for (const each of [socket, onward]) each.on('error', () => {});
    socket.pipe(onward).pipe(socket);
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.destroy());
  });
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  return {
    address: rename((server.address() as { port: number }).port),
    fin() {
      for (const socket of near) socket.unpipe().end();
    },
    rst() {
      for (const socket of near) socket.resetAndDestroy();
    },
    async close() {
      for (const socket of all) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function portOf(address: string): { port: number; host: string } {
  return { port: Number(new URL(address).port), host: '127.0.0.1' };
}

async function overProcess(): Promise<Meeting> {
  const told: string[] = [];
  let tell: (ended: Ended) => void = () => {};
  const ended = new Promise<Ended>((resolve) => {
    tell = resolve;
  });
  const logger = {
    warn(line: string) {
      told.push(line);
      const found = /"ended":"(\w+)"/.exec(line);
      if (found !== null) tell(found[1] as string);
    },
    error() {},
  };
  const source: TransportSource = {
    url: 'process:',
    command: process.execPath,
    args: [await far.path(), 'stdio:'],
    stderr: 'log',
    grace: 500,
  };
  const here = await Hanging.invert().connect(source, { logger });
  const pid = Number([...here.peers.keys()][0]?.split(':')[1]);
  return {
    here,
    ended,
    ways: {
      FIN: () => process.kill(pid, 'SIGUSR2'),
      RST: 'a pipe has no reset',
      SIGKILL: () => process.kill(pid, 'SIGKILL'),
      terminate: noWorker,
      'closed port': noPort,
      'close() here': () => here.close(),
      'close() there': () => here.remote.leave(),
    },
    cleanUp: () => here.close(),
  };
}

async function overWorker(how: 'worker' | 'port'): Promise<Meeting> {
  const { port1: teller, port2: ear } = new MessageChannel();
  const program = await far.path();
  const options = { workerData: { teller }, transferList: [teller] };
  const argv = ['port:parent', 'clone'];
  let worker: Worker | undefined;
  let source: TransportSource = { url: `worker:${program}`, ...options, argv };
  if (how === 'port') {
    worker = new Worker(program, { ...options, argv });
    source = { url: 'port:', port: worker };
  }
  const ended = new Promise<Ended>((resolve) => {
    ear.on('message', (what: { ended?: Ended }) => what.ended !== undefined && resolve(what.ended));
  });
  const here = await Hanging.invert().connect(source, { ...quiet, codec: 'clone' });
  return {
    here,
    ended,
    ways: {
      FIN: noConnection,
      RST: noConnection,
      SIGKILL: noProcess,
      // The transport keeps the worker of `worker:`, which then exits by itself.
      terminate: () => (worker === undefined ? ear.postMessage('exit') : worker.terminate()),
      'closed port': 'a worker has no port that could be closed alone',
      'close() here': () => here.close(),
      'close() there': () => here.remote.leave(),
    },
    async cleanUp() {
      await here.close();
      await worker?.terminate();
      ear.close();
    },
  };
}

async function here(
  serve: TransportSource,
  connect: (address: string) => TransportSource,
  closePort?: () => void,
): Promise<Meeting> {
  const there = await Hanging.serve(serve, quiet);
  const ended = new Promise<Ended>((resolve) => behave(there, resolve));
  const side = await Hanging.invert().connect(connect(there.address), quiet);
  return {
    here: side,
    ended,
    ways: {
      FIN: noConnection,
      RST: noConnection,
      SIGKILL: noProcess,
      terminate: noWorker,
      'closed port': closePort ?? noPort,
      'close() here': () => side.close(),
      'close() there': () => there.close(),
    },
    cleanUp: () => Promise.all([side.close(), there.close()]),
  };
}

let rooms = 0;

/** How two sides are connected, by transport. */
export const meetings: Readonly<Record<string, () => Promise<Meeting>>> = {
  'tcp:': () => acrossProxy('tcp://127.0.0.1:0', (at) => proxyTo(portOf(at), (port) => `tcp://127.0.0.1:${port}`)),
  'ws:': () => acrossProxy('ws://127.0.0.1:0', (at) => proxyTo(portOf(at), (port) => `ws://127.0.0.1:${port}`)),
  'unix:': () => {
    const path = `${tmpdir()}/obverse-ends-${process.pid}-${rooms++}`;
    return acrossProxy(`unix:${path}.sock`, async () => {
      const proxied = await proxyTo(`${path}.sock`, () => `unix:${path}.proxy`, `${path}.proxy`);
      // A process that was killed leaves its socket file behind.
      const close = () => Promise.all([proxied.close(), rm(`${path}.sock`, { force: true })]);
      return { ...proxied, rst: 'a Unix socket has no reset', close };
    });
  },
  'udp:': () =>
    acrossProxy('udp://127.0.0.1:0', async (address) => ({
      address,
      fin: 'datagrams have no connection: silence ends in a timeout',
      rst: 'datagrams have no connection: silence ends in a timeout',
      close: async () => {},
    })),
  'process: with stdio:': overProcess,
  'worker: with port:parent': () => overWorker('worker'),
  'port: with a Worker': () => overWorker('port'),
  'port: with a MessagePort': () => {
    const { port1, port2 } = new MessageChannel();
    return here(
      { url: 'port:', port: port1 },
      () => ({ url: 'port:', port: port2 }),
      () => port1.close(),
    );
  },
  'memory:': () => here(`memory:ends${rooms++}`, (address) => address),
  'mux: of tcp: and memory:': () =>
    here(['tcp://127.0.0.1:0', `memory:ends${rooms++}`], (address) => /\((memory[^)]*)\)/.exec(address)?.[1] as string),
};
