import { incoming, namespace, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, UsageError } from 'obverse';
import { afterEach, expect, it } from 'vitest';

class Door extends RemoteAPI {
  @incoming({ hasReply: true }) knock(_sender: Sender, _args: { times: number }): Reply<number> {}
}
class Base extends RemoteAPI {
  @outgoing said(_receivers: Receivers, args: { text: string }): void {
    this.checked.push(args.text);
  }
  readonly checked: string[] = [];
}
class House extends Base {
  readonly door = namespace(Door);
  @incoming({ hasReply: true }) ping(_sender: Sender): Reply<string> {}
  @incoming tick(_sender: Sender): void {}
  @incoming({ hasReply: true }) copy(_sender: Sender): Reply<number> {}
  @outgoing override said(receivers: Receivers, args: { text: string }): void {
    super.said(receivers, { text: `super: ${args.text}` });
  }
}

const opened: AsyncDisposable[] = [];
let rooms = 0;
afterEach(async () => {
  for (const side of opened.splice(0).reverse()) await side[Symbol.asyncDispose]();
});
async function sides() {
  const house = await House.serve(`memory:taken-out-${++rooms}`);
  const visitor = await House.invert().connect(house.address);
  opened.push(house, visitor);
  house.ping.connect(() => 'pong');
  house.door.knock.connect((_sender, { times }) => times);
  return { house, visitor };
}

it('allows the methods of a remote, of its namespaces and of views to be destructured', async () => {
  const { visitor } = await sides();
  const { ping, door } = visitor.remote;
  const { knock } = door;
  const { ping: detailed } = visitor.to(null).detailed;
  const { ping: patient } = visitor.to(null, { timeout: 10_000 });
  const { ping: gathered } = visitor.gather(null);
  expect(await ping()).toBe('pong');
  expect(await knock({ times: 2 })).toBe(2);
  expect((await detailed()).value).toBe('pong');
  expect(await patient()).toBe('pong');
  expect(await gathered()).toMatchObject([{ value: 'pong' }]);
});

it('allows a method of a remote to be a callback', async () => {
  const { house, visitor } = await sides();
  const ticked = new Promise((resolve) => house.tick.connect(() => resolve('ticked')));
  setTimeout(visitor.remote.tick, 1);
  expect(await ticked).toBe('ticked');
});

it('returns the same function each time, and another one for another object', async () => {
  const { house, visitor } = await sides();
  const { ping, tick } = visitor.remote;
  expect(visitor.remote.ping).toBe(ping);
  expect(visitor.remote.tick).toBe(tick);
  expect(visitor.remote.ping).toBe(ping);
  expect(visitor.to(null).ping).not.toBe(ping);
  expect(visitor.close).toBe(visitor.close);
  expect(visitor.close).not.toBe(house.close);
  const hasty = visitor.with({ timeout: 5_000 });
  expect(hasty.ping).not.toBe(visitor.ping);
  expect(hasty.ping).toBe(hasty.ping);
});

it('allows the methods of a side, a namespace and a side with options to be taken out', async () => {
  const { house, visitor } = await sides();
  const { ping, to, gather, on, pendingCalls, describe, use } = visitor;
  expect(await ping(null)).toBe('pong');
  expect(await to(null).ping()).toBe('pong');
  expect(await gather(null).ping()).toHaveLength(1);
  expect(pendingCalls()).toEqual([]);
  expect(describe()).toHaveLength(5);
  const { knock } = visitor.door;
  expect(await knock(null, { times: 3 })).toBe(3);
  const { callPath } = visitor;
  expect(await callPath('ping')).toBe('pong');
  use((_call, next) => next())();
  const { ping: withOptions } = visitor.with({ timeout: 5_000, metadata: { by: 'options' } });
  house.ping.after((sender) => void expect(sender.metadata).toEqual({ by: 'options' }));
  expect(await withOptions(null)).toBe('pong');
  const gone = new Promise((resolve) => on('disconnect', resolve));
  const { close } = visitor;
  await close();
  await gone;
});

it('allows destructuring of ports, peers, senders, groups and answers', async () => {
  const { house, visitor } = await sides();
  const { connect, disconnect, after } = house.copy;
  const done = new Promise((resolve) => after(() => resolve('done')));
  const handler = async ({ progress, afterReply }: Sender<number>): Promise<number> => {
    afterReply(() => {});
    [1, 2].forEach(progress);
    return 2;
  };
  connect(handler as never);
  const seen: unknown[] = [];
  expect(await visitor.to(null, { onProgress: (value) => seen.push(value) }).copy()).toBe(2);
  expect(seen).toEqual([1, 2]);
  expect(await done).toBe('done');
  disconnect(handler as never);
  expect(house.unhandledCalls()).toEqual(['tick', 'copy']);

  const [peer] = house.peers.values();
  const { add, remove, has, except } = house.group('all');
  add(peer as never);
  expect(has(peer as never)).toBe(true);
  expect(except(peer as never).size).toBe(0);
  remove(peer as never);
  const { first } = visitor.gather(null).ping();
  expect(await first()).toBe('pong');
  const gone = new Promise((resolve) => visitor.on('disconnect', resolve));
  const { close } = peer as NonNullable<typeof peer>;
  await close();
  await gone;
});

it('keeps `this` of a body, and the meaning of `super`, when a method is taken out', async () => {
  const { house, visitor } = await sides();
  const heard: string[] = [];
  visitor.said.connect((_house, { text }) => void heard.push(text));
  const { said } = house;
  said(null, { text: 'hello' });
  await visitor.remote.ping();
  expect(heard).toEqual(['hello']);
  expect((house as unknown as House).checked).toEqual(['super: hello']);
});

it('allows a subclass to override a method of every side and to call it by super', async () => {
  const closed: string[] = [];
  class Counted extends House {
    declare close: () => Promise<void>;
  }
  Object.defineProperty(Counted.prototype, 'close', {
    async value(this: RemoteAPI) {
      closed.push('before');
      await (Reflect.get(RemoteAPI.prototype, 'close', this) as () => Promise<void>)();
      closed.push('after');
    },
  });
  const side = (await Counted.serve(`memory:taken-out-${++rooms}`)) as unknown as Counted;
  await side.close();
  await side.close();
  expect(closed).toEqual(['before', 'after', 'before', 'after']);
});

it('reports what to write if a static method is taken out of its class', async () => {
  const { serve, create } = House;
  await expect((serve as (address: string) => Promise<unknown>)('memory:')).rejects.toThrow(
    /on their class, as in Chat\.serve/,
  );
  expect(() => (create as () => unknown)()).toThrow(UsageError);
});
