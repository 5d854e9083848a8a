// What two builds of the library carry between two processes on the loopback: a client and a server, each on a core of its own.
//   npx tsx bench/apart.ts BEFORE AFTER [--loads call,notify,stream,callback,one-each] [--in-flight 1,64,256,1024]
//     [--codecs jrpc,msgpack] [--transports tcp,ws] [--pairs 30] [--cores 0,1] [--processes 3] [--ms 400]
// A pair measures both builds, one after the other, in an order that alternates; the processes are started anew a few times.
// Printed are the medians of the ratios after/before of the rate and of the CPU time of both ends for each call, with their
// 95 % confidence intervals. `--cores 0` puts all processes on one core.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Measured, Order } from './run/apart-end.js';
import { medianInterval } from './statistics.js';

const END = fileURLToPath(new URL('run/apart-end.ts', import.meta.url));
/** Rounds before those that count, so that the code is compiled. */
const WARM_MS = 1_500;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    loads: { type: 'string', default: 'call' },
    'in-flight': { type: 'string', default: '64' },
    codecs: { type: 'string', default: 'jrpc' },
    transports: { type: 'string', default: 'tcp' },
    pairs: { type: 'string', default: '30' },
    processes: { type: 'string', default: '3' },
    cores: { type: 'string', default: '0,1' },
    ms: { type: 'string', default: '400' },
  },
});
if (positionals.length < 2) throw new Error('BEFORE and AFTER are folders of builds');
const [serverCore = '0', clientCore = serverCore] = values.cores.split(',');

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

async function start(folder: string, codec: string, transport: string): Promise<Ends> {
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

type Row = { readonly rate: number; readonly cpu: number }[];

async function compare(folders: readonly string[], codec: string, transport: string, order: Order): Promise<void> {
  const rows: Row[] = [];
  const starts = Number(values.processes);
  const rounds = Math.ceil(Number(values.pairs) / starts);
  for (let at = 0; at < starts; at++) {
    const builds: Ends[] = [];
    for (const folder of folders) builds.push(await start(folder, codec, transport));
    for (const build of builds) await measure(build, { ...order, ms: WARM_MS });
    for (let round = 0; round < rounds; round++) {
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
  for (let index = 1; index < folders.length; index++) {
    const figure = (of: 'rate' | 'cpu'): string => {
      const ratios = rows.map((row) => (row[index]?.[of] ?? Number.NaN) / (row[0]?.[of] ?? Number.NaN));
      const { median, low, high } = medianInterval(ratios);
      return `${median.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
    };
    const middle = (build: number, of: 'rate' | 'cpu'): number =>
      medianInterval(rows.map((row) => row[build]?.[of] ?? Number.NaN)).median;
    const rates = [0, index].map((build) => `${Math.round(middle(build, 'rate') / 1_000)} k/s`).join(' → ');
    const costs = [0, index].map((build) => middle(build, 'cpu').toFixed(2)).join(' → ');
    const name = folders.length > 2 ? `${folders[index]}: ` : '';
    console.log(
      `${name}${what}: rate ${figure('rate')}, ${rates}; CPU ${figure('cpu')}, ${costs} µs; ${rows.length} pairs`,
    );
  }
}

for (const transport of values.transports.split(','))
  for (const codec of values.codecs.split(','))
    for (const load of values.loads.split(',') as Order['load'][])
      for (const inFlight of values['in-flight'].split(','))
        await compare(positionals, codec, transport, { load, inFlight: Number(inFlight), ms: Number(values.ms) });
