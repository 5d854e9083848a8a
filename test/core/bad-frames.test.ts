import { describe, expect, it } from 'vitest';
import {
  Code,
  incoming,
  outgoing,
  ProtocolError,
  type Receivers,
  RemoteAPI,
  type Reply,
  type RpcError,
  type Sender,
} from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { RawClient } from '../support/core-raw.js';
import { failure, Log, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: object): void {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
}

const ask = { jsonrpc: '2.0', id: 1, method: 'ask' };
const fault = (code: number, id: unknown = null) => ({
  jsonrpc: '2.0',
  id,
  error: { code, message: expect.any(String) },
});

async function tcp(options: object = {}) {
  const log = new Log();
  const server = await Spec.serve('tcp://127.0.0.1:0', { logger: log, ...options });
  server.ask.connect((_sender, args) => args);
  const ends: (Error | undefined)[] = [];
  const client = await RawClient.connect(server.address);
  await until(() => server.peers.size === 1);
  const close = async () => {
    client.socket.destroy();
    await server.close();
  };
  return { server, client, log, ends, [Symbol.asyncDispose]: close };
}

describe('a frame that cannot be read', () => {
  it.each<[string, string, number, unknown?]>([
    ['that is not JSON', '{"jsonrpc":', Code.ParseError],
    ['that is cut off', '{"jsonrpc":"2.0","id":1,"method":"as', Code.ParseError],
    ['of garbage', '\u0001\uFFFD☃\u007f', Code.ParseError],
    ['with more behind it', '{"jsonrpc":"2.0","id":1,"method":"ask"} {}', Code.ParseError],
    ['that is a number', '5', Code.InvalidRequest],
    ['that is null', 'null', Code.InvalidRequest],
    ['that is a text', '"ask"', Code.InvalidRequest],
    ['without a version', '{"id":1,"method":"ask"}', Code.InvalidRequest, 1],
    ['with the wrong version', '{"jsonrpc":"1.0","id":"x","method":"ask"}', Code.InvalidRequest, 'x'],
    ['whose version is a number', '{"jsonrpc":2.0,"id":1,"method":"ask"}', Code.InvalidRequest, 1],
    ['without a method', '{"jsonrpc":"2.0","id":1}', Code.InvalidRequest, 1],
    ['whose method is not a text', '{"jsonrpc":"2.0","id":1,"method":{}}', Code.InvalidRequest, 1],
    ['whose params are a text', '{"jsonrpc":"2.0","id":1,"method":"ask","params":"x"}', Code.InvalidRequest, 1],
    ['whose params are null', '{"jsonrpc":"2.0","id":1,"method":"ask","params":null}', Code.InvalidRequest, 1],
    ['whose id is an object', '{"jsonrpc":"2.0","id":{},"method":"ask"}', Code.InvalidRequest],
    ['that is a list in a list', '[[]]', Code.InvalidRequest],
  ])('%s is answered and reported, and the link continues', async (_name, text, code, id = null) => {
    await using far = await tcp();
    far.client.write(`${text}\n`, ask);
    const [first, second] = await far.client.answers(2);
    expect(Array.isArray(first) ? first[0] : first).toEqual(fault(code, id));
    expect(second).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
    expect(far.log.warnings.length).toBe(1);
  });

  it.each([
    ['a lone surrogate', '{"jsonrpc":"2.0","id":1,"method":"ask","params":{"a":"\\ud800"}}\n'],
    ['bytes that are no UTF-8', Buffer.from('7b226a736f6e727063223a22322e30222cff', 'hex')],
    ['white space before it', '   {"jsonrpc":"2.0","id":1,"method":"ask","params":{"a":"\\ud800"}}\r\n'],
    ['empty lines', '\n\r\n\n'],
  ])('with %s does not affect the frames after it', async (_name, text) => {
    await using far = await tcp();
    far.client.socket.write(text);
    far.client.write('\n', { ...ask, id: 2 });
    await far.client.until(() => far.client.lines.some((line) => line.includes('"id":2')));
    expect(far.server.peers.size).toBe(1);
  });

  it('ends the link after ten in a row', async () => {
    await using far = await tcp();
    const asked = failure<RpcError>(far.server.question(null, {}));
    far.client.write('{\n'.repeat(10));
    await far.client.answers(11);
    expect(far.server.peers.size).toBe(1);
    far.client.write('{\n');
    await far.client.ended();
    const error = await asked;
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.message).toBe('11 messages in a row could not be read; the last one: Parse error: "{"');
  });

  it('does not count with earlier ones if a valid one came between', async () => {
    await using far = await tcp();
    for (let round = 0; round < 5; round++) far.client.write('{\n'.repeat(9), '[1]\n', ask);
    await far.client.answers(55);
    expect(far.server.peers.size).toBe(1);
  });

  it('is answered by nobody on a bus, where another peer may have sent it, and disconnects nobody', async () => {
    const played = new Played();
    const far = played.visit('far', { bus: true });
    const log = new Log();
    const api = await Spec.connect(played.maker, { logger: log });
    for (let n = 0; n < 30; n++) far.say('{');
    far.say(ask);
    api.ask.connect(() => 'here');
    far.say(ask);
    await turn();
    expect(far.heard.map(({ id }) => id)).toEqual([1, 1]);
    expect(log.texts.length).toBe(10);
    expect(far.closes).toEqual([]);
  });

  it('does not make two Obverse sides answer each other endlessly', async () => {
    await using server = await Spec.serve('memory:loop', { logger: null });
    const log = new Log();
    const played: { send?: (text: string) => void } = {};
    await using client = await Spec.invert().connect('memory:loop', { logger: log });
    const peer = [...client.peers.values()][0] as unknown as { session: { link: { send(frames: string[]): void } } };
    played.send = (text) => peer.session.link.send([text]);
    played.send('{');
    await until(() => log.texts.length > 0);
    for (let n = 0; n < 20; n++) await turn();
    expect(log.texts).toEqual([
      expect.stringMatching(/^an error \(-32700: Parse error: .+\) to a call that this side has not made: id null$/),
    ]);
    expect(server.peers.size).toBe(1);
  });
});

