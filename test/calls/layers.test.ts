import { afterEach, expect, it } from 'vitest';
import { install } from '../../src/api/extension-registry.js';
import type { Invoke } from '../../src/calls/layer.js';
import { incoming, namespace, type Options, RemoteAPI, type Reply, type Sender, type Stream } from '../../src/index.js';
import type { StandardSchema } from '../../src/types/schema.js';

const record: string[] = [];
const note = (text: string): void => void record.push(text);
const noting =
  (name: string) =>
  (_call: unknown, next: () => unknown): unknown => {
    note(`${name} >`);
    const given = next();
    note(`< ${name}`);
    return given;
  };
const text: StandardSchema<{ name: string }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      note('schema');
      return { value: value as { name: string } };
    },
  },
};
const allow = (): boolean => {
  note('guard');
  return true;
};
const mark = { use: noting('mark'), allow, args: text };

class Room extends RemoteAPI {
  @incoming({ hasReply: true, ...mark }) enter(_sender: Sender, _args: { name: string }): Reply<number> {
    note('body');
  }
  @incoming({ stream: true, ...mark }) members(_sender: Sender, _args: { name: string }): Stream<string> {
    note('body');
  }
}
class House extends RemoteAPI {
  readonly room = namespace(Room);
  @incoming({ hasReply: true }) ask(_sender: Sender): Reply<number> {}
  @incoming note(_sender: Sender): void {}
}

/** What a layer was asked for, and which calls it has seen. */
const asked: string[] = [];
const seen: string[] = [];
install({
  name: 'probe',
  attach: () => ({
    incoming: ({ kind, path }, next) => watched(`in ${kind} ${path}`, next),
    outgoing: ({ kind, path }, next) => watched(`out ${kind} ${path}`, next),
  }),
});
function watched<C>(name: string, next: Invoke<C>): Invoke<C> {
  asked.push(name);
  return (call) => {
    seen.push(name);
    return next(call);
  };
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const side of open.splice(0)) await side.close();
  record.length = 0;
  asked.length = 0;
  seen.length = 0;
});
let at = 0;
async function meet(options: Partial<Options> = {}) {
  const server = await House.serve(`memory:layers-${++at}`, { logger: null, ...options });
  const client = await House.invert().connect(server.address, { logger: null });
  open.push(client, server);
  return { server, client };
}

it('stand around an incoming call in the order of the documents', async () => {
  const timeLeft: boolean[] = [];
  const { server, client } = await meet({
    handlerTimeout: 60_000,
    use: noting('side'),
    logCalls: ({ path }) => note(`logged ${path}`),
  });
  server.room.use(noting('namespace'));
  server.on('method.created', (call) => {
    timeLeft.push((call.sender?.timeLeft ?? Number.POSITIVE_INFINITY) < 60_001);
    note('created');
  });
  server.on('method.call', () => note('call'));
  server.on('method.return', () => note('return'));
  const closed = new Promise((resolve) => server.on('method.closed', resolve));
  server.room.enter.connect(() => {
    note('handler');
    return 1;
  });
  expect(await client.room.enter(null, { name: 'ann' })).toBe(1);
  await closed;
  // The deadline began outside all of them.
  expect(timeLeft).toEqual([true]);
  expect(record).toEqual([
    // The interceptor of the decorator stands around the outgoing call, too.
    ...['mark >', '< mark'],
    ...['created', 'side >', 'namespace >', 'mark >', 'guard', 'schema', 'call', 'body', 'handler'],
    ...['< mark', '< namespace', '< side', 'logged room.enter', 'return'],
  ]);
});

it('stand inside the stream: they see what the handler returns', async () => {
  const { server, client } = await meet();
  server.room.members.connect(function* () {
    yield 'ann';
    yield 'bob';
  });
  server.use((_call, next) => {
    const given = next() as Iterable<string>;
    return (function* () {
      for (const name of given) yield `${name}!`;
    })();
  });
  const names: string[] = [];
  for await (const name of client.room.members(null, { name: 'x' })) names.push(name);
  expect(names).toEqual(['ann!', 'bob!']);
});

it('are asked once for each method, and never for a call', async () => {
  const { server, client } = await meet();
  server.ask.connect(() => 1);
  const once = ['in request ask', 'in notification note', 'in request room.enter', 'in stream room.members'];
  const out = once.map((name) => name.replace('in', 'out'));
  const counts = (): Record<string, number> => {
    const all: Record<string, number> = {};
    for (const name of asked) all[name] = (all[name] ?? 0) + 1;
    return all;
  };
  const before = counts();
  for (const name of [...once, ...out]) expect([name, before[name]]).toEqual([name, 1]);
  for (let n = 0; n < 10; n++) await client.ask(null);
  await expect(client.callPath('nope')).rejects.toMatchObject({ code: -32601 });
  await expect(client.callPath('nope')).rejects.toMatchObject({ code: -32601 });
  // A method that no spec declares is bound when it is called by its path.
  expect({ ...counts(), 'out request nope': 0 }).toEqual({ ...before, 'out request nope': 0 });
  expect(seen.filter((name) => name === 'in request ask')).toHaveLength(10);
  expect(seen.filter((name) => name === 'out request ask')).toHaveLength(10);
  expect(seen.filter((name) => name === 'in unknown ')).toHaveLength(2);
});

it('are asked again when a layer changes, and calls that have begun keep theirs', async () => {
  const { server, client } = await meet();
  let answer = (_value: number): void => {};
  server.ask.connect(() => new Promise((resolve) => (answer = resolve)));
  const begun = client.ask(null);
  while (seen.filter((name) => name === 'in request ask').length === 0)
    await new Promise((resolve) => setImmediate(resolve));
  asked.length = 0;
  const remove = server.use(noting('late'));
  expect(asked.filter((name) => name === 'in request ask')).toHaveLength(1);
  answer(2);
  expect(await begun).toBe(2);
  expect(record).toEqual([]);
  remove();
  expect(asked.filter((name) => name === 'in request ask')).toHaveLength(2);
});
