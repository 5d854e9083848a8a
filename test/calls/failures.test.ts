import { afterEach, describe, expect, it } from 'vitest';
import {
  Code,
  ConnectionLost,
  type Inverted,
  incoming,
  outgoing,
  type Peer,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  UsageError,
} from '../../src/index.js';
import { failure, until } from '../support/core-waiting.js';

/** Options that change nothing: a call with any option takes another code path than one without. */
const some = { metadata: { a: 1 } };

/** The arguments that the body of a method received. */
const seen: unknown[] = [];

class Shop extends RemoteAPI {
  @incoming({ hasReply: true }) tags(_sender: Sender, _args?: { n?: unknown }): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: { n: unknown }): void {}
  @outgoing({ hasReply: true }) ask(_to: Receivers, args: { n: unknown }): Reply<unknown> {
    seen.push(args.n);
    if (args.n === 'bad') throw new UsageError('the body says no');
  }
  @outgoing told(_to: Receivers, args: { n: unknown }): void {
    if (args.n === 'bad') throw new UsageError('the body says no');
  }
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((side) => side.close()));
});

async function sides(): Promise<{ server: Side<Shop>; client: Side<Inverted<Shop>>; came: unknown[] }> {
  const server = await Shop.serve('tcp://127.0.0.1:0', { logger: null });
  const client = await Shop.invert().connect(server.address, { logger: null });
  open.push(client, server);
  const came: unknown[] = [];
  const note = (sender: Sender, { n }: { n: unknown }): void => void came.push([n, sender.metadata]);
  client.ask.connect((sender, args) => {
    note(sender, args);
    if (args.n === 'fail') throw new RangeError('cannot');
    return args.n;
  });
  client.told.connect(note);
  await until(() => server.peers.size === 1);
  return { server, client, came };
}

describe('a call with options', () => {
  it('runs the body of its method, which receives the arguments and can refuse the call', async () => {
    seen.length = 0;
    const { server, came } = await sides();
    const view = server.to(null, some);
    expect(await view.ask({ n: 1 })).toBe(1);
    expect((await failure(view.ask({ n: 'bad' }))).message).toBe('the body says no');
    expect(() => view.told({ n: 'bad' })).toThrow('the body says no');
    expect(seen).toEqual([1, 'bad']);
    expect(came).toEqual([[1, some.metadata]]);
  });

  it('returns undefined for a notification, and throws what prevents sending', async () => {
    const { server, came } = await sides();
    expect(server.to(null, some).told({ n: 2 })).toBeUndefined();
    expect(() => server.to('nobody', some).told({ n: 3 })).toThrow(ConnectionLost);
    expect(() => server.to(null, some).told({ n: 3n })).toThrow(UsageError);
    await until(() => came.length === 1);
    expect(came).toEqual([[2, some.metadata]]);
  });

  it('rejects for a request, and never throws', async () => {
    const { server } = await sides();
    expect(await failure(server.to('nobody', some).ask({ n: 1 }))).toBeInstanceOf(ConnectionLost);
    expect(await failure(server.to(null, some).ask({ n: 1n }))).toBeInstanceOf(UsageError);
    expect(await failure(server.to(null, some).ask({ n: 'fail' }))).toMatchObject({ message: 'cannot' });
  });
});

describe('ignoreErrors', () => {
  it('ignores failures on both sides', async () => {
    const { server, came } = await sides();
    const all = server.to(null, { ignoreErrors: true });
    const nobody = server.to('nobody', { ignoreErrors: true });
    expect(await all.ask({ n: 5 })).toBe(5);
    for (const n of ['fail', 'bad', 5n]) {
      expect(await all.ask({ n })).toBeUndefined();
      expect(await all.detailed.ask({ n })).toEqual({ value: undefined, metadata: {} });
    }
    expect(await nobody.ask({ n: 1 })).toBeUndefined();
    expect(nobody.told({ n: 1 })).toBeUndefined();
    expect(all.told({ n: 'bad' })).toBeUndefined();
    expect(all.told({ n: 6 })).toBeUndefined();
    await until(() => came.length === 4);
    expect(came.at(-1)).toEqual([6, {}]);
  });

  it('does not apply to other calls', async () => {
    const { server } = await sides();
    void server.to(null, { ignoreErrors: true });
    expect(await failure(server.ask(null, { n: 'fail' }))).toMatchObject({ message: 'cannot' });
  });
});

describe('noReply', () => {
  it('resolves with undefined at once, and rejects if the call cannot be sent', async () => {
    const { server, came } = await sides();
    expect(await server.to(null, { noReply: true }).ask({ n: 'fail' })).toBeUndefined();
    expect(await server.to(null, { noReply: true }).detailed.ask({ n: 1 })).toEqual({ value: undefined, metadata: {} });
    expect(await failure(server.to('nobody', { noReply: true }).ask({ n: 1 }))).toBeInstanceOf(ConnectionLost);
    expect(await server.to('nobody', { noReply: true, ignoreErrors: true }).ask({ n: 1 })).toBeUndefined();
    await until(() => came.length === 2);
    expect(server.pendingCalls()).toEqual([]);
  });
});

describe('a request to two peers of which one cannot be called', () => {
  it('is answered by the other', async () => {
    const server = await Shop.serve('tcp://127.0.0.1:0', { logger: null, limits: { pendingCalls: 1 } });
    open.push(server);
    for (const answer of [() => new Promise(() => {}), () => 'second']) {
      const peers = server.peers.size;
      const client = await Shop.invert().connect(server.address, { logger: null });
      open.push(client);
      client.ask.connect(answer);
      await until(() => server.peers.size > peers);
    }
    const [busy, other] = [...server.peers.values()] as [Peer, Peer];
    // It has as many pending calls as it may have.
    const asked = failure(server.ask(busy, { n: 1 }));
    expect(await failure(server.ask(busy, { n: 2 }))).toMatchObject({ code: Code.Busy });
    for (const several of [
      [busy, other],
      [other, busy],
    ])
      expect(await server.ask(several, { n: 3 })).toBe('second');
    expect(server.pendingCalls()).toHaveLength(1);
    await server.close();
    expect(await asked).toBeInstanceOf(ConnectionLost);
  });
});
