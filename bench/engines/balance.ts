import { type Contestant, compare } from './measure.js';
import { Tasks } from './queue-spec.js';
import { Worker } from './workers.js';

const params = { a: 2, b: 40 };

/** Calls through `balance:` to two servers in processes of their own, beside a plain link to one of them, and two sides that are called in turn. */
export async function bench(): Promise<boolean> {
  const servers = await Promise.all([Worker.start('tcp://127.0.0.1:0'), Worker.start('tcp://127.0.0.1:0')]);
  const [first, second] = servers.map(({ address }) => address) as [string, string];
  try {
    const contestants = [
      side('tcp:', first),
      side('balance:, one part', `balance:(${first})`),
      byHand('two sides in turn', [first, second]),
      side('balance:, two parts', `balance:(${first})(${second})`),
    ];
    const ratios = [
      { of: 'balance:, one part', to: 'tcp:' },
      { of: 'balance:, two parts', to: 'tcp:' },
      { of: 'balance:, two parts', to: 'two sides in turn' },
    ];
    const many = await compare({ contestants, bars: ratios, inFlight: 64, rounds: 5, ms: 2_000 });
    const one = await compare({ contestants, bars: ratios, inFlight: 1, rounds: 5, ms: 500 });
    return many && one;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function side(name: string, address: string): Contestant {
  return {
    name,
    open: async () => {
      const client = await Tasks.invert().connect(address);
      return { call: () => client.remote.add(params), close: () => client.close() };
    },
  };
}

/** What somebody writes who has no `balance:`, without anything for a server that is down. */
function byHand(name: string, addresses: readonly string[]): Contestant {
  return {
    name,
    open: async () => {
      const clients = await Promise.all(addresses.map((address) => Tasks.invert().connect(address)));
      let turn = 0;
      return {
        call: () => (clients[turn++ % clients.length] as (typeof clients)[number]).remote.add(params),
        close: () => Promise.all(clients.map((client) => client.close())),
      };
    },
  };
}
