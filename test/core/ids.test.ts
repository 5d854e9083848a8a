import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import clone from '../../codecs/clone.js';
import jrpc from '../../codecs/jrpc.js';
import msgpack from '../../codecs/msgpack.js';
import terse from '../../codecs/terse.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Frame, Message } from '../../src/contract/contract.js';
import { incoming, RemoteAPI, type Reply, RpcError, type Sender } from '../../src/index.js';
import { failure } from '../support/core-waiting.js';

const { pack } = new Packr({ useRecords: false });
const unsafe = [2 ** 53, -(2 ** 53), Number.POSITIVE_INFINITY, 1.5];
const texts = ['9007199254740993', '-9007199254740993', '1e400', '1.5', '1e21'];

function read(
  decode: (frame: Frame, give: (message: Message) => void, packed: boolean) => void,
  frame: Frame,
): Message[] {
  const given: Message[] = [];
  decode(frame, (message) => given.push(message), false);
  return given;
}

describe('an id that is not a safe integer is refused, because JavaScript would round it', () => {
  const refused = [{ kind: 'bad', id: null, error: { code: -32600 } }];
  it.each(texts)('jrpc: %s', (id) => {
    const { decode } = jrpc(parseAddress('jrpc'));
    for (const rest of ['"method":"m"', '"method":"m","params":[1]', '"method":"m","params":{"a":1}', '"result":1']) {
      expect(read(decode, `{"jsonrpc":"2.0","id":${id},${rest}}`)).toMatchObject(refused);
      expect(read(decode, `{"jsonrpc":"2.0",${rest},"id":${id}}`)).toMatchObject(refused);
    }
  });
  it.each(texts)('terse: %s', (id) => {
    const { decode } = terse(parseAddress('terse'));
    for (const line of [`m[${id}] 1`, `[${id}]:1`]) expect(read(decode, line)).toMatchObject(refused);
  });
  it.each([...unsafe, 9007199254740993n, -9007199254740993n])('msgpack: %s', (id) => {
    const { decode } = msgpack(parseAddress('msgpack'));
    for (const message of [
      [0, id, 'm', []],
      [1, id, null, 1],
    ])
      expect(read(decode, pack(message))).toMatchObject(refused);
  });
  it.each(unsafe)('clone: %s', (id) => {
    const { decode } = clone(parseAddress('clone'));
    for (const values of [
      [1, id, 'm', 0],
      [2, id, 1],
    ])
      expect(read(decode, { values, transfer: [], length: 1 })).toMatchObject(refused);
  });
});

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) half(_sender: Sender): Reply<void> {}
}

it.each(['jrpc', 'msgpack', 'terse', 'clone'])(
  'over %s, an error code that is not an integer arrives as −32000',
  async (codec) => {
    for (const code of [1.5, 1e300, Number.NaN]) {
      await using server = await Spec.serve('memory:half', { codec, logger: null });
      server.half.connect(() => {
        throw new RpcError('half', code);
      });
      await using client = await Spec.invert().connect('memory:half', { codec, logger: null });
      expect(await failure(client.remote.half())).toMatchObject({ message: 'half', code: -32000 });
    }
  },
);
