import type { APIClass, Handlers, Incoming, Inverted, Receivers, Remote, Reply, Reverse, Sender, Side } from 'obverse';
import type { Alike, Equal, Expect } from './equal.js';
import { Chat, type House, type Room } from './spec.js';

type Other = Inverted<Chat>;

export type Twice = [
  Expect<Equal<Inverted<Inverted<Chat>>, Chat>>,
  Expect<Equal<Inverted<Inverted<Room>>, Room>>,
  Expect<Equal<Inverted<Other['house']>, House>>,
  Expect<Equal<Inverted<Inverted<Other>>, Other>>,
  Expect<Alike<Side<Inverted<Other>>, Side<Chat>>>,
  Expect<Equal<Other, Reverse<Chat>>>,
];

export type Swapped = [
  Expect<Equal<Other['echo'], (receivers: Receivers, _args: { text: string }) => Reply<string>>>,
  Expect<Equal<Other['hello'], (sender: Sender, _args: { who: string }) => void>>,
  Expect<Equal<Other['add'], (sender: Sender, _a: number, _b?: number) => Reply<number>>>,
  Expect<Equal<Other['log'], (receivers: Receivers, ..._lines: string[]) => void>>,
  Expect<Equal<Other['room'], Inverted<Room>>>,
  // Helpers and fields belong to the side that the class is written for.
  Expect<Equal<Extract<keyof Other, 'helper' | 'check' | 'longest'>, never>>,
  Expect<
    Equal<keyof Remote<Other>, 'notify' | 'echo' | 'log' | 'forget' | 'ticks' | 'ping' | 'room' | 'news' | 'house'>
  >,
  Expect<Equal<keyof Handlers<Other>, 'hello' | 'add' | 'lines' | 'room' | 'news' | 'house'>>,
  Expect<Equal<Side<Other>['hello'], Incoming<Other['hello']>>>,
];

type There = Side<Other>;
/** All expressions for the other side have the same type. */
export async function roads(): Promise<There[]> {
  const inverse: APIClass<Other> = Chat.invert();
  return [
    inverse.create(),
    Chat.create({ invert: true }),
    await Chat.serve('memory:a', { invert: true }),
    await Chat.connect('memory:a', { invert: true, timeout: 1 }),
    await inverse.connect('memory:a'),
    inverse.invert().create({ invert: true }),
    inverse.invert().invert().create(),
  ];
}
/** And so have all expressions for the way back. */
export async function back(): Promise<Side<Chat>[]> {
  const inverse = Chat.invert();
  return [
    inverse.invert().create(),
    inverse.create({ invert: true }),
    await inverse.serve('memory:a', { invert: true }),
    await inverse.connect('memory:a', { invert: true }),
  ];
}

export async function use(there: There): Promise<void> {
  const text: string = await there.echo(null, { text: 'a' });
  const pong: 'pong' = await there.remote.ping();
  const nothing: void = await there.remote.forget();
  const count: number = await there.remote.house.attic.join({ nick: text });
  for await (const tick of there.remote.ticks({ n: count })) tick.getTime();
  there.remote.log(pong, text);
  there.hello.connect((sender, { who }) => void [sender.id, who.length, nothing]);
  there.implement({
    hello() {},
    add: (_sender, a, b) => a + (b ?? 0),
    lines: function* (_sender, from) {
      yield String(from);
    },
    room: { left() {} },
    news: { headline() {} },
    house: { hall: { left() {} }, attic: { left() {} } },
  });
}
