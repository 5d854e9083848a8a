import { connect } from 'node:net';
import { Unpackr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import jrpc from '../../codecs/jrpc.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Call } from '../../src/contract/contract.js';
import { Code, type Codec, incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { a: unknown }): Reply<unknown> {}
}

const DEPTH = 20;
/** This many lists, each nested in the one before. */
const lists = (levels: number): Buffer => Buffer.concat([Buffer.alloc(levels, 0x91), Buffer.from([1])]);
const maps = (levels: number): Buffer =>
  Buffer.concat([...Array(levels).fill(Buffer.from([0x81, 0xa1, 0x62])), lists(0)]);
/** The extension for a set of one value. */
function set(levels: number): Buffer {
  const items = lists(levels);
  return Buffer.concat([Buffer.from([0xc7, items.length, 0x53]), items]);
}

/** `[0, id, 'ask', [{ a: … }]]`: two levels, plus those of the value. */
function ask(id: number, value: Buffer): Buffer {
  const head = Buffer.from([0x94, 0, 0xcd, id >> 8, id & 0xff, 0xa3, ...Buffer.from('ask'), 0x91, 0x81, 0xa1, 0x61]);
  return Buffer.concat([head, value]);
}

/**
 * A frame may contain several messages of MessagePack. A short one cannot be nested too deep, which implies nothing about those
 * after it.
 */
describe('a message in a frame that is nested too deep', () => {
  it.each([
    ['behind short ones', 3, lists(10 * DEPTH)],
    ['behind as many short ones as are dispatched in a turn', 2_000, lists(10 * DEPTH)],
    ['by one level', 3, lists(DEPTH - 1)],
    ['by one level that is a map', 3, maps(DEPTH - 1)],
    ['by the lists in a set', 3, set(10 * DEPTH)],
  ])('%s, is refused, and the messages around it are answered', async (_where, short, values) => {
    const server = await Spec.serve('tcp://127.0.0.1:0', { codec: 'msgpack', logger: null, limits: { depth: DEPTH } });
    server.ask.connect(() => true);
    const socket = connect(Number(new URL(server.address).port), '127.0.0.1');
    const answers = new Map<number, { code: number } | null>();
    const unpackr = new Unpackr({ useRecords: false });
    let held = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk]);
      let whole = 0;
      try {
        unpackr.unpackMultiple(held, (value, _from, to) => {
          const [kind, id, error] = value as [number, number, { code: number } | null];
          if (kind === 1) answers.set(id, error);
          whole = to ?? whole;
        });
      } catch {
        // The rest of the last answer has yet to arrive.
      }
      held = held.subarray(whole);
    });
    const messages = Array.from({ length: short }, (_one, id) => ask(id, lists(0)));
    const [deep, after] = [short, short + 1];
    socket.write(Buffer.concat([...messages, ask(deep, values), ask(after, lists(DEPTH - 2))]));
    await until(() => answers.size === short + 2);
    const refused = [...answers].filter(([, error]) => error !== null);
    expect(refused.map(([id, error]) => [id, error?.code])).toEqual([[deep, Code.TooLarge]]);
    socket.destroy();
    await server.close();
  });

  it('between short queued ones, of a codec that reports the size of each, is refused', async () => {
    const plain = jrpc(parseAddress('jrpc?hello=off'));
    const codec: Codec = {
      ...plain,
      decode: (frame, give, packed) =>
        plain.decode(frame, (message) => give(message, JSON.stringify((message as Call).args).length), packed),
    };
    const server = await Spec.serve('tcp://127.0.0.1:0', { codec, logger: null, limits: { depth: 200 } });
    server.ask.connect(() => true);
    const client = await RawClient.connect(server.address);
    const call = (id: number, levels: number) =>
      `{"jsonrpc":"2.0","id":${id},"method":"ask","params":{"a":${'['.repeat(levels)}${']'.repeat(levels)}}}`;
    const calls = Array.from({ length: 2_000 }, (_one, id) => call(id, id === 1_900 ? 1_000 : 0));
    client.write(`[${calls.map((one) => one.replace(':}}', ':0}}')).join(',')}]\n`);
    const [answers] = (await client.answers(1)) as [{ id: number; error?: { code: number } }[]];
    const refused = answers.filter(({ error }) => error !== undefined);
    expect(answers.length).toBe(2_000);
    expect(refused.map(({ id, error }) => [id, error?.code])).toEqual([[1_900, Code.TooLarge]]);
    client.socket.destroy();
    await server.close();
  });
});
