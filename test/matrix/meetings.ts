import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { MessageChannel } from 'node:worker_threads';
import { type Inverted, type Options, type Side, standardTypes, type TransportSource } from 'obverse';
import { compiledOnce } from '../support/compile-program.js';
import { Overdrawn, Stage } from './abilities.js';
import { behave } from './behave.js';
import { perform, type Way } from './features.js';

/** Two connected sides: this one, and a function that closes both. */
export interface Meeting {
  readonly near: Side<Inverted<Stage>>;
  end(): Promise<unknown>;
}

const far = compiledOnce(new URL('far.ts', import.meta.url));
/** Removes the compiled files. */
export const removeCompiled = far.remove;

async function near(source: TransportSource, { codec }: Way): Promise<Side<Inverted<Stage>>> {
  const options: Options = { codec, types: [standardTypes], errorClasses: [Overdrawn], logger: null };
  const side = await Stage.invert().connect(source, options);
  behave(side, side.here, side.there);
  return side;
}

async function acrossProcess(address: string, way: Way): Promise<Meeting> {
  const child: ChildProcess = fork(await far.path(), [address, way.codec, way.link]);
  const [{ address: at }] = (await once(child, 'message')) as [{ address: string }];
  const side = await near(at, way);
  return {
    near: side,
    async end() {
      await side.close();
      child.kill('SIGKILL');
    },
  };
}

async function withinProcess(
  way: Way,
  serve: TransportSource,
  connect: (address: string) => TransportSource,
): Promise<Meeting> {
  const options: Options = { codec: way.codec, types: [standardTypes], errorClasses: [Overdrawn], logger: null };
  const there = await Stage.serve(serve, options);
  behave(there, there.there, there.here);
  there.perform.connect((_sender, { feature }) => perform(feature, there.here, way));
  const side = await near(connect(there.address), way);
  return { near: side, end: () => Promise.all([side.close(), there.close()]) };
}

let rooms = 0;

/** How two sides are connected, by the scheme of the link. */
export const meetings: Readonly<Record<string, (way: Way) => Promise<Meeting>>> = {
  'tcp:': (way) => acrossProcess('tcp://127.0.0.1:0', way),
  'ws:': (way) => acrossProcess('ws://127.0.0.1:0', way),
  'unix:': (way) => acrossProcess(`unix:${tmpdir()}/obverse-matrix-${process.pid}-${rooms++}.sock`, way),
  async 'process:'(way) {
    const args = [await far.path(), 'stdio:', way.codec, way.link];
    const side = await near({ url: 'process:', command: process.execPath, args, grace: 500 }, way);
    return { near: side, end: () => side.close() };
  },
  async 'worker:'(way) {
    const side = await near({ url: `worker:${await far.path()}`, argv: ['port:parent', way.codec, way.link] }, way);
    return { near: side, end: () => side.close() };
  },
  'port:'(way) {
    const { port1, port2 } = new MessageChannel();
    return withinProcess(way, { url: 'port:', port: port1 }, () => ({ url: 'port:', port: port2 }));
  },
  'memory:': (way) => withinProcess(way, `memory:matrix${rooms++}`, (address) => address),
  'mux:': (way) =>
    withinProcess(
      way,
      ['tcp://127.0.0.1:0', `memory:matrix${rooms++}`],
      (address) => /\((memory[^)]*)\)/.exec(address)?.[1] as string,
    ),
};

/** The codecs that a link can use. */
export function codecsOf(link: string): readonly string[] {
  return link === 'worker:' || link === 'port:' || link === 'memory:'
    ? ['jrpc', 'msgpack', 'clone']
    : ['jrpc', 'msgpack'];
}
