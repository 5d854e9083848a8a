import {
  Code,
  ConnectionLost,
  incoming,
  namespace,
  outgoing,
  type Receivers,
  RemoteAPI,
  RemoteError,
  type Reply,
  type Sender,
  type Side,
  TimeoutError,
  UsageError,
} from 'obverse';
import { mock, stopClock } from 'obverse/testing';
import { afterEach, describe, expect, it } from 'vitest';

class NotFound extends Error {}
class Busy extends Error {}
class Room extends RemoteAPI {
  @incoming({ hasReply: true }) join(_sender: Sender, args: { nick: string }): Reply<number> {
    if (args.nick === '') throw new UsageError('a nick is not empty');
  }
  @incoming said(_sender: Sender, _args: { text: string }): void {}
  @outgoing left(_receivers: Receivers, _args: { nick: string }): void {}
}
class Chat extends RemoteAPI {
  readonly room = namespace(Room);
  @incoming({ hasReply: true, params: ['a', 'b'] }) add(_sender: Sender, _a: number, _b: number): Reply<number> {}
  @incoming({ hasReply: true }) forget(_sender: Sender): Reply<void> {}
  @incoming note(_sender: Sender, _args: { text: string }): void {}
  @outgoing({ hasReply: true }) mood(_receivers: Receivers): Reply<string> {}
  @outgoing news(_receivers: Receivers, _args: { text: string }): void {}
}
type Client = Awaited<ReturnType<typeof mock<Chat>>>['side'];

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});
async function fakeChat(options?: Parameters<typeof mock<Chat>>[1]) {
  const chat = await mock(Chat, options);
  open.push(chat);
  return chat;
}

/** A program under test: joins, and tries again as long as the room is busy. */
async function enter(chat: Client, nick: string): Promise<string> {
  for (;;) {
    try {
      const count = await chat.room.join(null, { nick });
      chat.room.said(null, { text: `hello, ${count} of you` });
      return `joined as number ${count}`;
    } catch (error) {
      if (error instanceof NotFound) return 'there is no room';
      if (!(error instanceof Busy)) throw error;
    }
  }
}

describe.each(['jrpc', 'msgpack', 'clone', 'terse'])('a fake peer, with %s', (codec) => {
  it('returns the set answers, and records the calls', async () => {
    const { side, fake, far, calls } = await fakeChat({ codec });
    fake.room.join.answers(7);
    expect(await enter(side, 'ann')).toBe('joined as number 7');
    expect(await fake.room.said.called()).toEqual([{ text: 'hello, 7 of you' }]);
    expect(fake.room.join.calls).toEqual([[{ nick: 'ann' }]]);
    expect(await side.room.join(null, { nick: 'bob' })).toBe(7);
    expect(calls.map(({ path, args }) => [path, args])).toEqual([
      ['room.join', [{ nick: 'ann' }]],
      ['room.said', [{ text: 'hello, 7 of you' }]],
      ['room.join', [{ nick: 'bob' }]],
    ]);
    expect(calls.map(({ peer }) => peer)).toEqual(Array(3).fill([...far.peers.keys()][0]));
  });

  it('calls the other side', async () => {
    const { side, fake } = await fakeChat({ codec });
    const heard: string[] = [];
    side.mood.connect(() => 'happy');
    const told = new Promise<void>((resolve) => {
      side.news.connect((_sender, { text }) => void heard.push(text));
      side.room.left.connect((_sender, { nick }) => {
        heard.push(nick);
        resolve();
      });
    });
    expect(await fake.mood()).toBe('happy');
    fake.news({ text: 'an answer' });
    fake.room.left({ nick: 'ann' });
    await told;
    expect(heard).toEqual(['an answer', 'ann']);
  });
});

describe('a request without a set answer', () => {
  it('fails at once, and says what to write', async () => {
    const { side } = await fakeChat();
    using _clock = stopClock();
    const asked = side.room.join(null, { nick: 'ann' });
    await expect(asked).rejects.toThrow(RemoteError);
    await expect(asked).rejects.toThrow(
      'the fake Chat has no answer for room.join: call fake.room.join.answers(…), .fails(…), .does(…) or .hangs()',
    );
    await expect(asked).rejects.toMatchObject({ code: Code.InternalError });
  });

  it('is recorded nevertheless', async () => {
    const { side, fake } = await fakeChat();
    await side.add(null, 1, 2).catch(() => {});
    expect(fake.add.calls).toEqual([[1, 2]]);
  });
});

