import { setTimeout } from 'node:timers/promises';
import { Crew, type Job } from './crew.js';
import { Kills } from './kills.js';
import type { Ledger } from './ledger.js';
import { type Order, Orders } from './orders.js';
import { names, type Places, placesAt } from './places.js';
import { report } from './report.js';
import { Bar } from './screen.js';
import { Silence } from './silence.js';

/** Runs the shop until all orders have arrived, or nothing happens any more. Returns whether all went as the transport promises. */
export async function runShop(url: string, ledger: Ledger, folder: string, stop: AbortSignal): Promise<boolean> {
  const places = placesAt(url, folder, `shop${process.pid}`);
  const silence = new Silence(places.keeps ? 30_000 : 3_000, stop);
  // The first one that connects: its error says if there is no such server or package.
  const queue = await Orders.invert().connect(places.queue.connect);
  const bar = new Bar(ledger.entries.length);
  const next = (): void => {
    bar.show(ledger.finished, 'orders done');
    silence.heard();
    if (ledger.finished === ledger.entries.length) silence.end();
  };
  const kills = new Kills();
  const crew = crewOf({ ledger, kills, bar, silence, next });
  const placed = (order: number): void => {
    ledger.placed(order);
    kills.placed(order, ledger.entries.length);
    next();
  };
  try {
    await Promise.race([sell(places, crew, ledger.entries, placed, silence), silence.over]);
    await silence.over;
    bar.clear();
    return report(ledger, places.keeps ? await queue.queueStats() : undefined);
  } finally {
    bar.clear();
    await crew.close();
    await queue.close();
    await places.clean?.();
  }
}

interface Watching {
  readonly ledger: Ledger;
  readonly kills: Kills;
  readonly bar: Bar;
  readonly silence: Silence;
  /** Something has happened. */
  next(): void;
}

/** The processes, whose reports go to the ledger. */
function crewOf({ ledger, kills, bar, silence, next }: Watching): Crew {
  const crew: Crew = new Crew({
    began(job, order) {
      ledger.began(job, order);
      if (kills.strikes(job.name)) {
        crew.kill(job);
        bar.line(`${job.name} is killed while it has order ${order}`);
      }
      next();
    },
    ended(job, order) {
      ledger.ended(job, order);
      next();
    },
    killed(job) {
      ledger.killed(job);
      silence.pause();
    },
    restarted: () => silence.resume(),
    failed: (error) => silence.fail(error),
  });
  return crew;
}

/** Starts everyone, and is the customer. */
async function sell(
  places: Places,
  crew: Crew,
  orders: readonly Order[],
  placed: (order: number) => void,
  silence: Silence,
): Promise<void> {
  const { signal } = silence;
  for (const jobs of jobsAt(places)) await Promise.all(jobs.map((job) => crew.start(job)));
  await using customer = await Orders.invert().connect(places.service.connect, { logger: null });
  const answers: Promise<void>[] = [];
  for (const { number, article } of orders) {
    await setTimeout(60, undefined, { signal });
    const order = customer.to(null, { signal }).place({ number, article });
    const answer = order.then(() => placed(number));
    answer.catch((error: Error) => silence.fail(error)); // at once, while further orders are placed
    answers.push(answer);
  }
  await Promise.all(answers);
}

/** Those who serve start before those who write to them. */
function jobsAt({ service, queue, news }: Places): readonly (readonly Job[])[] {
  return [
    names.subscribers.map((name) => ({ role: 'subscriber', name, serves: news.serve(name), writes: '' })),
    names.workers.map((name) => ({ role: 'worker', name, serves: queue.serve(name), writes: news.connect })),
    names.shops.map((name) => ({ role: 'shop', name, serves: service.serve(name), writes: queue.connect })),
  ];
}
