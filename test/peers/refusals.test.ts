import { once } from 'node:events';
import { connect } from 'node:net';
import { JSONRPCClient, JSONRPCServer, JSONRPCServerAndClient } from 'json-rpc-2.0';
import { incoming, RemoteAPI, type Reply, type Sender } from 'obverse';
import { afterEach, describe, expect, it } from 'vitest';
import { RawClient } from '../support/core-raw.js';
import { Log, until } from '../support/core-waiting.js';

/*
 * A refused message is answered with the text of JSON-RPC 2.0, a colon and the reason, so that its sender knows what to
 * change.
 */

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_from: Sender): Reply<string> {}
  @incoming note(_from: Sender): void {}
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(codec: string) {
  const log = new Log();
  const desk = await Desk.serve('tcp://127.0.0.1:0?framing=lines', { codec, logger: log });
  ends.push(() => desk.close());
  desk.ask.connect(() => 'asked');
  return { desk, log };
}

/** A client of json-rpc-2.0, line by line. */
async function jsonRpc2(address: string): Promise<JSONRPCServerAndClient> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1').setEncoding('utf8');
  ends.push(() => socket.destroy());
  await once(socket, 'connect');
  const far = new JSONRPCServerAndClient(
    new JSONRPCServer(),
    new JSONRPCClient((message) => void socket.write(`${JSON.stringify(message)}\n`)),
  );
  let rest = '';
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) void far.receiveAndSend(JSON.parse(line));
  });
  return far;
}

describe('json-rpc-2.0', () => {
  it('reads why params that are null are refused, and what to do', async () => {
    const { desk, log } = await serve('jrpc');
    const far = await jsonRpc2(desk.address);
    expect(await far.request('ask', undefined)).toBe('asked');
    await expect(far.request('ask', null)).rejects.toMatchObject({
      code: -32600,
      message: 'Invalid Request: "params" is an object or an array, not null; omit it if there are no arguments',
    });
    far.notify('note', null);
    await until(() => log.texts.length === 2);
    expect(log.texts[1]).toMatch(/^Invalid Request: "params" is an object or an array, not null; .*: "\{/);
  });

  it('reads that a method is unknown, and that arguments do not fit', async () => {
    const { desk } = await serve('jrpc');
    const far = await jsonRpc2(desk.address);
    await expect(far.request('nonsense', {})).rejects.toMatchObject({
      code: -32601,
      message: 'the method "nonsense" is unknown',
    });
    await expect(far.request('ask', [1])).rejects.toMatchObject({
      code: -32602,
      message: 'ask takes its arguments by name, in one object',
    });
  });
});

const unreadable: readonly (readonly [sent: string, reason: RegExp])[] = [
  ['no JSON', /^Parse error: .+/],
  ['{"jsonrpc":"2.0","id":1', /^Parse error: .+/],
  ['5', /^Invalid Request: a message is an object, not a number$/],
  ['null', /^Invalid Request: a message is an object, not null$/],
  ['"text"', /^Invalid Request: a message is an object, not a string$/],
  ['{}', /^Invalid Request: the member "jsonrpc" must be "2\.0"$/],
  ['{"jsonrpc":"1.0","id":1,"method":"ask"}', /^Invalid Request: the member "jsonrpc" must be "2\.0"$/],
  ['{"jsonrpc":"2.0"}', /^Invalid Request: a message has a "method", a "result" or an "error"$/],
  ['{"jsonrpc":"2.0","id":1,"method":5}', /^Invalid Request: "method" is a string, not a number$/],
  [
    '{"jsonrpc":"2.0","id":{},"method":"ask"}',
    /^Invalid Request: "id" is a string, a whole number .*, or null, not an object$/,
  ],
  [
    '{"jsonrpc":"2.0","id":9007199254740993,"method":"ask"}',
    /^Invalid Request: "id" is a string, a whole number .*, or null, not a fraction or a larger number$/,
  ],
  [
    '{"jsonrpc":"2.0","id":1,"method":"ask","params":5}',
    /^Invalid Request: "params" is an object or an array, not a number$/,
  ],
  ['{"jsonrpc":"2.0","result":5}', /^Invalid Request: an answer has an "id"/],
];

describe.each(['jrpc', 'jrpc?dialect=lsp', 'jrpc?dialect=mcp', 'jrpc?dialect=quickrpc'])('%s', (codec) => {
  it.each(unreadable)('says what is wrong with %s', async (sent, reason) => {
    const { desk, log } = await serve(codec);
    using far = await RawClient.connect(desk.address);
    far.write(`${sent}\n`);
    const [answer] = (await far.answers(1)) as [{ error: { code: number; message: string } }];
    expect(answer.error.message).toMatch(reason);
    expect(answer.error.code).toBe(answer.error.message.startsWith('Parse error') ? -32700 : -32600);
    // The report on this side shows what else was read.
    expect(log.texts[0]).toContain(JSON.stringify(sent).slice(0, 20));
  });
});

it('reports what is wrong with a batch, and with each of its entries', async () => {
  const { desk } = await serve('jrpc');
  using far = await RawClient.connect(desk.address);
  far.write('[]\n', '[5,{"jsonrpc":"2.0","id":1,"method":"ask","params":7}]\n');
  const [empty, entries] = (await far.answers(2)) as [unknown, unknown];
  expect(empty).toMatchObject({ error: { message: 'Invalid Request: a batch holds at least one message' } });
  expect(entries).toMatchObject([
    { id: null, error: { message: 'Invalid Request: each message of a batch is an object' } },
    { id: 1, error: { message: 'Invalid Request: "params" is an object or an array, not a number' } },
  ]);
});

it.each(['lsp', 'mcp', 'quickrpc'])('reports that the dialect %s has no batches', async (dialect) => {
  const { desk } = await serve(`jrpc?dialect=${dialect}`);
  using far = await RawClient.connect(desk.address);
  far.write('[{"jsonrpc":"2.0","id":1,"method":"ask"}]\n');
  expect(await far.answers(1)).toMatchObject([
    {
      error: { message: 'Invalid Request: this dialect has no batches, so a message is an object, not an array' },
    },
  ]);
});

it.each(['terse', 'jrpc'])('shows no text of a peer that a terminal may act on: %s', async (codec) => {
  const { desk } = await serve(codec);
  using far = await RawClient.connect(desk.address);
  far.write('"\u001b[31m \u202e\n');
  await far.until(() => far.lines.length === 1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  expect(far.lines[0]).not.toMatch(/\u001b|\\u001b\[|\u202e/);
});