describe('an answer', () => {
  it('can be nothing', async () => {
    const { side, fake } = await fakeChat();
    fake.forget.answers();
    expect(await side.forget(null)).toBeNull();
  });

  it('can be an error, which arrives as an instance of its class', async () => {
    const { side, fake } = await fakeChat({ errorClasses: [NotFound] });
    fake.room.join.fails(new NotFound('no such room'));
    expect(await enter(side, 'ann')).toBe('there is no room');
  });

  it('can be for one call only', async () => {
    const { side, fake } = await fakeChat({ errorClasses: [Busy] });
    fake.room.join.once.fails(new Busy()).once.fails(new Busy()).answers(3);
    expect(await enter(side, 'ann')).toBe('joined as number 3');
    expect(fake.room.join.calls).toHaveLength(3);
    fake.room.join.once.answers(4).once.does(async (_sender, { nick }) => nick.length);
    const answers = [];
    for (let times = 0; times < 3; times++) answers.push(await side.room.join(null, { nick: 'bob' }));
    expect(answers).toEqual([4, 3, 3]);
  });

  it('can be the result of a handler', async () => {
    const { side, fake } = await fakeChat();
    const senders: string[] = [];
    fake.add.does(async (sender, a, b) => {
      senders.push(sender.id);
      return a + b;
    });
    expect(await side.add(null, 2, 3)).toBe(5);
    expect(senders).toHaveLength(1);
    const heard: string[] = [];
    fake.note.does((_sender, { text }) => void heard.push(text));
    side.note(null, { text: 'this' });
    await fake.note.called();
    expect(heard).toEqual(['this']);
  });

  it('can be absent, for a timeout without any waiting', async () => {
    const { side, fake } = await fakeChat();
    fake.add.hangs();
    using clock = stopClock();
    const asked = side.add(null, 1, 2);
    const failed = expect(asked).rejects.toThrow(TimeoutError);
    await clock.turn(60_000);
    await failed;
  });

  it('must be encodable by the codec', async () => {
    const { side, fake } = await fakeChat({ logger: null });
    fake.room.join.answers(7n as never);
    await expect(side.room.join(null, { nick: 'ann' })).rejects.toThrow(/BigInt|bigint/i);
  });

  it('replaces the previous one, until it is removed', async () => {
    const { side, fake } = await fakeChat();
    fake.add.answers(1).answers(2);
    expect(await side.add(null, 0, 0)).toBe(2);
    fake.add.once.answers(5).reset();
    expect(fake.add.calls).toEqual([]);
    await expect(side.add(null, 0, 0)).rejects.toThrow('has no answer');
  });
});

describe('the bodies of the class', () => {
  it('check the calls that reach the fake, as on the real side', async () => {
    const { side, fake } = await fakeChat();
    fake.room.join.answers(1);
    await expect(side.room.join(null, { nick: '' })).rejects.toThrow('a nick is not empty');
    expect(fake.room.join.calls).toEqual([]);
  });
});

describe('waiting for calls', () => {
  it('resolves when the call arrives', async () => {
    const { side, fake } = await fakeChat();
    const [first, third, again] = [fake.note.called(), fake.note.called(3), fake.note.called()];
    for (const text of ['one', 'two', 'three']) side.note(null, { text });
    expect(await Promise.all([first, third, again])).toEqual([
      [{ text: 'one' }],
      [{ text: 'three' }],
      [{ text: 'one' }],
    ]);
    expect(await fake.note.called(2)).toEqual([{ text: 'two' }]);
  });

  it('rejects if it does not arrive, and reports how often it was called', async () => {
    const { side, fake } = await fakeChat();
    await expect(fake.note.called(1, 20)).rejects.toThrow('note was called 0 times within 20 ms, and not 1');
    side.note(null, { text: 'one' });
    await fake.note.called();
    using _clock = stopClock();
    await expect(fake.note.called(2, 20)).rejects.toThrow('note was called once within 20 ms, and not 2');
    // The first line of its stack is in the test, so that a runner can show it.
    const late = await (async function waiting() {
      return fake.note.called(2, 20);
    })().catch((error: Error) => error);
    const [text, site] = String((late as Error).stack).split('\n');
    expect(text).toBe('Error: note was called once within 20 ms, and not 2');
    expect(site).toMatch(/at waiting .*mock\.test\.ts:/);
  });
});

describe('the inverted direction', () => {
  it('fakes the client of a server', async () => {
    const chat = await mock(Chat.invert());
    open.push(chat);
    const server: Side<Chat> = chat.side;
    chat.fake.mood.answers('tired');
    server.add.connect((_sender, a, b) => a + b);
    expect(await server.mood(null)).toBe('tired');
    expect(await chat.fake.add(1, 2)).toBe(3);
    server.news(null, { text: 'hello' });
    expect(await chat.fake.news.called()).toEqual([{ text: 'hello' }]);
  });
});

describe('a fake', () => {
  it('can be dialed by a program that creates its side itself', async () => {
    const { fake, far, address, calls } = await fakeChat({ codec: 'msgpack' });
    fake.add.answers(1);
    const own = await Chat.invert().connect(address, { codec: 'msgpack' });
    open.push(own);
    expect(await own.remote.add(0, 1)).toBe(1);
    expect(far.peers.size).toBe(2);
    expect(calls).toHaveLength(1);
  });

  it('listens at the specified address', async () => {
    const { side, fake, address } = await fakeChat({ transport: 'tcp://127.0.0.1:0' });
    expect(address).toMatch(/^tcp:/);
    fake.add.answers(1);
    side.mood.connect(() => 'connected');
    expect(await fake.mood()).toBe('connected');
    expect(await side.remote.add(0, 1)).toBe(1);
  });

  it('works beside others', async () => {
    const [one, two] = [await fakeChat(), await fakeChat()];
    one.fake.add.answers(1);
    two.fake.add.answers(2);
    expect(await Promise.all([one.side.add(null, 0, 0), two.side.add(null, 0, 0)])).toEqual([1, 2]);
    expect([one.calls.length, two.calls.length]).toEqual([1, 1]);
  });

  it('is closed with its side', async () => {
    const chat = await mock(Chat);
    await chat.close();
    await chat.close();
    await expect(chat.side.add(null, 1, 2)).rejects.toThrow(ConnectionLost);
    await expect(Chat.connect(chat.address)).rejects.toThrow('nobody serves');
  });

  it('refuses what a side refuses', async () => {
    await expect(mock(Chat, { nonsense: 1 } as never)).rejects.toThrow('unknown option "nonsense"');
    await expect(mock(class {} as never)).rejects.toThrow('mock() takes a class that extends RemoteAPI');
  });
});
