/*
 * What one dead and one slow receiver cost the other 98 of 100: `npx tsx bench/gather.ts [rounds] [tcp|ws]`.
 *
 * A server calls clients in another process. One is dead: it has connected and reads nothing, so that everything that
 * is sent to it waits. One answers after seconds. Gathering from the 98 alone and from all 100 alternates; the figure
 * is the time until the 98 have answered.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createConnection } from 'node:net';
import { fileURLToPath } from 'node:url';
import { incoming, outgoing, type Peer, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';
import { WebSocket } from 'ws';
import { spread } from './statistics.js';

class Spec extends RemoteAPI {
  @incoming({ params: ['kind'] }) come(_sender: Sender, _kind: string): void {}
  @outgoing({ params: ['text'] }) noise(_to: Receivers, _text: string): void {}
  @outgoing({ hasReply: true, params: ['text'] }) ask(_to: Receivers, _text: string): Reply<number> {}
}

const HEALTHY = 98;
const GATHERS = 20;
const SLOW_MS = 5_000;
const TEXT = 'x'.repeat(1_000);

/** One round: the median times until the 98 have answered, in milliseconds. */
export interface Round {
  readonly alone: number;
  readonly among: number;
  /** The median of the ratios of the round's pairs: `among / alone`. */
  readonly ratio: number;
}

/** Measures this many rounds of 20 pairs. */
export async function measureGather(rounds: number, scheme = 'tcp'): Promise<Round[]> {
  const server = await Spec.serve(`${scheme}://127.0.0.1:0`, { logger: null });
  const healthy: Peer[] = [];
  const others: Peer[] = [];
  const complete = new Promise<void>((resolve) => {
    server.come.connect(({ peer }, kind) => {
      (kind === 'healthy' ? healthy : others).push(peer);
      if (healthy.length === HEALTHY && others.length === 2) resolve();
    });
  });
  const child = fork(fileURLToPath(import.meta.url), [server.address], { execArgv: ['--import', 'tsx'] });
  try {
    await Promise.race([complete, failed(child)]);
    for (let n = 0; n < 16; n++) server.noise(others, 'x'.repeat(1024 * 1024));
    const measured: Round[] = [];
    // The first one warms up.
    for (let n = 0; n <= rounds; n++) {
      const alone: number[] = [];
      const among: number[] = [];
      for (let k = 0; k < GATHERS; k++) {
        const both = [
          async () => alone.push(await answered(server.gather(healthy).ask(TEXT))),
          // The two come first: waiting for them would take long.
          async () => among.push(await answered(server.gather([...others, ...healthy]).ask(TEXT))),
        ];
        for (const one of k % 2 === 0 ? both : both.reverse()) await one();
      }
      const ratio = spread(among.map((time, k) => time / (alone[k] as number))).median;
      if (n > 0) measured.push({ alone: spread(alone).median, among: spread(among).median, ratio });
    }
    return measured;
  } finally {
    child.kill();
    await server.close();
  }
}

/** The time until the 98 have answered; the other calls are cancelled then. */
async function answered(
  gathering: ReturnType<ReturnType<Awaited<ReturnType<typeof Spec.serve<Spec>>>['gather']>['ask']>,
) {
  const start = performance.now();
  await gathering.quorum(HEALTHY);
  return performance.now() - start;
}

function failed(child: ChildProcess): Promise<never> {
  return new Promise((_, reject) => {
    child.once('exit', (code) => reject(new Error(`the clients have exited with ${code}`)));
  });
}

/** The process of the clients. */
async function clients(address: string): Promise<void> {
  const come = async (kind: string): Promise<void> => {
    const client = await Spec.invert().connect(address, { logger: null });
    client.ask.connect((_server, text) => {
      if (kind === 'healthy') return text.length;
      return new Promise<number>((resolve) => setTimeout(resolve, SLOW_MS, text.length).unref());
    });
    client.come(null, kind);
  };
  dead(address, '{"jsonrpc":"2.0","method":"come","params":{"kind":"dead"}}');
  await come('slow');
  for (let n = 0; n < HEALTHY; n++) await come('healthy');
  process.once('disconnect', () => process.exit());
}

/** A client that sends a message, and never reads. */
function dead(address: string, message: string): void {
  if (address.startsWith('ws:')) {
    const socket = new WebSocket(address, ['obverse.jrpc']);
    socket.once('open', () => {
      socket.send(message);
      socket.pause();
    });
  } else {
    const { hostname, port } = new URL(address);
    createConnection(Number(port), hostname).pause().write(`${message}\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [first = '10', scheme = 'tcp'] = process.argv.slice(2);
  if (first.includes(':')) await clients(first);
  else {
    const rounds = await measureGather(Number(first), scheme);
    for (const { alone, among, ratio } of rounds)
      console.log(`98 alone ${alone.toFixed(2)} ms, among 100 ${among.toFixed(2)} ms: ${ratio.toFixed(3)} ×`);
    const { median, min, max } = spread(rounds.map(({ ratio }) => ratio));
    console.log(`${rounds.length} rounds: ${median.toFixed(3)} × (${min.toFixed(3)} to ${max.toFixed(3)})`);
  }
}
