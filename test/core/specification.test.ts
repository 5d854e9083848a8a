import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { incoming, RemoteAPI, type Reply, type Sender, type Side } from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { until } from '../support/core-waiting.js';

/** The server of the examples in section 7 of the JSON-RPC 2.0 specification. */
class Example extends RemoteAPI {
  @incoming({ hasReply: true, params: ['minuend', 'subtrahend'], allowPositionalArgs: true })
  subtract(_sender: Sender, _minuend: number, _subtrahend: number): Reply<number> {}
  @incoming({ hasReply: true, allowPositionalArgs: true })
  sum(_sender: Sender, ..._numbers: number[]): Reply<number> {}
  @incoming({ hasReply: true }) get_data(_sender: Sender): Reply<unknown> {}
  @incoming({ allowPositionalArgs: true }) update(_sender: Sender, ..._numbers: number[]): void {}
  @incoming({ allowPositionalArgs: true }) notify_hello(_sender: Sender, _n: number): void {}
  @incoming({ allowPositionalArgs: true }) notify_sum(_sender: Sender, ..._numbers: number[]): void {}
}

let server: Side<Example>;
const heard: unknown[] = [];
beforeAll(async () => {
  server = await Example.serve('tcp://127.0.0.1:0', { logger: null });
  server.subtract.connect((_sender, minuend, subtrahend) => minuend - subtrahend);
  server.sum.connect(async (_sender, ...numbers) => numbers.reduce((a, b) => a + b, 0));
  server.get_data.connect(() => ['hello', 5]);
  server.update.connect((_sender, ...numbers) => void heard.push(['update', ...numbers]));
  server.notify_hello.connect((_sender, n) => void heard.push(['notify_hello', n]));
  server.notify_sum.connect((_sender, ...numbers) => void heard.push(['notify_sum', ...numbers]));
});
afterAll(() => server.close());
beforeEach(() => void heard.splice(0));

const invalid = {
  jsonrpc: '2.0',
  error: { code: -32600, message: expect.stringMatching(/^Invalid Request: ./) },
  id: null,
};
const parseError = {
  jsonrpc: '2.0',
  error: { code: -32700, message: expect.stringMatching(/^Parse error: ./) },
  id: null,
};
/** The specification's text is "Method not found"; that of Obverse names the method and the reason. */
const notFound = (method: string, id: unknown) => ({
  jsonrpc: '2.0',
  error: { code: -32601, message: `the method "${method}" is unknown` },
  id,
});

it.each<[string, string, unknown]>([
  [
    'positional parameters',
    '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
    { jsonrpc: '2.0', result: 19, id: 1 },
  ],
  [
    'positional parameters, the other way round',
    '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
    { jsonrpc: '2.0', result: -19, id: 2 },
  ],
  [
    'named parameters',
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    { jsonrpc: '2.0', result: 19, id: 3 },
  ],
  [
    'named parameters, in the other order',
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
    { jsonrpc: '2.0', result: 19, id: 4 },
  ],
  ['a notification', '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', undefined],
  ['a notification of an unknown method', '{"jsonrpc": "2.0", "method": "foobar"}', undefined],
  ['a call of an unknown method', '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', notFound('foobar', '1')],
  ['a call with invalid JSON', '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', parseError],
  ['an invalid request', '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', invalid],
  [
    'a batch with invalid JSON',
    '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]',
    parseError,
  ],
  ['an empty batch', '[]', invalid],
  ['an invalid batch that is not empty', '[1]', [invalid]],
  ['an invalid batch', '[1,2,3]', [invalid, invalid, invalid]],
  [
    'a batch',
    `[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
      {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]`,
    [
      { jsonrpc: '2.0', result: 7, id: '1' },
      { jsonrpc: '2.0', result: 19, id: '2' },
      invalid,
      notFound('foo.get', '5'),
      { jsonrpc: '2.0', result: ['hello', 5], id: '9' },
    ],
  ],
  [
    'a batch of notifications',
    `[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]`,
    undefined,
  ],
])('%s is answered as the specification requires', async (_name, sent, expected) => {
  using client = await RawClient.connect(server.address);
  // Each on a line of its own. The call after it shows that nothing else was answered, and that the link continues.
  client.write(`${sent.replaceAll('\n', '')}\n`, { jsonrpc: '2.0', method: 'get_data', id: 'end' });
  const count = expected === undefined ? 1 : 2;
  const answers = await client.answers(count);
  const end = answers.findIndex((answer) => (answer as { id?: unknown }).id === 'end');
  expect(answers[end]).toEqual({ jsonrpc: '2.0', result: ['hello', 5], id: 'end' });
  const [answer] = answers.filter((_answer, n) => n !== end);
  if (!Array.isArray(expected)) expect(answer).toEqual(expected);
  else {
    // The answers of a batch may be in any order.
    expect((answer as unknown[]).length).toBe(expected.length);
    expect(answer).toEqual(expect.arrayContaining(expected));
  }
  expect(client.lines.length).toBe(count);
});

