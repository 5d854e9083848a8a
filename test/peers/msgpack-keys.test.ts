import { once } from 'node:events';
import net from 'node:net';
import { Packr, Unpackr } from 'msgpackr';
import { Code, incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Stream } from 'obverse';
import { afterEach, describe, expect, it } from 'vitest';
import { failure, Log, until } from '../support/core-waiting.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) echo(_from: Sender, _args: { value: unknown }): Reply<unknown> {}
  @incoming note(_from: Sender, _args: object): void {}
  @outgoing({ hasReply: true }) ask(_to: Receivers): Reply<unknown> {}
  @outgoing({ stream: true }) items(_to: Receivers): Stream<unknown> {}
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A peer by hand, whose maps may have keys of any kind. */
async function meet() {
  const log = new Log();
  const desk = await Desk.serve('tcp://127.0.0.1:0', { codec: 'msgpack', logger: log });
  ends.push(() => desk.close());
  desk.echo.connect((_sender, { value }) => value);
  const socket = net.connect(Number(new URL(desk.address).port), '127.0.0.1');
  ends.push(() => socket.destroy());
  await once(socket, 'connect');
  const { pack } = new Packr({ useRecords: false, mapsAsObjects: false });
  const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });
  const heard: unknown[][] = [];
  socket.on('data', (chunk) => heard.push(...(unpackr.unpackMultiple(chunk) as unknown[][])));
  const say = (...messages: unknown[][]): void => void socket.write(Buffer.concat(messages.map((one) => pack(one))));
  await until(() => desk.peers.size === 1);
  return { desk, log, heard, say };
}

const bytes = new Map<unknown, unknown>([[Uint8Array.of(1), 'v']]);
const whole = new Map<unknown, unknown>([[1, 'v']]);
const refusal = (where: string): string =>
  `the map at ${where} has bytes as a key: a key must be a string, a number, true, false or nil`;

describe('a peer whose maps have keys that are not strings', () => {
  it('receives strings in place of numbers, and an error with the path of a key that is bytes', async () => {
    const { log, heard, say } = await meet();
    say([0, 1, 'echo', [{ value: whole }]], [0, 2, 'echo', [{ value: [bytes] }]], [0, 3, 'echo', [{ value: 5 }]]);
    await until(() => heard.length === 3);
    expect(heard.toSorted((a, b) => (a[1] as number) - (b[1] as number))).toEqual([
      [1, 1, null, { 1: 'v' }],
      [1, 2, { code: Code.InvalidRequest, message: refusal('params[0].value[0]') }, null],
      [1, 3, null, 5],
    ]);
    say([2, 'note', [bytes]]);
    await until(() => log.texts.length === 2);
    expect(log.texts[1]).toContain(refusal('params[0]'));
  });

  it('makes the call that it answers with such a map fail at once', async () => {
    const { desk, heard, say } = await meet();
    const result = failure<Error>(desk.ask(null));
    await until(() => heard.length === 1);
    say([1, heard[0]?.[1], null, bytes]);
    expect(await result).toMatchObject({
      code: Code.InternalError,
      message: `the answer cannot be read: ${refusal('result')}`,
    });
    const error = failure<Error>(desk.ask(null));
    await until(() => heard.length === 2);
    say([1, heard[1]?.[1], { code: 5, message: 'no', data: [bytes] }, null]);
    expect(await error).toMatchObject({ message: `the answer cannot be read: ${refusal('error.data[0]')}` });
  });

  it('ends the stream to which it sends such items: without them it would be another stream', async () => {
    const { desk, heard, say } = await meet();
    const stream = desk.items(null);
    await until(() => heard.some(([, , method]) => method === 'items'));
    const [, id] = heard.find(([, , method]) => method === 'items') as [number, number];
    say([2, 'rpc.next', [id, ['first', whole]]], [2, 'rpc.next', [id, [bytes]]], [2, 'rpc.next', [id, ['third']]]);
    const taken: unknown[] = [];
    const error = await failure<Error>(
      (async () => {
        for await (const item of stream) taken.push(item);
      })(),
    );
    expect(taken).toEqual(['first', { 1: 'v' }]);
    expect(error.message).toContain(refusal('params[1][0]'));
    await until(() => heard.some(([, method]) => method === 'rpc.cancel'));
  });
});
