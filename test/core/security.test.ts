import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  Code,
  type Frame,
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type RpcError,
  type Security,
  type SecurityInfo,
  type Sender,
} from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { RawClient } from '../support/core-raw.js';
import { failure, Log, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n?: number }): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: { n?: number }): void {}
  @incoming({ hasReply: true, params: ['a', 'b'] }) add(_sender: Sender, _a: number, _b?: number): Reply<unknown> {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: { n?: number }): void {}
}

async function side(security: string | Security | null, options: object = {}) {
  const played = new Played();
  const far = played.visit();
  const log = new Log();
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: log, security, ...options });
  await turn();
  return { api, played, far, log };
}
const header = (user: string) => ({ jsonrpc: '2.0', method: 'rpc.secinfo', params: { user } });

describe('the security "user"', () => {
  it.each(['user?user=joe', 'blindly_believe_everything?user=joe'])(
    'sends the user before each message: %s',
    async (security) => {
      const { api, far } = await side(security);
      api.ask.connect(() => 'yes');
      api.news(null, { n: 1 });
      void failure(api.question(null, {}));
      far.say({ jsonrpc: '2.0', id: 1, method: 'ask' }, { jsonrpc: '2.0', id: 2, method: 'nope' });
      await turn();
      expect(
        far.heard.map(({ method, result, error, params }) => params?.user ?? method ?? result ?? error.code),
      ).toEqual([...['joe', 'news', 'joe', 'question'], ...['joe', 'yes', 'joe', Code.MethodNotFound]]);
      await api.close();
    },
  );

  it('passes the user to the handler, in its sender', async () => {
    const { api, far } = await side('user?user=joe');
    const seen: unknown[] = [];
    api.tell.connect((sender) => void seen.push(sender.securityInfo));
    const tell = { jsonrpc: '2.0', method: 'tell', params: {} };
    far.say(header('ann'), tell, tell, header('ben'), tell);
    expect(seen).toEqual([{ user: 'ann' }, undefined, { user: 'ben' }]);
  });

  it('sends an empty name by default', async () => {
    const { api, far } = await side('user');
    api.news(null, {});
    await turn();
    expect(far.heard[0]).toEqual(header(''));
  });

  it('refuses a misspelt option', async () => {
    expect((await failure(side('user?name=joe'))).message).toBe('user: has no option "name"; there are user');
  });
});

it('handlers receive the information as an argument only with passSecurityInfo, after all others', async () => {
  const { api, far } = await side('user?user=joe');
  const seen: unknown[][] = [];
  api.add.connect((_sender, ...rest) => void seen.push(rest));
  api.tell.connect((_sender, ...rest) => void seen.push(rest));
  const say = () => {
    far.say(header('ann'), { jsonrpc: '2.0', id: 1, method: 'add', params: { a: 1 } });
    far.say(header('ann'), { jsonrpc: '2.0', method: 'tell', params: { n: 1 } });
  };
  say();
  api.add.passSecurityInfo();
  expect(api.tell.passSecurityInfo(true)).toBe(api.tell);
  say();
  far.say({ jsonrpc: '2.0', method: 'tell', params: { n: 1 } });
  api.tell.passSecurityInfo(false);
  far.say(header('ann'), { jsonrpc: '2.0', method: 'tell', params: { n: 1 } });
  expect(seen).toEqual([
    ...[[1], [{ n: 1 }]],
    ...[
      [1, undefined, { user: 'ann' }],
      [{ n: 1 }, { user: 'ann' }],
    ],
    ...[[{ n: 1 }, undefined], [{ n: 1 }]],
  ]);
});

describe('without a security', () => {
  it.each([null, 'null', undefined])('nothing is added, and a received header is ignored: %j', async (security) => {
    const { api, far, log } = await side(security as null);
    const seen: unknown[] = [];
    api.ask.connect((sender) => void seen.push(sender.securityInfo) as never);
    far.say(header('ann'), { jsonrpc: '2.0', id: 1, method: 'ask', params: {}, securityInfo: { user: 'forged' } });
    await turn();
    expect(seen).toEqual([undefined]);
    expect(far.heard).toEqual([{ jsonrpc: '2.0', id: 1, result: null }]);
    expect(log.warnings).toEqual([]);
  });
});

describe('requireSecurityInfo', () => {
  it('refuses a message without information, with an error to its sender, and reports it', async () => {
    const { api, far, log } = await side('user?user=joe', { requireSecurityInfo: true });
    let calls = 0;
    api.ask.connect(() => ++calls);
    api.tell.connect(() => void ++calls);
    far.say({ jsonrpc: '2.0', id: 1, method: 'ask', params: {} }, { jsonrpc: '2.0', method: 'tell', params: {} });
    const asked = failure<RpcError>(api.to(null, { timeout: 50 }).question({}));
    await turn();
    far.say({ jsonrpc: '2.0', id: 1, result: 'unsigned' });
    far.say(header('ann'), { jsonrpc: '2.0', id: 2, method: 'ask', params: {} });
    await turn();
    expect(calls).toBe(1);
    const answers = far.heard.filter(({ method }) => method === undefined);
    expect(answers[0]).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: {
        code: Code.Refused,
        message: 'refused a message without security information, which this side requires',
      },
    });
    expect(answers[1]).toMatchObject({ id: 2, result: 1 });
    expect(log.texts).toEqual(
      Array(3).fill('refused a message without security information, which this side requires'),
    );
    // The unsigned reply was not accepted either.
    expect((await asked).code).toBe(Code.Timeout);
  });

  it('throws without a security', () => {
    for (const security of [undefined, null, 'null'] as const)
      expect(() => Spec.create({ requireSecurityInfo: true, ...(security !== undefined && { security }) })).toThrow(
        'requireSecurityInfo refuses every message as long as there is no security',
      );
  });
});

