import { expect, it, vi } from 'vitest';
import {
  Code,
  type Id,
  incoming,
  outgoing,
  type Peer,
  ProtocolError,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
} from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { Log } from '../support/core-waiting.js';

interface Told {
  readonly peer: Peer;
  readonly error: unknown;
  readonly id: Id | undefined;
}

class Plain extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: object): void {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: object): void {}
}

class Spec extends Plain {
  readonly told: Told[] = [];
  protected override onMessageError(peer: Peer, error: unknown, id?: Id): void {
    this.told.push({ peer, error, id });
  }
}

async function side(spec: typeof Plain = Spec, inverted = false, logger: Log | null = new Log()) {
  const played = new Played();
  const far = played.visit();
  const api = await spec.connect(played.maker, { codec: 'jrpc?hello=off', logger, invert: inverted } as {
    codec: string;
  });
  return { api, far, told: (api as unknown as Spec).told };
}

it('onMessageError receives the peer, the error and the id, on either side of the class', async () => {
  for (const inverted of [false, true]) {
    const { api, far, told } = await side(Spec, inverted);
    far.say('{', { jsonrpc: '2.0', id: 'x', method: 5 }, { jsonrpc: '2.0', id: 9, result: 1 });
    await turn();
    expect(told.map(({ error }) => error)).toEqual([
      expect.objectContaining({ code: Code.ParseError }),
      expect.objectContaining({ code: Code.InvalidRequest }),
      expect.objectContaining({ message: 'an answer to a call that this side has not made: id 9' }),
    ]);
    expect(told.every(({ error }) => error instanceof ProtocolError)).toBe(true);
    expect(told.map(({ id }) => id)).toEqual([undefined, 'x', 9]);
    expect(told.every(({ peer }) => peer === api.peers.get('far'))).toBe(true);
  }
});

it('onMessageError receives what the handler of a notification throws, unchanged', async () => {
  const { api, far, told } = await side();
  const thrown = { not: 'an error' };
  api.tell.connect(() => {
    throw thrown;
  });
  far.say({ jsonrpc: '2.0', method: 'tell' }, { jsonrpc: '2.0', method: 'nope' }, { jsonrpc: '2.0', method: 'news' });
  await turn();
  expect(told[0]?.error).toBe(thrown);
  expect(told.slice(1).map(({ error }) => (error as Error).message)).toEqual([
    'the method "nope" is unknown',
    'the method "news" has the other direction: this side calls it, and does not serve it',
  ]);
});

it('onMessageError is not called for a request that was answered with an error', async () => {
  const { api, far, told } = await side();
  api.ask.connect(() => {
    throw new Error('told to the caller');
  });
  far.say({ jsonrpc: '2.0', id: 1, method: 'ask' }, { jsonrpc: '2.0', id: 2, method: 'nope' });
  await turn();
  expect(far.heard.length).toBe(2);
  expect(told).toEqual([]);
});

it('onMessageError receives what listeners for peers throw or reject with', async () => {
  const played = new Played();
  const api = Spec.create({ transport: played.maker, codec: 'jrpc?hello=off' });
  api.on('connect', () => {
    throw new Error('connect');
  });
  api.on('connect', (async () => {
    throw new Error('connect, later');
  }) as () => void);
  api.on('disconnect', () => {
    throw new Error('disconnect');
  });
  await api.open();
  played.visit('ann').close();
  await turn();
  const { told } = api as unknown as Spec;
  expect(told.map(({ peer, error }) => `${peer.id}: ${(error as Error).message}`)).toEqual([
    'ann: connect',
    'ann: connect, later',
    'ann: disconnect',
  ]);
});

