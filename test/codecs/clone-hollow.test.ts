import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Code, incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { failure } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { value: unknown }): Reply<unknown> {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
}

/** A list of four billion empty slots, which structured clone transfers in a few bytes. */
const hollow = (...items: unknown[]): unknown[] => {
  items.length = 2 ** 32 - 1;
  return items;
};
const values = (...message: unknown[]) => ['obverse:values', message, 100];

/** A side at one end of a port, and the other end; `heard` is what arrived there. */
async function sides() {
  const { port1, port2 } = new MessageChannel();
  const side = await Spec.serve({ url: 'port:', port: port1 }, { codec: 'clone?hello=off', logger: null });
  side.echo.connect(async (_sender, { value }) => value);
  const heard: unknown[][] = [];
  port2.on('message', (message: unknown[]) => void (message[0] === 'obverse:values' && heard.push(message)));
  port2.postMessage(['obverse:ready']);
  const next = async (count: number): Promise<void> => {
    while (heard.length < count) await new Promise((resolve) => port2.once('message', resolve));
  };
  return { side, port2, heard, next, [Symbol.asyncDispose]: () => side.close() };
}

describe('a sparse list of four billion slots from a peer', () => {
  it.each([
    ['among named arguments', values(0, 1, 'echo', { value: hollow(1) })],
    ['within a Map', values(0, 1, 'echo', { value: new Map([[1, [hollow()]]]) })],
    ['as an argument', values(1, 1, 'echo', 1, hollow())],
  ])('%s fails that call, and is not walked', async (_name, message) => {
    await using far = await sides();
    far.port2.postMessage(message);
    far.port2.postMessage(values(0, 2, 'echo', { value: 5 }));
    await far.next(2);
    const [kind, id, code, text] = far.heard[0]![1] as unknown[];
    expect([kind, id, code]).toEqual([3, 1, Code.InvalidRequest]);
    expect(text).toMatch(/4294967295 places/);
    expect(far.heard[1]?.[1]).toEqual([2, 2, 5]);
  });

  it.each([
    ['as the arguments of a call', hollow(1, 1, 'echo', 2 ** 32 - 5)],
    ['as a message', hollow()],
  ])('%s is a frame that cannot be read', async (_name, message) => {
    await using far = await sides();
    far.port2.postMessage(['obverse:values', message, 10]);
    far.port2.postMessage(values(0, 2, 'echo', { value: 5 }));
    await far.next(2);
    expect((far.heard[0]![1] as unknown[]).slice(0, 3)).toEqual([3, null, Code.ParseError]);
    expect(far.heard[1]?.[1]).toEqual([2, 2, 5]);
  });

  it('as the answer of a call rejects that call', async () => {
    await using far = await sides();
    const asked = far.side.question(null, {});
    await far.next(1);
    far.port2.postMessage(values(2, 1, { items: hollow() }));
    expect((await failure(asked)).message).toMatch(/4294967295 places/);
  });

  it('is refused when it is sent, while a list with a few empty slots is accepted', async () => {
    await using server = await Spec.serve('memory:clone-hollow', { codec: 'clone', logger: null });
    server.echo.connect((_sender, { value }) => value);
    await using client = await Spec.invert().connect('memory:clone-hollow', { codec: 'clone', logger: null });
    const many: unknown[] = [1];
    many[5_000] = 2;
    expect((await failure(client.remote.echo({ value: many }))).message).toMatch(/5001 places/);
    const some: unknown[] = [1];
    some[900] = 2;
    expect(await client.remote.echo({ value: some })).toEqual(some);
  });
});