/** Signs with the length of the message in letters; refuses a message of another length. */
const length: Security = {
  seal: (payload) => ({ info: { length: payload.length } }),
  open: (payload, info) => {
    if (payload.length !== info.length) throw new Error('somebody has changed the message');
    return payload;
  },
};

describe('a security that throws', () => {
  it('has the message reported, and answered if that is possible', async () => {
    const { api, far, log } = await side(length);
    let calls = 0;
    api.tell.connect(() => void calls++);
    const tell = '{"jsonrpc":"2.0","method":"tell","params":{}}';
    const sealed = (info: number) => far.say({ jsonrpc: '2.0', method: 'rpc.secinfo', params: { length: info } }, tell);
    sealed(tell.length);
    sealed(tell.length + 1);
    sealed(tell.length);
    await turn();
    expect(calls).toBe(2);
    expect(log.texts).toEqual(['a message was refused: somebody has changed the message']);
    expect(far.heard.at(-1)).toMatchObject({ id: null, error: { code: Code.Refused } });
  });

  it('has its refusals counted as messages that cannot be read: ten in a row at most', async () => {
    const { far } = await side(length);
    for (let n = 0; n < 30; n++) far.say({ jsonrpc: '2.0', method: 'rpc.secinfo', params: { length: -1 } }, '{}');
    expect(far.closes[0]).toMatchObject({ message: expect.stringMatching(/^11 messages in a row could not be read/) });
  });

  it('receives the payload exactly as it was sent', async () => {
    const seen: Frame[] = [];
    const open = (payload: Frame) => {
      seen.push(payload);
      return payload;
    };
    const { far } = await side({ ...length, open });
    const spaced = '  {"jsonrpc" : "2.0" , "method":"tell","params":{ "é": "\\u00e9" } }';
    far.say(header('ann'), spaced);
    expect(seen).toEqual([spaced]);
  });

  it('in seal fails only the call that it was to seal', async () => {
    const { api, far, log } = await side({
      ...length,
      seal: (payload) => {
        if ((payload as string).includes('secret')) throw new Error('this may not leave');
        return { info: {} };
      },
    });
    expect((await failure(api.question(null, { secret: 1 }))).message).toBe('this may not leave');
    expect(() => api.news(null, { n: 1, secret: 2 } as object)).toThrow('this may not leave');
    api.ask.connect(() => 'secret');
    far.say({ jsonrpc: '2.0', id: 7, method: 'ask' });
    api.news(null, { n: 2 });
    await turn();
    expect(far.heard.map(({ id, method, error }) => error?.message ?? method ?? id)).toEqual([
      'the answer could not be sealed',
      'news',
    ]);
    expect(log.texts).toEqual(['this may not leave']);
    expect(far.closes).toEqual([]);
  });
});

it('a security sends nothing before a message for which it returns no information', async () => {
  const { api, far } = await side({ seal: () => ({ info: {} }), open: (payload) => payload });
  api.news(null, { n: 1 });
  await turn();
  expect(far.heard).toEqual([{ jsonrpc: '2.0', method: 'news', params: { n: 1 } }]);
});

it('a notification to several is sealed once', async () => {
  let seals = 0;
  const { api, played, far } = await side({ ...length, seal: () => ({ info: { n: ++seals } }) });
  const others = [played.visit('a'), played.visit('b')];
  api.news(null, { n: 1 });
  await turn();
  expect(seals).toBe(1);
  for (const link of [far, ...others]) expect(link.heard.map(({ params }) => params)).toEqual([{ n: 1 }, { n: 1 }]);
});

describe('header and payload on a stream', () => {
  it('are the same bytes as in quickrpc', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const api = await Spec.connect(`tcp://127.0.0.1:${port}`, {
      codec: 'jrpc?dialect=quickrpc',
      security: 'user?user=joe',
    });
    await until(() => sockets.length === 1);
    let bytes = '';
    sockets[0]?.setEncoding('utf8').on('data', (text: string) => {
      bytes += text;
    });
    api.news(null, { n: 1 });
    await api.close();
    await until(() => bytes.endsWith('}\0') && bytes.split('\0').length === 3);
    expect(bytes).toBe(
      '{"jsonrpc":"2.0","method":"rpc.secinfo","params":{"user":"joe"}}\0{"jsonrpc":"2.0","method":"news","params":{"n":1}}\0',
    );
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it('belong together however the stream is cut', async () => {
    const opened: [Frame, SecurityInfo][] = [];
    const security: Security = {
      seal: () => ({ info: {} }),
      open: (payload, info) => {
        opened.push([payload, info]);
        return payload;
      },
    };
    await using server = await Spec.serve('tcp://127.0.0.1:0', { security, logger: null });
    const seen: unknown[] = [];
    server.tell.connect((sender, { n }) => void seen.push([sender.securityInfo, n]));
    using client = await RawClient.connect(server.address);
    client.socket.setNoDelay(true);
    const text = [1, 2, 3]
      .map((n) => `${JSON.stringify(header(`u${n}`))}\n{"jsonrpc":"2.0","method":"tell","params":{"n":${n}}}\n`)
      .join('');
    for (const piece of text.match(/.{1,7}/gs) as string[]) {
      client.socket.write(piece);
      await turn();
    }
    await until(() => seen.length === 3);
    expect(seen).toEqual([1, 2, 3].map((n) => [{ user: `u${n}` }, n]));
    expect(opened.length).toBe(3);
  });
});
