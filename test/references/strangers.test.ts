import net from 'node:net';
import { Packr, UnpackrStream } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { Code } from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { until } from '../support/core-waiting.js';
import { Basket, closing, type Step, sizeOf, Work } from './sides.js';

/** A side whose methods accept and return functions, for a peer without references. */
async function serve(codec: string) {
  const server = closing(await Work.serve('tcp://127.0.0.1:0', { codec, logger: null }));
  server.count.connect(async (_sender, { step }) => {
    if (typeof step !== 'function') throw new TypeError('step is no function');
    return (await (step as Step)(2)) as number;
  });
  server.take.connect((_sender, { value }) => value);
  server.basket.connect(() => new Basket());
  server.hold.connect(() => (n: number) => n * 3);
  return server;
}

describe('a peer that uses plain JSON-RPC', () => {
  const call = (id: number, method: string, params: unknown) => ({ jsonrpc: '2.0', id, method, params });

  it('calls a method without a function, and receives the error of its handler', async () => {
    const server = await serve('jrpc');
    using client = await RawClient.connect(server.address);
    client.write(call(1, 'count', { to: 1 }), call(2, 'count', { to: 1, step: { $rpc: ['fn', 1] } }));
    const [first, second] = await client.answers(2);
    expect(first).toMatchObject({ id: 1, error: { message: 'step is no function' } });
    // Without the announcement of the tagged form, it is data.
    expect(second).toMatchObject({ id: 2, error: { message: 'step is no function' } });
  });

  it('can send data that look like a reference', async () => {
    const server = await serve('jrpc');
    using client = await RawClient.connect(server.address);
    const value = { $rpc: ['own', 1] };
    client.write(call(1, 'take', { value }));
    expect(await client.answers(1)).toEqual([{ jsonrpc: '2.0', id: 1, result: value }]);
    expect(sizeOf(server)).toBe(0);
  });

  it('receives a reference as an object that it may ignore, after an announcement', async () => {
    const server = await serve('jrpc');
    using client = await RawClient.connect(server.address);
    client.write(call(1, 'basket', {}));
    expect(await client.answers(2)).toEqual([
      { jsonrpc: '2.0', method: 'rpc.about', params: { answer: 1, tagged: true } },
      { jsonrpc: '2.0', id: 1, result: { $rpc: ['ref', 1, ['put', 'list', 'each'], ['each']] } },
    ]);
    // It is held for the peer until its link ends.
    expect(sizeOf(server)).toBe(1);
    client.socket.destroy();
    await until(() => server.peers.size === 0);
  });

  it('can call what was passed to it, and nothing else, and release it', async () => {
    const server = await serve('jrpc');
    using client = await RawClient.connect(server.address);
    client.write(call(1, 'basket', {}), call(2, 'hold', {}));
    client.write(call(3, 'rpc.call', [1, 'put', ['apple']]), call(4, 'rpc.call', [2, null, [5]]));
    client.write(call(5, 'rpc.call', [1, '_hidden', []]), call(6, 'rpc.call', [3, null, []]));
    client.write(call(7, 'rpc.call', [1, 'each', []]), { jsonrpc: '2.0', method: 'rpc.release', params: [1, 2] });
    client.write(call(8, 'rpc.call', [1, 'put', ['pear']]));
    const answers = (await client.answers(10)) as { id?: number; result?: unknown; error?: { code: number } }[];
    const of = (id: number) => answers.find((one) => one.id === id);
    expect(of(3)?.result).toBe(1);
    expect(of(4)?.result).toBe(15);
    expect(of(5)?.error?.code).toBe(Code.MethodNotFound);
    expect(of(6)?.error?.code).toBe(Code.InvalidParams);
    // A caller that does not send a window gets the items of a stream in a list.
    expect(of(7)?.result).toEqual(['apple']);
    expect(of(8)?.error?.code).toBe(Code.InvalidParams);
    expect(sizeOf(server)).toBe(0);
  });

  it('can pass a function itself after announcing it, and is called by rpc.call', async () => {
    const server = await serve('jrpc');
    using client = await RawClient.connect(server.address);
    client.write({ jsonrpc: '2.0', method: 'rpc.about', params: { call: 1, tagged: true } });
    client.write(call(1, 'count', { to: 1, step: { $rpc: ['fn', 9] } }));
    const [asked] = (await client.answers(1)) as { id: number; method: string; params: unknown }[];
    expect(asked).toMatchObject({ method: 'rpc.call', params: [9, null, [2]] });
    client.write({ jsonrpc: '2.0', id: asked?.id, result: 22 });
    expect((await client.answers(2))[1]).toEqual({ jsonrpc: '2.0', id: 1, result: 22 });
    expect(sizeOf(server)).toBe(0);
  });
});

