import {
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  type Stream,
  type TransportSource,
} from 'obverse';

/** What is served in each runtime, and called from each. */
export class Shelf extends RemoteAPI {
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { a: number; b: number }): Reply<number> {}
  @incoming({ hasReply: true }) work(_sender: Sender, _args: { steps: number }): Reply<string> {}
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @incoming({ hasReply: true }) wait(_sender: Sender): Reply<string> {}
  @incoming({ hasReply: true }) ended(_sender: Sender): Reply<number> {}
  @incoming({ hasReply: true }) told(_sender: Sender, _args: { text: string }): Reply<number> {}
  @outgoing news(_receivers: Receivers, _args: { text: string }): void {}
}

/** Serves it. */
export async function serveShelf(at: TransportSource): Promise<Side<Shelf>> {
  const shelf = await Shelf.serve(at, { logger: null });
  let ended = 0;
  shelf.add.connect((_sender, { a, b }) => a + b);
  shelf.work.connect(async (sender, { steps }) => {
    for (let step = 1; step <= steps; step++) {
      sender.progress(step);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return `${steps} steps`;
  });
  shelf.count.connect(async function* (_sender, { to }) {
    for (let n = 1; n <= to; n++) yield n;
  });
  shelf.wait.connect(
    ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          ended++;
          reject(signal.reason);
        });
      }),
  );
  shelf.ended.connect(() => ended);
  shelf.told.connect((_sender, { text }) => {
    shelf.news(null, { text });
    return shelf.peers.size;
  });
  return shelf;
}

/** Calls everything, and returns what came of it. */
export async function callShelf(url: string): Promise<unknown> {
  const shelf = await Shelf.invert().connect(url, { logger: null });
  try {
    const sums = await Promise.all(Array.from({ length: 200 }, (_, n) => shelf.remote.add({ a: n, b: 1 })));
    const steps: unknown[] = [];
    const work = await shelf.to(null, { onProgress: (value) => steps.push(value) }).work({ steps: 3 });
    const numbers: number[] = [];
    for await (const n of shelf.remote.count({ to: 5 })) numbers.push(n);
    const stop = new AbortController();
    const waiting = shelf.to(null, { signal: stop.signal }).wait();
    const failed = waiting.then(
      () => 'answered',
      (error: Error) => error.name,
    );
    // The request is on its way before it is ended.
    await shelf.remote.add({ a: 1, b: 1 });
    stop.abort();
    // The handler sees it.
    while ((await shelf.remote.ended()) === 0);
    return { sums: sums.every((sum, n) => sum === n + 1), work, steps, numbers, wait: await failed };
  } finally {
    await shelf.close();
  }
}

/** What {@link callShelf} returns. */
export const CALLED = {
  sums: true,
  work: '3 steps',
  steps: [1, 2, 3],
  numbers: [1, 2, 3, 4, 5],
  wait: 'Aborted',
};
