// Pairs of two builds of the library, between two processes: for `bench/apart.ts` and `bench/speed.ts`.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { medianInterval } from '../statistics.js';
import type { Measured, Order } from './apart-end.js';

const END = fileURLToPath(new URL('apart-end.ts', import.meta.url));
/** The round before those that count, by default, in ms: the code is compiled then. On a slow machine, that takes longer. */
export const WARM_MS = 1_500;

class End {
  private constructor(private readonly process: ChildProcess) {}

  static async start(core: string, ...args: readonly string[]): Promise<[End, string]> {
    const process = spawn('taskset', ['-c', core, globalThis.process.execPath, '--import', 'tsx', END, ...args], {
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    const [{ url }] = (await once(process, 'message')) as [{ url: string }];
    return [new End(process), url];
  }

  async order(order: Order): Promise<Measured> {
    this.process.send(order);
    return (await once(this.process, 'message'))[0] as Measured;
  }

  stop(): void {
    this.process.kill();
  }
}

interface Ends {
  readonly server: End;
  readonly client: End;
}

async function start(
  folder: string,
  codec: string,
  transport: string,
  [serverCore, clientCore]: Plan['cores'],
): Promise<Ends> {
  const [server, url] = await End.start(serverCore, 'server', folder, codec, `${transport}://127.0.0.1:0`);
  const [client] = await End.start(clientCore, 'client', folder, codec, url);
  return { server, client };
}

/** Calls per second, and µs of CPU time for each, on both ends. */
async function measure({ server, client }: Ends, order: Order): Promise<{ rate: number; cpu: number }> {
  await server.order({ ...order, load: 'cpu' });
  const { done, seconds, cpu } = await client.order(order);
  const far = await server.order({ ...order, load: 'cpu' });
  return { rate: done / seconds, cpu: (cpu + far.cpu) / done };
}

/** What is measured, and how often. */
export interface Plan {
  readonly order: Order;
  readonly codec: string;
  readonly transport: string;
  readonly pairs: number;
  /** How often the processes are started anew. */
  readonly starts: number;
  /** The time of the round before those that count, in ms. */
  readonly warm?: number;
  /** The core of the server, and of the client. */
  readonly cores: readonly [string, string];
}

/** A median, and its 95 % confidence interval. */
export type Figure = ReturnType<typeof medianInterval>;

/** A build compared with the first one. */
export interface Compared {
  readonly folder: string;
  readonly what: string;
  /** The ratios of the rate, and of the CPU time of both ends for each call. */
  readonly rate: Figure;
  readonly cpu: Figure;
  /** The same as text, with the figures of both. */
  readonly text: string;
}

type Row = { readonly rate: number; readonly cpu: number }[];

/** Outside a package of type `module`, tsx makes CommonJS modules of a build, in which each import is a call of a getter. */
function checkIsESM(folder: string): void {
  let at = resolve(folder);
  while (!existsSync(join(at, 'package.json')) && dirname(at) !== at) at = dirname(at);
  const path = join(at, 'package.json');
  if (existsSync(path) && JSON.parse(readFileSync(path, 'utf8')).type === 'module') return;
  throw new Error(
    `${folder} must be in a package of type "module": add a package.json with { "type": "module" } beside it`,
  );
}

export async function compareApart(folders: readonly string[], plan: Plan): Promise<Compared[]> {
  folders.forEach(checkIsESM);
  const { order, codec, transport, cores } = plan;
  const rows: Row[] = [];
  for (let at = 0; at < plan.starts; at++) {
    const builds: Ends[] = [];
    for (const folder of folders) builds.push(await start(folder, codec, transport, cores));
    for (const build of builds) await measure(build, { ...order, ms: plan.warm ?? WARM_MS });
    for (let round = 0; round < Math.ceil(plan.pairs / plan.starts); round++) {
      const row: Row = [];
      const indices = [...builds.keys()];
      if (round % 2 === 1) indices.reverse();
      for (const index of indices) row[index] = await measure(builds[index] as Ends, order);
      rows.push(row);
    }
    for (const { server, client } of builds) {
      client.stop();
      server.stop();
    }
  }
  const what = `${order.load} ${codec}/${transport} ${order.inFlight} in flight`;
  return folders.slice(1).map((folder, at): Compared => {
    const index = at + 1;
    const ratio = (of: 'rate' | 'cpu'): Figure =>
      medianInterval(rows.map((row) => (row[index]?.[of] ?? Number.NaN) / (row[0]?.[of] ?? Number.NaN)));
    const middle = (build: number, of: 'rate' | 'cpu'): number =>
      medianInterval(rows.map((row) => row[build]?.[of] ?? Number.NaN)).median;
    const [rate, cpu] = [ratio('rate'), ratio('cpu')];
    const rates = [0, index].map((build) => `${Math.round(middle(build, 'rate') / 1_000)} k/s`).join(' → ');
    const costs = [0, index].map((build) => middle(build, 'cpu').toFixed(2)).join(' → ');
    const text = `rate ${shown(rate)}, ${rates}; CPU ${shown(cpu)}, ${costs} µs; ${rows.length} pairs`;
    return { folder, what, rate, cpu, text };
  });
}

function shown({ median, low, high }: Figure): string {
  return `${median.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
}