describe('a peer that uses a dialect, or terse', () => {
  it.each(['jrpc?dialect=lsp', 'jrpc?dialect=mcp', 'terse'])('never receives a reference: %s', async (codec) => {
    const server = await serve(codec);
    const client = closing(await Work.invert().connect(server.address, { codec, logger: null }));
    await expect(client.take(null, { value: () => 1 })).rejects.toThrow('the codec is for peers that are not Obverse');
    expect(() => client.told(null, { step: () => 1 })).toThrow('the codec is for peers that are not Obverse');
    await expect(client.basket(null)).rejects.toThrow('the codec is for peers that are not Obverse');
    expect([sizeOf(client), sizeOf(server)]).toEqual([0, 0]);
  });
});

describe('a peer that uses plain MessagePack-RPC', () => {
  async function connect(address: string) {
    const socket = net.connect(Number(new URL(address).port), '127.0.0.1');
    const packr = new Packr({ useRecords: false });
    const heard: unknown[][] = [];
    const stream = new UnpackrStream({ useRecords: false, mapsAsObjects: true });
    socket.pipe(stream).on('data', (message: unknown[]) => heard.push(message));
    const answers = async (ids: readonly number[]) => {
      const of = (id: number) => heard.find(([kind, its]) => kind === 1 && its === id);
      await until(() => ids.every((id) => of(id) !== undefined));
      return ids.map((id) => of(id)?.slice(2));
    };
    return {
      heard,
      answers,
      write: (...messages: unknown[]) => socket.write(Buffer.concat(messages.map((one) => packr.pack(one)))),
      [Symbol.dispose]: () => void socket.destroy(),
    };
  }

  it('gets the same: data are data, references are objects, and only what was passed can be called', async () => {
    const server = await serve('msgpack');
    using client = await connect(server.address);
    client.write([0, 1, 'count', [{ to: 1 }]], [0, 2, 'take', [{ value: { $rpc: ['fn', 1] } }]], [0, 3, 'basket', []]);
    const [count, take, basket] = await client.answers([1, 2, 3]);
    expect(count?.[0]).toMatchObject({ message: 'step is no function' });
    expect(take).toEqual([null, { $rpc: ['fn', 1] }]);
    expect(basket).toEqual([null, { $rpc: ['ref', 1, ['put', 'list', 'each'], ['each']] }]);
    expect(client.heard).toContainEqual([2, 'rpc.about', [{ answer: 3, tagged: true }]]);
    client.write([0, 4, 'rpc.call', [1, 'put', ['apple']]], [0, 5, 'rpc.call', [2, null, []]]);
    client.write(
      [0, 6, 'rpc.call', [1, 'constructor', []]],
      [2, 'rpc.release', [1]],
      [0, 7, 'rpc.call', [1, 'list', []]],
    );
    const [put, other, made, released] = await client.answers([4, 5, 6, 7]);
    expect(put).toEqual([null, 1]);
    expect(other?.[0]).toMatchObject({ code: Code.InvalidParams });
    expect(made?.[0]).toMatchObject({ code: Code.MethodNotFound });
    expect(released?.[0]).toMatchObject({ code: Code.InvalidParams });
    expect(sizeOf(server)).toBe(0);
  });

  it('can pass a function itself', async () => {
    const server = await serve('msgpack');
    using client = await connect(server.address);
    client.write(
      [2, 'rpc.about', [{ call: 1, tagged: true }]],
      [0, 1, 'count', [{ to: 1, step: { $rpc: ['fn', 9] } }]],
    );
    await until(() => client.heard.length > 0);
    const [[kind, id, method, params]] = client.heard as [unknown[]];
    expect([kind, method, params]).toEqual([0, 'rpc.call', [9, null, [2]]]);
    client.write([1, id, null, 22]);
    expect(await client.answers([1])).toEqual([[null, 22]]);
    expect(sizeOf(server)).toBe(0);
  });
});
