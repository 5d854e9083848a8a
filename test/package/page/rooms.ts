import 'obverse/references';
import {
  incoming,
  logCalls,
  type Options,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
  standardTypes,
} from 'obverse';

/** A Standard Schema, as libraries make them. */
const positive = {
  '~standard': {
    version: 1,
    vendor: 'page',
    validate: (value: unknown) =>
      typeof value === 'number' && value > 0 ? { value } : { issues: [{ message: 'expected a positive number' }] },
  },
} as const;

/** A spec that needs parts that are loaded on demand: streams, validation, a guard. */
export class Rooms extends RemoteAPI {
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @incoming({ hasReply: true }) sum(_sender: Sender, _args: { items: AsyncIterable<number> }): Reply<number> {}
  @incoming({ hasReply: true, params: ['n'], args: [positive] }) half(_sender: Sender, _n: number): Reply<number> {}
  @incoming({ hasReply: true, allow: () => false }) vault(_sender: Sender): Reply<string> {}
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { value: unknown }): Reply<unknown> {}
  @incoming({ hasReply: true, params: ['f'] }) twice(_sender: Sender, _f: (n: number) => unknown): Reply<number> {}
}

let passed = 0;
const logged: string[] = [];

/** Options that need more: value types, stages, and a log of calls. */
export const furnished: Options = {
  types: [standardTypes],
  stages: {
    messages: {
      outgoing: () => {
        passed++;
      },
    },
  },
  logCalls: ({ path }) => void logged.push(path),
  use: logCalls(() => {}),
};

type Served = Awaited<ReturnType<typeof Rooms.serve<Rooms>>>;
/** Handlers for all of it. */
export function answerRooms(rooms: Served): void {
  rooms.count.connect(function* (_sender, { to }) {
    for (let n = 1; n <= to; n++) yield n;
  });
  rooms.sum.connect(async (_sender, { items }) => {
    let sum = 0;
    for await (const item of items) sum += item;
    return sum;
  });
  rooms.half.connect((_sender, n) => n / 2);
  rooms.vault.connect(() => 'gold');
  rooms.echo.connect((_sender, { value }) => value);
  rooms.twice.connect(async (_sender, f) => (await f((await f(1)) as number)) as number);
}

/** The results of all of it, from the other side. */
export async function enterRooms(where: string, codec: string): Promise<Record<string, unknown>> {
  const far = await Rooms.connect<Rooms>(where, { ...furnished, invert: true, codec });
  const messageOf = (given: Promise<unknown>): Promise<string> => given.then(String, (error: Error) => error.message);
  async function* given(): AsyncGenerator<number> {
    for await (const n of far.remote.count({ to: 10 })) yield n;
  }
  const value = new Map([['since', new Date(0)]]);
  const back = (await far.remote.echo({ value })) as typeof value;
  const results = {
    sum: await far.remote.sum({ items: given() }),
    half: [await far.remote.half(3), await messageOf(far.remote.half(-3))],
    vault: await messageOf(far.remote.vault()),
    back: back.get('since')?.getTime(),
    twice: await far.remote.twice((n) => n + 1),
    passed: passed > 0,
    logged: [...new Set(logged)].sort().join(),
  };
  await far.close();
  return results;
}
