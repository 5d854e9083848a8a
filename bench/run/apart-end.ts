// One end of a measurement of `bench/apart.ts`: `node apart-end.js ROLE FOLDER CODEC URL`. Orders come by IPC.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Run this load for this many milliseconds; a server answers only with its CPU time. */
export interface Order {
  readonly load: 'call' | 'notify' | 'stream' | 'callback' | 'one-each' | 'cpu';
  readonly inFlight: number;
  readonly ms: number;
}
export interface Measured {
  readonly done: number;
  /** Seconds that it took, and µs of CPU since the last order. */
  readonly seconds: number;
  readonly cpu: number;
}

type Api = typeof import('../../src/index.js');
type Sender = import('../../src/index.js').Sender;

const [role, folder, codec, url] = process.argv.slice(2) as [string, string, string, string];
const { RemoteAPI, incoming, outgoing, declareMethods } = (await import(
  pathToFileURL(resolve(folder, 'index.js')).href
)) as Api;

class Spec extends RemoteAPI {
  add(_sender: Sender, _a: number, _b: number): import('../../src/index.js').Reply<number> {}
  note(_sender: Sender, _n: number): void {}
  items(_sender: Sender): import('../../src/index.js').Stream<{ n: number; text: string }> {}
  begin(_sender: Sender, _ms: number): import('../../src/index.js').Reply<number> {}
  back(_receivers: import('../../src/index.js').Receivers, _a: number): import('../../src/index.js').Reply<number> {}
}
declareMethods(Spec, {
  add: incoming({ hasReply: true, allowPositionalArgs: true }),
  note: incoming({ allowPositionalArgs: true }),
  items: incoming({ stream: true }),
  begin: incoming({ hasReply: true, allowPositionalArgs: true }),
  back: outgoing({ hasReply: true, allowPositionalArgs: true }),
});

let cpu = process.cpuUsage();
function cpuSince(): number {
  const { user, system } = process.cpuUsage(cpu);
  cpu = process.cpuUsage();
  return user + system;
}

/** Repeats something in parallel lanes for this long. Resolves with the number of repetitions. */
async function lanes(count: number, ms: number, one: (lane: number) => Promise<unknown>): Promise<number> {
  const end = performance.now() + ms;
  let done = 0;
  const lane = async (which: number): Promise<void> => {
    for (;;) {
      await one(which);
      done++;
      if ((done & 31) === 0 && performance.now() >= end) return;
      if (count >= 32 && performance.now() >= end) return;
    }
  };
  await Promise.all(Array.from({ length: count }, (_none, which) => lane(which)));
  return done;
}

async function serve(): Promise<void> {
  const server = await Spec.serve(url, { codec });
  let noted = 0;
  server.add.connect((_sender, a, b) => a + b);
  server.note.connect(() => {
    noted++;
  });
  server.items.connect(function* () {
    for (let n = 0; ; n++) yield { n, text: 'an item' };
  });
  // The server calls back within a call of the client, for as long as the client specifies.
  server.begin.connect(async (sender, ms) => lanes(64, ms, () => server.back(sender, 1)));
  process.on('message', () => process.send?.({ done: noted, seconds: 0, cpu: cpuSince() } satisfies Measured));
  process.send?.({ url: server.address });
}

async function call(): Promise<void> {
  const Client = Spec.invert();
  const connect = async () => {
    const side = await Client.connect(url, { codec });
    side.back.connect((_sender: unknown, a: number) => a);
    return side;
  };
  const client = await connect();
  let many: Awaited<ReturnType<typeof connect>>[] = [];
  const loads: Record<Order['load'], (order: Order) => Promise<number>> = {
    call: ({ inFlight, ms }) => lanes(inFlight, ms, () => client.add(null, 1, 2)),
    // As many notifications as are in flight, and then a call whose answer shows that they were handled.
    async notify({ inFlight, ms }) {
      const rounds = await lanes(1, ms, () => {
        for (let n = 1; n < inFlight; n++) client.note(null, n);
        return client.add(null, 1, 2);
      });
      return rounds * inFlight;
    },
    async stream({ inFlight, ms }) {
      const end = performance.now() + ms;
      let taken = 0;
      const one = async (): Promise<void> => {
        for await (const _item of client.items(null)) {
          if ((++taken & 255) === 0 && performance.now() >= end) break;
        }
      };
      await Promise.all(Array.from({ length: inFlight }, one));
      return taken;
    },
    callback: ({ ms }) => client.begin(null, ms),
    async 'one-each'({ inFlight, ms }) {
      while (many.length < inFlight) many = [...many, ...(await Promise.all(Array.from({ length: 50 }, connect)))];
      return lanes(inFlight, ms, (lane) => many[lane]?.add(null, 1, 2) ?? Promise.resolve());
    },
    cpu: async () => 0,
  };
  process.on('message', (order: Order) => {
    cpuSince();
    const begun = performance.now();
    void loads[order.load](order).then((done) =>
      process.send?.({ done, seconds: (performance.now() - begun) / 1_000, cpu: cpuSince() } satisfies Measured),
    );
  });
  process.send?.({ url });
}

await (role === 'server' ? serve() : call());