it.each([
  [
    'throws',
    () => {
      throw new Error('in onMessageError');
    },
  ],
  [
    'rejects',
    async () => {
      throw new Error('in onMessageError');
    },
  ],
])('onMessageError does not affect the side if it %s', async (_how, fail) => {
  class Failing extends Plain {
    protected override onMessageError(): void {
      // biome-ignore lint/correctness/noVoidTypeReturn: an override may be async
      return fail() as never;
    }
  }
  const log = new Log();
  const { api, far } = await side(Failing, false, log);
  api.ask.connect(() => 'still here');
  api.tell.connect(() => {
    throw new Error('from a handler');
  });
  far.say('{', '[]', { jsonrpc: '2.0', method: 'tell' }, { jsonrpc: '2.0', id: 3, result: 1 });
  far.say({ jsonrpc: '2.0', id: 1, method: 'ask' });
  await turn();
  expect(far.heard.at(-1)).toMatchObject({ id: 1, result: 'still here' });
  expect(far.closes).toEqual([]);
  expect(log.errors.map(([text, error]) => [text, (error as Error).message])).toEqual(
    Array(4).fill(['obverse: onMessageError has thrown:', 'in onMessageError']),
  );
});

it('onMessageError does not affect the side if the logger throws too', async () => {
  const broken = () => {
    throw new Error('no room on the disk');
  };
  const played = new Played();
  const far = played.visit();
  const api = await Plain.connect(played.maker, { codec: 'jrpc?hello=off', logger: { warn: broken, error: broken } });
  await turn();
  api.ask.connect(() => 'still here');
  far.say('{', { jsonrpc: '2.0', method: 'nope' }, { jsonrpc: '2.0', id: 1, method: 'ask' });
  await turn();
  expect(far.heard.at(-1)).toMatchObject({ id: 1, result: 'still here' });
});

it('onMessageError may close the peer that it receives', async () => {
  class Strict extends Plain {
    protected override onMessageError(peer: Peer, error: unknown): void {
      void peer.close(error as Error);
    }
  }
  const { api, far } = await side(Strict);
  let calls = 0;
  api.tell.connect(() => void calls++);
  const tell = '{"jsonrpc":"2.0","method":"tell"}';
  far.say(tell, `[${tell},1,${tell}]`);
  await turn();
  expect(calls).toBe(2);
  expect(far.closes.length).toBe(1);
  expect(far.closes[0]).toBeInstanceOf(ProtocolError);
  expect(api.peers.size).toBe(0);
});

it('refuses a spec that overrides the former name of onMessageError, which nothing would call', async () => {
  class Former extends Plain {
    messageError(): void {}
  }
  class Method extends Plain {
    @incoming messageError(_sender: Sender, _args: object): void {}
  }
  expect(() => Former.create()).toThrow('Former.messageError is never called: its name is onMessageError now');
  expect(() => class extends Former {}.invert().create()).toThrow('onMessageError');
  expect(Method.describe().map(({ method }) => method)).toContain('messageError');
});

it('onMessageError logs to the logger of the options by default, with the id of the message', async () => {
  const log = new Log();
  const { api, far } = await side(Plain, false, log);
  api.tell.connect(() => {
    throw new RangeError('from a handler');
  });
  far.say('{', { jsonrpc: '2.0', id: 7, method: 'tell' });
  await turn();
  expect(log.warnings[0]).toEqual(['obverse: far:', 'Parse error: "{"']);
  expect(log.warnings[1]?.[0]).toBe('obverse: tell from far (message 7):');
  expect(log.warnings[1]?.[1]).toBeInstanceOf(RangeError);
  expect(log.errors).toEqual([]);
});

it('onMessageError logs to the console by default, and nowhere if the logger is null', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const error = vi.spyOn(console, 'error').mockImplementation(() => {});
  try {
    const silent = await side(Plain, false, null);
    silent.far.say('{');
    expect(warn.mock.calls).toEqual([]);
    const played = new Played();
    const far = played.visit();
    await Plain.connect(played.maker, { codec: 'jrpc?hello=off' });
    await turn();
    far.say('{');
    expect(warn.mock.calls).toEqual([['obverse: far:', 'Parse error: "{"']]);
    expect(error.mock.calls).toEqual([]);
  } finally {
    vi.restoreAllMocks();
  }
});
