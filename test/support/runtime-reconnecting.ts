import {
  declareMethods,
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from '../../src/index.js';

/** What two runtimes say to each other while their links are cut; without decorators, for runtimes that strip types. */
export class Ring extends RemoteAPI {
  ask(_sender: Sender, _args: { n: number }): Reply<number> {}
  count(_sender: Sender, _args: { to: number }): Stream<number> {}
  told(_receivers: Receivers, _args: { n: number }): void {}
}
declareMethods(Ring, {
  ask: incoming({ hasReply: true }),
  count: incoming({ stream: true }),
  told: outgoing,
});

/** A server that keeps sessions. `asked` is called with the number of each call. */
export async function serveRing(address: string, options: Options, asked: (n: number) => void = () => {}) {
  const ring = await Ring.serve<Ring>(address, { logger: null, resume: true, beat: 1_000, ...options });
  const ran = new Map<number, number>();
  ring.ask.connect((_sender, { n }) => {
    ran.set(n, (ran.get(n) ?? 0) + 1);
    asked(n);
    ring.told(null, { n });
    return n * 2;
  });
  ring.count.connect(async function* (_sender, { to }) {
    for (let n = 1; n <= to; n++) {
      yield n;
      if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  });
  return { ring, ran };
}

/** What a client has seen. */
export interface Rung {
  readonly sum: number;
  readonly items: number;
  readonly told: number;
  readonly resumed: number;
  /** The events besides `resumed`. */
  readonly events: readonly string[];
}

/** Makes 100 calls one after the other, and reads a stream meanwhile. */
export async function ring(url: string, options: Options): Promise<Rung> {
  const near = await Ring.invert().connect(url, { logger: null, beat: 1_000, reconnect: { delay: 1 }, ...options });
  const told: number[] = [];
  const events: string[] = [];
  let resumed = 0;
  near.told.connect((_sender, { n }) => void told.push(n));
  near.on('resumed', () => void resumed++);
  for (const event of ['connect', 'disconnect', 'reconnected', 'lost'] as const)
    near.on(event, () => void events.push(event));
  const read = async (): Promise<number> => {
    let items = 0;
    for await (const n of near.remote.count({ to: 2_000 })) if (n === items + 1) items++;
    return items;
  };
  const reading = read();
  let sum = 0;
  for (let n = 1; n <= 100; n++) sum += await near.remote.ask({ n });
  const seen = { items: await reading, told: new Set(told).size, resumed, events: [...events] };
  await near.close();
  return { sum, ...seen };
}
