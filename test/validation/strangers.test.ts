import {
  incoming,
  issuesOf,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  ValidationError,
} from 'obverse';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RawClient } from '../support/core-raw.js';

class Clock extends RemoteAPI {
  @incoming({ hasReply: true, args: z.object({ zone: z.string().default('UTC'), hour: z.number() }) })
  set(_sender: Sender, _args: { zone?: string; hour: number }): Reply<string> {}
  @incoming({ hasReply: true, allowPositionalArgs: true, args: [z.number(), z.number().default(10)] })
  add(_sender: Sender, _a: number, _b?: number): Reply<number> {}
  @incoming({ hasReply: true, args: z.object({ x: z.number() }) }) lost(
    _sender: Sender,
    _args: { x: number },
  ): Reply<1> {}
  @incoming({ params: ['a'], args: [z.number()], hasReply: true }) one(_sender: Sender, _a: number): Reply<number> {}
  @outgoing({ hasReply: true, returns: z.number() }) ask(_receivers: Receivers): Reply<number> {}
}

async function clock() {
  const side = await Clock.serve('tcp://127.0.0.1:0', { logger: null });
  side.set.connect((_sender, { zone, hour }) => `${hour} ${zone}`);
  side.add.connect((_sender, a, b) => a + (b ?? 0));
  side.one.connect((_sender, a) => a);
  return side;
}

describe('a plain JSON-RPC client', () => {
  it('receives −32602 with the issues, and gets defaults', async () => {
    await using side = await clock();
    using client = await RawClient.connect(side.address);
    client.write(
      { jsonrpc: '2.0', id: 1, method: 'set', params: { hour: 5 } },
      { jsonrpc: '2.0', id: 2, method: 'set', params: { hour: '5', zone: 1 } },
      { jsonrpc: '2.0', id: 3, method: 'set' },
      { jsonrpc: '2.0', id: 4, method: 'add', params: [1] },
      { jsonrpc: '2.0', id: 5, method: 'add', params: [1, null] },
      { jsonrpc: '2.0', id: 6, method: 'add', params: [null, 1] },
    );
    const issue = (path: unknown[]): unknown => ({ path, message: expect.stringMatching(/expected/) as string });
    const refused = (id: number, text: RegExp, issues: unknown[]): unknown => ({
      jsonrpc: '2.0',
      id,
      error: { code: -32602, message: expect.stringMatching(text) as string, data: { issues } },
    });
    expect(await client.answers(6)).toEqual([
      { jsonrpc: '2.0', id: 1, result: '5 UTC' },
      refused(2, /^set: zone: .*; hour: /, [issue(['zone']), issue(['hour'])]),
      refused(3, /^set: hour: /, [issue(['hour'])]),
      { jsonrpc: '2.0', id: 4, result: 11 },
      { jsonrpc: '2.0', id: 5, result: 11 },
      refused(6, /^add: 0: /, [issue([0])]),
    ]);
  });

  it('receives errors first that need no schema', async () => {
    await using side = await clock();
    using client = await RawClient.connect(side.address);
    client.write(
      { jsonrpc: '2.0', id: 1, method: 'lost', params: { x: 'y' } },
      { jsonrpc: '2.0', id: 2, method: 'one', params: { b: 'y' } },
      { jsonrpc: '2.0', id: 3, method: 'set', params: ['y'] },
    );
    expect(await client.answers(3)).toMatchObject([
      { error: { code: -32601, message: 'nobody handles lost: no handler is connected' } },
      { error: { code: -32602, message: 'one has no argument "b"; its arguments are a' } },
      { error: { code: -32602, message: 'set takes its arguments by name, in one object' } },
    ]);
  });
});

describe('many receivers', () => {
  it('have their results checked separately', async () => {
    await using side = await clock();
    await using good = await Clock.invert().connect(side.address);
    await using bad = await Clock.invert().connect(side.address);
    good.ask.connect(() => 5);
    bad.ask.connect(() => 'five' as unknown as number);
    const answers = await side.gather(null).ask();
    const values = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : answer.reason));
    expect(values).toContain(5);
    const failed = values.find((value) => value !== 5);
    expect(failed).toBeInstanceOf(ValidationError);
    expect(issuesOf(failed)).toHaveLength(1);
  });
});
