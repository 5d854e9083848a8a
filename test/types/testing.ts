import { type Handler, type Inverted, incoming, RemoteAPI, type Reply, type Sender, type Side } from 'obverse';
import {
  type Fake,
  type FakeCall,
  type FakeMethod,
  type FakeNotification,
  type FakeRequest,
  type Mock,
  mock,
  record,
  replay,
  type StoppedClock,
  stopClock,
} from 'obverse/testing';
import type { Equal, Expect } from './equal.js';
import { Chat, type Room } from './spec.js';

type Here = Fake<Chat>;
type There = Fake<Inverted<Chat>>;

export type Members = [
  Expect<
    Equal<
      keyof Here,
      'notify' | 'echo' | 'log' | 'forget' | 'ticks' | 'ping' | 'room' | 'house' | 'hello' | 'add' | 'lines' | 'news'
    >
  >,
  Expect<Equal<keyof Here['room'], 'join' | 'left'>>,
  Expect<Equal<keyof Here['house']['attic'], 'join' | 'left'>>,
  Expect<Equal<Here['notify'], FakeNotification<Chat['notify']>>>,
  Expect<Equal<Here['echo'], FakeRequest<Chat['echo']>>>,
  Expect<Equal<Here['room']['join'], FakeMethod<Room['join']>>>,
  Expect<Equal<Here['hello'], (_args: { who: string }) => void>>,
  Expect<Equal<Here['add'], (_a: number, _b?: number) => Promise<number>>>,
  // The other side: outgoing methods here are incoming there.
  Expect<Equal<There['echo'], (_args: { text: string }) => Promise<string>>>,
  Expect<Equal<There['hello']['calls'], readonly [_args: { who: string }][]>>,
  Expect<Equal<Parameters<There['add']['answers']>, [value: number]>>,
];

export type Answers = [
  Expect<Equal<Parameters<Here['echo']['answers']>, [value: string]>>,
  Expect<Equal<Parameters<Here['ping']['answers']>, [value: 'pong']>>,
  Expect<Equal<Parameters<Here['forget']['answers']>, [value?: void]>>,
  Expect<Equal<Parameters<Here['ticks']['answers']>, [value: ReturnType<Handler<Chat['ticks']>>]>>,
  Expect<Equal<Here['echo']['calls'], readonly [_args: { text: string }][]>>,
  Expect<Equal<Here['log']['calls'], readonly string[][]>>,
  Expect<Equal<Here['forget']['calls'], readonly [_args?: { all?: boolean } | undefined][]>>,
  Expect<Equal<ReturnType<Here['echo']['called']>, Promise<[_args: { text: string }]>>>,
  Expect<
    Equal<
      Parameters<Here['echo']['does']>,
      [handler: (sender: Sender, _args: { text: string }) => string | Promise<string>]
    >
  >,
  // A notification has no answer.
  Expect<Equal<Extract<keyof Here['notify'], 'answers' | 'fails' | 'hangs' | 'once'>, never>>,
];

export type Mocks = [
  Expect<Equal<Mock<Chat>['side'], Side<Inverted<Chat>>>>,
  Expect<Equal<Mock<Chat>['far'], Side<Chat>>>,
  Expect<Equal<Mock<Inverted<Chat>>['side'], Side<Chat>>>,
  Expect<Equal<Mock<Chat>['calls'], readonly FakeCall[]>>,
];

/** As in the pages: the types are inferred. */
export async function use(): Promise<void> {
  await using chat = await mock(Chat, { codec: 'msgpack', timeout: 10 });
  const { side, fake } = chat;
  fake.echo.answers('text').once.answers('first').once.fails(new Error('then')).hangs();
  fake.forget.answers();
  fake.room.join.does((sender, { nick }) => nick.length + sender.id.length);
  fake.notify.does((_sender, { text }) => void text.length).reset();
  fake.hello({ who: 'ann' });
  const text: string = await side.echo(null, { text: 'a' });
  const [first] = await fake.echo.called();
  const length: number = first.text.length + text.length;
  const sum: number = await fake.add(1, length);

  await using other = await mock(Chat.invert());
  const server: Side<Chat> = other.side;
  server.echo.connect((_sender, args) => args.text);
  other.fake.add.answers(sum);

  // @ts-expect-error a string is not a number
  fake.room.join.answers('seven');
  // @ts-expect-error the other side does not handle this method, it calls it
  fake.hello.answers();
  // @ts-expect-error a notification has no answer
  fake.notify.answers('text');
  // @ts-expect-error there is no such method
  fake.nonsense.answers(1);
  // @ts-expect-error an answer is required
  fake.echo.answers();
  // @ts-expect-error a helper of the class is not a method
  fake.helper.answers('text');
  // @ts-expect-error not a class of the library
  await mock(Date);

  using clock: StoppedClock = stopClock();
  await clock.turn(60_000);
  const replayed = replay('chat.jsonl', { same: (recorded, sent) => recorded.length === sent.length });
  await Chat.connect(record('tcp://127.0.0.1:1', 'chat.jsonl'));
  await Chat.connect(replayed);
  replayed.verify();
}

/** A method that can return anything can be answered with anything in the fake. */
class Loose extends RemoteAPI {
  @incoming({ hasReply: true }) get(_sender: Sender): Reply<unknown> {}
}
export type Unknown = Expect<Equal<Parameters<Fake<Loose>['get']['answers']>, [value: unknown]>>;
