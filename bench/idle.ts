// What a heartbeat costs an idle link: bytes of memory at both ends, and CPU time.
//   npx tsx bench/idle.ts [--build dist] [--links 10000] [--codec jrpc] [--transport tcp] [--beat 8000] [--starts 2] [--most 100]
// Server and client are two processes; each link makes one call and is idle from then on. What each process holds is measured after a
// garbage collection, several times over two beats, for links hold more while they wait for an answer: the figure is the median of what
// was seen, and the most stands beside it. Printed is the difference between links with a heartbeat and without one, in bytes for a link. Exits with 1 if it is above `--most`.
// It needs as many open files as there are links: `ulimit -n`.
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Child } from './run/child.js';
import { spread } from './statistics.js';

const END = fileURLToPath(new URL('run/idle-end.ts', import.meta.url));
/** How often the memory is measured, in each beat. */
const LOOKS = 4;
const BEATS = 2;

const { values } = parseArgs({
  options: {
    build: { type: 'string', default: 'dist' },
    links: { type: 'string', default: '10000' },
    codec: { type: 'string', default: 'jrpc' },
    transport: { type: 'string', default: 'tcp' },
    beat: { type: 'string', default: '8000' },
    starts: { type: 'string', default: '2' },
    most: { type: 'string', default: '100' },
  },
});
const { build, codec, transport } = values;
const links = Number(values.links);
const beat = Number(values.beat);

interface Idle {
  /** The bytes of a link, at the end that listens and at the one that dials: the median of all looks, and the most. */
  readonly listens: number;
  readonly dials: number;
  readonly listensMost: number;
  readonly dialsMost: number;
  /** µs of CPU time of both ends, for each link and beat. */
  readonly micros: number;
}

/** `ms`: the time of the heartbeat; 0 for none. */
async function idle(ms: number): Promise<Idle> {
  const flags = ['--expose-gc', '--import', 'tsx'];
  const args = [build, codec, String(ms)];
  const server = new Child('server', END, args, flags);
  const client = new Child('client', END, args, flags);
  try {
    const address = await server.ask<string>('serve', `${transport}://127.0.0.1:0`);
    // What is made with the first links belongs to none of them, nor does the code that their beats compile.
    await client.ask('dial', { address, links: 100 });
    await sleep(BEATS * beat);
    const before = [await server.ask<number>('held'), await client.ask<number>('held')];
    for (let dialed = 1_000; dialed <= links; dialed += 1_000) await client.ask('dial', { address, links: dialed });
    const seen: [number[], number[]] = [[], []];
    for (let look = 0; look < LOOKS * BEATS; look++) {
      await sleep(beat / LOOKS);
      for (const [at, end] of [server, client].entries()) seen[at]?.push(await end.ask<number>('held'));
    }
    const used = async (): Promise<number> => (await server.ask<number>('cpu')) + (await client.ask<number>('cpu'));
    const start = await used();
    await sleep(BEATS * beat);
    const micros = ((await used()) - start) / BEATS / links;
    const peers = await server.ask<number>('peers');
    if (peers !== links) throw new Error(`${links} links were dialed, and ${peers} are there`);
    const each = (at: 0 | 1, of: 'median' | 'max'): number =>
      (spread(seen[at])[of] - (before[at] ?? 0)) / (links - 100);
    return {
      listens: each(0, 'median'),
      dials: each(1, 'median'),
      listensMost: each(0, 'max'),
      dialsMost: each(1, 'max'),
      micros,
    };
  } finally {
    await client.stop();
    await server.stop();
  }
}

const withBeat: Idle[] = [];
const without: Idle[] = [];
for (let start = 0; start < Number(values.starts); start++) {
  withBeat.push(await idle(beat));
  without.push(await idle(0));
}
const middle = (all: readonly Idle[], of: keyof Idle): number => spread(all.map((one) => one[of])).median;
const figure = (of: keyof Idle, digits = 0): string =>
  `${middle(without, of).toFixed(digits)} → ${middle(withBeat, of).toFixed(digits)}`;
const more = (['listens', 'dials'] as const).map((of) => middle(withBeat, of) - middle(without, of));
const [listens = 0, dials = 0] = more;
const most = (['listensMost', 'dialsMost'] as const).map((of) => figure(of)).join(', ');
console.log(
  `${links} idle links, ${codec}/${transport}, beat ${beat} ms: ${listens.toFixed(0)} bytes more for a link at the end that listens (${figure('listens')}), ${dials.toFixed(0)} at the one that dials (${figure('dials')}); the most: ${most}; CPU of both for each link and beat ${figure('micros', 2)} µs; ${values.starts} starts`,
);
if (Math.max(...more) > Number(values.most)) process.exitCode = 1;
