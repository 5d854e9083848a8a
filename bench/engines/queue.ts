import { medianInterval, spread } from '../statistics.js';
import { judge, ratioOf, ratiosOf, rotated } from './measure.js';
import { Tasks } from './queue-spec.js';
import { Worker } from './workers.js';

/** A round takes a second, and its figures differ by a third: fewer rounds show the machine. */
const ROUNDS = 21;
/** In as many are requests made one after the other. */
const ASKING_ROUNDS = 5;
/** Tasks of one measurement. */
const COUNT = 10_000;
/** How many are stored, and confirmed, together. */
export const BATCH = 100;
/** How many are claimed, and settled, together: the `inFlight` of the side. */
export const IN_FLIGHT = 64;
/** How long requests are made one after the other, in ms. */
const ASKING_MS = 2_000;

/** A queue that is written by hand, with the statements of its database. */
export interface BareQueue {
  /** Resolves when all of them are on disk. */
  store(bodies: readonly string[]): Promise<void>;
  /** Takes some tasks, and tells that they are done when `work` has returned. Returns how many there were. */
  work(work: (body: string) => void): Promise<number>;
  close(): Promise<void>;
}

/** One database. */
export interface QueueBench {
  /** An address of a queue without tasks. */
  fresh(): string;
  /** A queue without tasks that is written by hand. */
  bare(): Promise<BareQueue>;
  /** Called before each measurement: what an earlier one has left is not to be paid for by the next one. */
  tidy(): Promise<void>;
  /** The least ratio to the queue by hand. */
  readonly least: number;
  /** In ms: the longest time of a request and its answer. */
  readonly most: number;
}

interface Rates {
  readonly stored: number[];
  readonly worked: number[];
}

/**
 * Tasks that are stored in batches, and then worked on, beside a queue that is written by hand; and requests of one process that another one
 * answers, one after the other. Prints both, and whether they meet their bars.
 */
export async function benchQueue(queue: QueueBench): Promise<boolean> {
  const byHand: Rates = { stored: [], worked: [] };
  const obverse: Rates = { stored: [], worked: [] };
  const acts = [
    [byHand, () => runBare(queue)],
    [obverse, () => runSides(queue)],
  ] as const;
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [rates, act] of rotated(acts, round)) {
      await queue.tidy();
      const { stored, worked } = await act();
      if (round === 0) continue;
      rates.stored.push(stored);
      rates.worked.push(worked);
    }
  }
  for (const what of ['stored', 'worked'] as const) {
    console.log(`tasks per second, ${what}, medians of ${ROUNDS}:`);
    show('by hand', byHand[what]);
    show('Obverse', obverse[what]);
    console.log(`  Obverse / by hand: ${ratioOf(obverse[what], byHand[what]).toFixed(2)}`);
  }
  const { median, low, high } = medianInterval(ratiosOf(wholeOf(obverse), wholeOf(byHand)));
  const what = `stored and worked: Obverse / by hand, ${low.toFixed(2)} to ${high.toFixed(2)} by 95 %`;
  const holds = judge(what, median, { least: queue.least });
  await queue.tidy();
  return (await ask(queue)) && holds;
}

/** Tasks per second over both. */
function wholeOf({ stored, worked }: Rates): number[] {
  return stored.map((rate, round) => 1 / (1 / rate + 1 / (worked[round] as number)));
}

function show(name: string, rates: readonly number[]): void {
  const text = (rate: number): string => Math.round(rate).toLocaleString('en');
  const { median, min, max } = spread(rates);
  console.log(`  ${name.padEnd(16)} ${text(median).padStart(9)}   (${text(min)} to ${text(max)})`);
}

/** What each of the two does with a task: it adds up the numbers, so that it can be seen that all were there. */
class Sum {
  private sum = 0;
  count = 0;

  add(n: number): void {
    this.sum += n;
    this.count++;
  }

  check(): void {
    if (this.count !== COUNT || this.sum !== (COUNT * (COUNT - 1)) / 2)
      throw new Error(`${this.count} tasks with the sum ${this.sum} were worked on`);
  }
}

async function rate(act: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await act();
  return (COUNT / (performance.now() - begin)) * 1_000;
}

async function runBare(queue: QueueBench): Promise<{ stored: number; worked: number }> {
  const bare = await queue.bare();
  try {
    const stored = await rate(async () => {
      for (let n = 0; n < COUNT; n += BATCH)
        await bare.store(
          Array.from({ length: BATCH }, (_, at) =>
            JSON.stringify({ jsonrpc: '2.0', method: 'job', params: { n: n + at } }),
          ),
        );
    });
    const sum = new Sum();
    const worked = await rate(async () => {
      while (sum.count < COUNT)
        await bare.work((body) => sum.add((JSON.parse(body) as { params: { n: number } }).params.n));
    });
    sum.check();
    return { stored, worked };
  } finally {
    await bare.close();
  }
}

async function runSides(queue: QueueBench): Promise<{ stored: number; worked: number }> {
  const address = queue.fresh();
  const boss = await Tasks.invert().connect(address);
  const stored = await rate(async () => {
    for (let n = 0; n < COUNT; n += BATCH) {
      for (let at = 0; at < BATCH; at++) boss.remote.job({ n: n + at });
      await boss.flush();
    }
  });
  await boss.close();
  const sum = new Sum();
  const worker = await Tasks.serve(`${address}&inFlight=${IN_FLIGHT}`);
  const worked = await rate(async () => {
    await new Promise<void>((resolve) => {
      worker.job.connect((_sender, { n }) => {
        sum.add(n);
        if (sum.count === COUNT) resolve();
      });
    });
    // Resolves when it is stored what has become of all of them.
    await worker.close();
  });
  sum.check();
  return { stored, worked };
}

/** Requests one after the other, which another process answers. */
async function ask(queue: QueueBench): Promise<boolean> {
  const address = queue.fresh();
  const worker = await Worker.start(address);
  const boss = await Tasks.invert().connect(address);
  try {
    const medians: number[] = [];
    const lates: number[] = [];
    // The first round warms up.
    for (let round = 0; round <= ASKING_ROUNDS; round++) {
      const times: number[] = [];
      for (const end = performance.now() + ASKING_MS; performance.now() < end; ) {
        const begin = performance.now();
        if ((await boss.remote.add({ a: 2, b: 40 })) !== 42) throw new Error('the answer is wrong');
        times.push(performance.now() - begin);
      }
      if (round === 0) continue;
      times.sort((a, b) => a - b);
      medians.push(spread(times).median);
      lates.push(times[Math.floor(times.length * 0.99)] as number);
    }
    const text = (all: readonly number[]): string => all.map((each) => each.toFixed(2)).join(' ');
    console.log(
      `a request and its answer, in ms: medians of ${ASKING_ROUNDS} rounds (${text(medians)}), p99 (${text(lates)}):`,
    );
    return judge('median of the medians', spread(medians).median, { most: queue.most });
  } finally {
    await boss.close();
    await worker.stop();
  }
}
