import { type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startNats } from '../../test/support/nats-server.js';
import { Jobs } from '../../test/support/stream-jobs.js';
import { spread } from '../statistics.js';
import { judge, ratioOf, rotated } from './measure.js';

const ROUNDS = 5;
/** Messages of one measurement. */
const COUNT = 10_000;
/** How many are stored, and confirmed, together. */
const BATCH = 100;
const IN_FLIGHT = 256;
const LEAST = 0.65;

/** A stream: messages that are stored, and messages that are worked on, each beside the bare client, in one process. */
export async function bench(): Promise<boolean> {
  const engine = await startNats({ jetstream: true });
  const server = `127.0.0.1:${engine.port}`;
  const client = await connect({ servers: server });
  const rates = { 'bare, stored': [], 'Obverse, stored': [], 'bare, worked': [], 'Obverse, worked': [] } as Record<
    string,
    number[]
  >;
  try {
    const js = jetstream(client);
    const manager = await jetstreamManager(client);
    await manager.streams.add({ name: 'BARE', subjects: ['bare'] });
    await manager.consumers.add('BARE', { durable_name: 'workers', ack_policy: 'explicit', max_ack_pending: 10_000 });
    const address = `nats://${server}/jobs?stream=JOBS`;
    const boss = await connectBoss(address);
    // The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      const acts: readonly (readonly [string, () => Promise<void>])[] = [
        ['bare, stored', () => storeBare(js)],
        ['Obverse, stored', () => store(boss)],
        ['bare, worked', () => workBare(client)],
        ['Obverse, worked', () => work(`${address}&inFlight=${IN_FLIGHT}`)],
      ];
      // What is worked on was stored before.
      for (const [name, act] of [...rotated(acts.slice(0, 2), round), ...rotated(acts.slice(2), round)]) {
        const found = await rate(act);
        if (round > 0) rates[name]?.push(found);
      }
    }
    await boss.close();
  } finally {
    await client.close();
    await engine.end();
  }
  return report(rates);
}

function report(rates: Readonly<Record<string, readonly number[]>>): boolean {
  const median = (name: string): number => spread(rates[name] ?? []).median;
  console.log(`messages per second, medians of ${ROUNDS}:`);
  for (const name of Object.keys(rates))
    console.log(`  ${name.padEnd(16)} ${Math.round(median(name)).toLocaleString('en')}`);
  const ratios = ['stored', 'worked'].map((what) =>
    judge(what, ratioOf(rates[`Obverse, ${what}`] ?? [], rates[`bare, ${what}`] ?? []), { least: LEAST }),
  );
  return !ratios.includes(false);
}

async function rate(act: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await act();
  return (COUNT / (performance.now() - begin)) * 1_000;
}

const body = (n: number): string => JSON.stringify({ jsonrpc: '2.0', method: 'job', params: { n } });

async function storeBare(js: JetStreamClient): Promise<void> {
  for (let n = 0; n < COUNT; n += BATCH)
    await Promise.all(Array.from({ length: BATCH }, (_, at) => js.publish('bare', body(n + at))));
}

async function store(boss: Awaited<ReturnType<typeof connectBoss>>): Promise<void> {
  for (let n = 0; n < COUNT; n += BATCH) {
    for (let at = 0; at < BATCH; at++) boss.remote.job({ n: n + at });
    await boss.flush();
  }
}

const connectBoss = (address: string) => Jobs.invert().connect(address);

async function workBare(client: NatsConnection): Promise<void> {
  const consumer = await jetstream(client).consumers.get('BARE', 'workers');
  const messages = await consumer.consume({ max_messages: IN_FLIGHT });
  let left = COUNT;
  for await (const message of messages) {
    message.json();
    message.ack();
    if (--left === 0) break;
  }
  await messages.close();
}

async function work(address: string): Promise<void> {
  const worker = await Jobs.serve(address);
  await new Promise<void>((resolve) => {
    let left = COUNT;
    worker.job.connect(() => {
      if (--left === 0) resolve();
    });
  });
  await worker.close();
}
