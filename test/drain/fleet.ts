import {
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from '../../src/index.js';

export class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<{ n: number; by: string }> {}
  @incoming({ hasReply: true }) each(
    _sender: Sender,
    _args: { to: number; say: (n: number) => Promise<number> },
  ): Reply<number> {}
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @incoming({ hasReply: true }) upload(_sender: Sender, _args: { items: AsyncIterable<number> }): Reply<number> {}
  @outgoing({ hasReply: true }) confirm(_receivers: Receivers, _args: { n: number }): Reply<number> {}
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A server that serves all of it, and calls all its peers without a rest. What of that fails is in `failures`. */
export async function serveDesk(address: string, name: string, options: Options = {}) {
  const server = await Desk.serve<Desk>(address, { resume: true, logger: null, ...options });
  const failures: string[] = [];
  const seen = { asked: 0, confirmed: 0 };
  let over = false;
  server.ask.connect(async (_sender, { n }) => {
    seen.asked++;
    if (n % 7 === 0) await pause(n % 20);
    return { n, by: name };
  });
  server.each.connect(async (_sender, { to, say }) => {
    let sum = 0;
    for (let n = 1; n <= to; n++) {
      sum += await say(n);
      await pause(1);
    }
    return sum;
  });
  server.count.connect(async function* (_sender, { to }) {
    for (let n = 1; n <= to; n++) {
      yield n;
      await pause(1);
    }
  });
  server.upload.connect(async (_sender, { items }) => {
    let sum = 0;
    for await (const item of items) sum += item;
    return sum;
  });
  const calling = (async () => {
    for (let n = 1; !over; n++) {
      const calls = [...server.peers.values()].map(async (peer) => {
        try {
          const answer = await server.confirm(peer, { n });
          if (answer !== 3 * n) failures.push(`confirm ${n} was answered by ${answer}`);
          seen.confirmed++;
        } catch (error) {
          failures.push(`${name}: confirm ${n}: ${(error as Error).message}`);
        }
      });
      await Promise.all([...calls, pause(1)]);
    }
  })();
  const stop = async (): Promise<void> => {
    over = true;
    await calling;
  };
  return { server, failures, seen, stop };
}

/** A client that calls without a rest, in several ways at a time, and moves when its server leaves. */
export async function dialDesk(address: string, options: Options = {}) {
  const client = await Desk.invert().connect(address, { reconnect: { delay: [1, 20] }, logger: null, ...options });
  const failures: string[] = [];
  const by = new Map<string, number>();
  const events: string[] = [];
  const done = { calls: 0, items: 0, callbacks: 0, uploads: 0 };
  let over = false;
  client.confirm.connect(async (_sender, { n }) => {
    await pause(n % 5);
    return 3 * n;
  });
  client.on('reconnected', (_peer, { why }) => void events.push(`reconnected: ${why}`));
  client.on('reconnecting', () => void events.push('reconnecting'));
  client.on('disconnect', () => void events.push('disconnect'));
  const loop = async (name: string, body: (n: number) => Promise<void>): Promise<void> => {
    for (let n = 1; !over; n++) {
      try {
        await body(n);
      } catch (error) {
        failures.push(`${name} ${n}: ${(error as Error).message}`);
        await pause(5);
      }
    }
  };
  const { remote } = client;
  const check = (isRight: boolean, what: string): void => {
    if (!isRight) failures.push(what);
  };
  const loops = [
    ...[1, 2, 3].map(() =>
      loop('ask', async (n) => {
        const answer = await remote.ask({ n });
        check(answer.n === n, `ask ${n} was answered by ${answer.n}`);
        by.set(answer.by, (by.get(answer.by) ?? 0) + 1);
        done.calls++;
      }),
    ),
    loop('count', async (n) => {
      const to = 10 + (n % 50);
      let next = 1;
      for await (const item of remote.count({ to })) check(item === next++, `item ${item} came for ${next - 1}`);
      check(next === to + 1, `${next - 1} of ${to} items`);
      done.items += to;
    }),
    loop('each', async (n) => {
      const to = 5 + (n % 20);
      const sum = await remote.each({ to, say: async (one) => 2 * one });
      check(sum === to * (to + 1), `each ${to} gave ${sum}`);
      done.callbacks += to;
    }),
    loop('upload', async (n) => {
      const items = (async function* () {
        for (let one = 1; one <= n % 20; one++) {
          yield one;
          await pause(1);
        }
      })();
      const sum = await remote.upload({ items });
      check(sum === ((n % 20) * ((n % 20) + 1)) / 2, `upload ${n} gave ${sum}`);
      done.uploads++;
    }),
  ];
  const stop = async (): Promise<void> => {
    over = true;
    await Promise.all(loops);
  };
  return { client, failures, by, events, done, stop };
}
