// What one plain call costs in two builds of the library: CPU time of both ends, in one process, 64 calls in flight over tcp.
//   npx tsx bench/paired.ts BEFORE AFTER [codec] [rounds]
// BEFORE and AFTER are folders such as `dist/`. Each round runs both, in turns; what counts is the ratio of the medians.
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const CALLS = 200_000;
const IN_FLIGHT = 64;

/** µs of CPU for one call, with the library in this folder. */
async function cost(folder: string, codec: string): Promise<number> {
  const { RemoteAPI, incoming, declareMethods } = (await import(
    pathToFileURL(resolve(folder, 'index.js')).href
  )) as typeof import('../src/index.js');
  class Echo extends RemoteAPI {
    echo(
      _sender: import('../src/index.js').Sender,
      _args: { text: string; n: number },
    ): import('../src/index.js').Reply<unknown> {}
  }
  declareMethods(Echo, { echo: incoming({ hasReply: true }) });
  const server = await Echo.serve('tcp://127.0.0.1:0', { codec });
  server.echo.connect((_sender, args) => args);
  const client = await Echo.invert().connect(server.address, { codec });
  const run = async (calls: number): Promise<void> => {
    let left = calls;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await client.echo(null, { text: 'hello', n: left });
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  };
  await run(CALLS / 2);
  const before = process.cpuUsage();
  await run(CALLS);
  const { user, system } = process.cpuUsage(before);
  await client.close();
  await server.close();
  return (user + system) / CALLS;
}

const [first, second, third, fourth] = process.argv.slice(2);
if (first === 'cost') console.log(await cost(second as string, third as string));
else if (first === undefined || second === undefined) throw new Error('BEFORE and AFTER are two folders of builds');
else {
  const codec = third ?? 'jrpc';
  const rounds = Number(fourth ?? 13);
  const program = fileURLToPath(import.meta.url);
  const measure = (folder: string): number => {
    // The collector's own threads would be counted by chance.
    const flags = ['--single-threaded-gc', '--import', 'tsx'];
    return Number(execFileSync(process.execPath, [...flags, program, 'cost', folder, codec], { encoding: 'utf8' }));
  };
  const costs: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const which of round % 2 === 0 ? [0, 1] : [1, 0])
      costs[which as 0 | 1].push(measure(which === 0 ? first : second));
  }
  const [before, after] = costs.map((all) => all.sort((a, b) => a - b)) as [number[], number[]];
  const median = (all: number[]): number => all[all.length >> 1] as number;
  const figure = (all: number[]): string =>
    `${median(all).toFixed(2)} (${all[0]?.toFixed(2)}–${all.at(-1)?.toFixed(2)})`;
  console.log(`${codec}: µs of CPU for a call, median (range) of ${rounds} rounds`);
  console.log(`before ${figure(before)}, after ${figure(after)}, ratio ${(median(after) / median(before)).toFixed(3)}`);
}