it('the notifications of the examples are handled', async () => {
  using client = await RawClient.connect(server.address);
  client.write({ jsonrpc: '2.0', method: 'update', params: [1, 2, 3, 4, 5] });
  client.write([
    { jsonrpc: '2.0', method: 'notify_sum', params: [1, 2, 4] },
    { jsonrpc: '2.0', method: 'notify_hello', params: [7] },
  ]);
  await until(() => heard.length === 3);
  expect(heard).toEqual([
    ['update', 1, 2, 3, 4, 5],
    ['notify_sum', 1, 2, 4],
    ['notify_hello', 7],
  ]);
});

it('a batch is answered when its last answer is available, and other calls meanwhile', async () => {
  await using slow = await Example.serve('tcp://127.0.0.1:0', { logger: null });
  let finish = (_value: number): void => {};
  slow.sum.connect(() => new Promise<number>((resolve) => (finish = resolve)));
  slow.get_data.connect(() => 'at once');
  using client = await RawClient.connect(slow.address);
  client.write([
    { jsonrpc: '2.0', method: 'sum', id: 1 },
    { jsonrpc: '2.0', method: 'get_data', id: 2 },
  ]);
  client.write({ jsonrpc: '2.0', method: 'get_data', id: 3 });
  expect(await client.answers(1)).toEqual([{ jsonrpc: '2.0', result: 'at once', id: 3 }]);
  finish(5);
  const [, batch] = await client.answers(2);
  expect(batch).toEqual([
    { jsonrpc: '2.0', result: 'at once', id: 2 },
    { jsonrpc: '2.0', result: 5, id: 1 },
  ]);
});

it('an id that occurs twice in a batch is refused while it is in use', async () => {
  await using slow = await Example.serve('tcp://127.0.0.1:0', { logger: null });
  slow.sum.connect(async () => 5);
  using client = await RawClient.connect(slow.address);
  client.write([1, 1].map((id) => ({ jsonrpc: '2.0', method: 'sum', id })));
  const [batch] = (await client.answers(1)) as { error?: { code: number }; result?: number }[][];
  expect(batch?.map(({ error, result }) => error?.code ?? result)).toEqual([-32600, 5]);
});

it('answers in a batch are matched to their calls', async () => {
  class Caller extends Example {}
  await using side = await Caller.invert().serve('tcp://127.0.0.1:0', { logger: null });
  using client = await RawClient.connect(side.address);
  await until(() => side.peers.size === 1);
  const asked = [side.sum(null, 1), side.sum(null, 2)];
  const calls = (await client.answers(2)) as { id: number; params: number[] }[];
  client.write(calls.map(({ id, params }) => ({ jsonrpc: '2.0', id, result: (params[0] as number) * 10 })).reverse());
  expect(await Promise.all(asked)).toEqual([10, 20]);
});