describe('a message without an end', () => {
  it('ends the link at the limit on frames, before more is buffered', async () => {
    await using far = await tcp({ limits: { frameBytes: 100_000 } });
    const asked = failure<RpcError>(far.server.question(null, {}));
    const before = process.memoryUsage().rss;
    let sent = 0;
    const piece = 'x'.repeat(10_000);
    while (!far.client.over && sent < 200_000_000) {
      if (!far.client.socket.write(piece)) await turn();
      sent += piece.length;
    }
    await far.client.ended();
    const error = await asked;
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.code).toBe(Code.TooLarge);
    expect(sent).toBeLessThan(100_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  });

  it('is refused by its header if it has one', async () => {
    const server = await Spec.serve('tcp://127.0.0.1:0?framing=headers', {
      logger: null,
      limits: { frameBytes: 1_000 },
    });
    const client = await RawClient.connect(server.address);
    await until(() => server.peers.size === 1);
    const asked = failure<RpcError>(server.question(null, {}));
    client.socket.write('Content-Length: 1001\r\n\r\n');
    expect((await asked).code).toBe(Code.TooLarge);
    await client.ended();
    await server.close();
  });

  it('that is too large ends the link, and earlier messages are delivered', async () => {
    await using far = await tcp({ limits: { frameBytes: 1_000 } });
    let told = 0;
    far.server.tell.connect(() => void told++);
    far.client.write(
      { jsonrpc: '2.0', method: 'tell' },
      { jsonrpc: '2.0', method: 'tell', params: { a: 'x'.repeat(2_000) } },
    );
    await far.client.ended();
    expect(told).toBe(1);
    expect(far.server.peers.size).toBe(0);
  });

  it('is not delivered if the connection ends in the middle of it', async () => {
    await using far = await tcp();
    let told = 0;
    far.server.tell.connect(() => void told++);
    far.client.socket.end('{"jsonrpc":"2.0","method":"tell"}\n{"jsonrpc":"2.0","method":"te');
    await until(() => far.server.peers.size === 0);
    expect(told).toBe(1);
  });
});

describe('deep nesting', () => {
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

  it.each([
    ['arguments', (value: string) => `{"jsonrpc":"2.0","id":1,"method":"ask","params":{"a":${value}}}`],
    ['arguments by position', (value: string) => `{"jsonrpc":"2.0","id":1,"method":"ask","params":${value}}`],
    ['arguments of a batch', (value: string) => `[{"jsonrpc":"2.0","id":1,"method":"ask","params":{"a":${value}}}]`],
  ])('of %s is refused, and the link continues', async (_where, frame) => {
    await using far = await tcp();
    far.client.write(`${frame(deep(5_000))}\n`, ask);
    const [first, second] = await far.client.answers(2);
    expect([first].flat()[0]).toEqual(fault(Code.TooLarge, 1));
    expect(second).toMatchObject({ result: {} });
  });

  it('of a result or of an error fails the call', async () => {
    const played = new Played();
    const far = played.visit();
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null });
    for (const rest of [`"result":${deep(5_000)}`, `"error":{"code":1,"message":"x","data":${deep(5_000)}}`]) {
      const asked = failure<RpcError>(api.question(null, {}));
      await turn();
      far.say(`{"jsonrpc":"2.0","id":1,${rest}}`);
      expect((await asked).code).toBe(Code.TooLarge);
    }
    expect(far.closes).toEqual([]);
  });

  it('of a notification is reported', async () => {
    await using far = await tcp();
    far.client.write(`{"jsonrpc":"2.0","method":"tell","params":${deep(5_000)}}\n`, ask);
    await far.client.answers(1);
    expect(far.log.texts).toEqual(['tell: the message is nested deeper than 1000 levels']);
  });

  it('of a whole frame does not overflow the stack', async () => {
    await using far = await tcp({ limits: { frameBytes: 8 * 1024 * 1024 } });
    far.client.write(`${deep(1_000_000)}\n`, `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}\n`, ask);
    await far.client.answers(3);
    expect(far.server.peers.size).toBe(1);
  });

  it('is allowed up to the limit, which can be set', async () => {
    await using far = await tcp({ limits: { depth: 20 } });
    const frame = (levels: number) => `{"jsonrpc":"2.0","id":1,"method":"ask","params":{"a":${deep(levels)}}}\n`;
    far.client.write(frame(18), frame(40));
    const [first, second] = await far.client.answers(2);
    expect(first).toHaveProperty('result');
    expect(second).toEqual(fault(Code.TooLarge, 1));
  });
});

it('a broken stream is reported with the peer if no call is pending that could report it', async () => {
  await using far = await tcp({ limits: { frameBytes: 100 } });
  const { client, log, server } = far;
  client.socket.write(`"${'x'.repeat(500)}"\n`);
  await until(() => server.peers.size === 0);
  expect(log.warnings.flat().join(' ')).toContain('100');
});
