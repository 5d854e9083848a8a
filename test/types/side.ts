import type {
  Endpoint,
  Gather,
  Gathered,
  Gathering,
  Handlers,
  Incoming,
  IncomingWithSecurityInfo,
  Items,
  Peer,
  Receivers,
  Remote,
  SecurityInfo,
  Sender,
  Side,
  StreamSource,
} from 'obverse';
import type { Reserved } from '../../src/types/reserved.js';
import type { Equal, Expect } from './equal.js';
import { Chat, type Room } from './spec.js';

/** The members of a side that come from its spec. */
type Own<S> = Exclude<keyof Side<S>, keyof Endpoint<S>>;
type Here = Side<Chat>;

export type Members = [
  Expect<
    Equal<
      Own<Chat>,
      'notify' | 'hello' | 'echo' | 'add' | 'log' | 'forget' | 'ticks' | 'lines' | 'ping' | 'room' | 'news' | 'house'
    >
  >,
  Expect<Equal<Here['notify'], Incoming<Chat['notify']>>>,
  Expect<Equal<Here['ping'], Incoming<Chat['ping']>>>,
  Expect<Equal<keyof Here['house']['attic'], keyof Here['house']['hall']>>,
  // A namespace is not a side of its own: it is opened and closed with the side that has it.
  Expect<Equal<Extract<keyof Here['room'], 'close' | 'open' | 'peers'>, never>>,
  Expect<
    Equal<
      Extract<keyof Here['room'], 'implement' | 'to' | 'remote' | 'gather'>,
      'implement' | 'to' | 'remote' | 'gather'
    >
  >,
];

/**
 * Names that a spec must not use for methods, in addition to the keys of an object and those that would make a side a
 * promise or a view.
 */
type OtherNames =
  | 'then'
  | 'detailed'
  | 'onMessageError'
  | 'constructor'
  | 'toString'
  | 'toLocaleString'
  | 'valueOf'
  | 'hasOwnProperty'
  | 'isPrototypeOf'
  | 'propertyIsEnumerable';
export type ReservedNames = Expect<Equal<Exclude<Reserved, OtherNames>, keyof Endpoint<unknown>>>;

export type Calls = [
  Expect<Equal<Parameters<Here['hello']>, [receivers: Receivers, _args: { who: string }]>>,
  Expect<Equal<ReturnType<Here['hello']>, void>>,
  Expect<Equal<Parameters<Here['add']>, [receivers: Receivers, _a: number, _b?: number | undefined]>>,
  Expect<Equal<ReturnType<Here['add']>, Promise<number>>>,
  Expect<Equal<ReturnType<Here['lines']>, Items<string>>>,
];

type Handling<M extends keyof Here> = Here[M] extends { connect(handler: infer H): unknown } ? H : never;
export type Handling_ = [
  Expect<Equal<Handling<'notify'>, (sender: Sender, _args: { text: string }) => void>>,
  Expect<Equal<Handling<'echo'>, (sender: Sender, _args: { text: string }) => string | Promise<string>>>,
  Expect<Equal<Handling<'log'>, (sender: Sender, ..._lines: string[]) => void>>,
  Expect<Equal<Handling<'forget'>, (sender: Sender, _args?: { all?: boolean }) => void | Promise<void>>>,
  Expect<
    Equal<Handling<'ticks'>, (sender: Sender, _args: { n: number }) => StreamSource<Date> | Promise<StreamSource<Date>>>
  >,
  Expect<Equal<ReturnType<Here['notify']['connect']>, () => void>>,
];

type WithSecurityInfo<M> = IncomingWithSecurityInfo<M> extends { connect(handler: infer H): unknown } ? H : never;
export type OfSecurityInfo = [
  Expect<
    Equal<
      Parameters<WithSecurityInfo<Chat['echo']>>,
      [sender: Sender, { text: string }, securityInfo: SecurityInfo | undefined]
    >
  >,
  Expect<Equal<Parameters<WithSecurityInfo<Chat['ping']>>, [sender: Sender, securityInfo: SecurityInfo | undefined]>>,
  // An optional argument is passed as undefined, so that the information is always the last one.
  Expect<
    Equal<
      Parameters<WithSecurityInfo<Chat['forget']>>,
      [sender: Sender, { all?: boolean } | undefined, securityInfo: SecurityInfo | undefined]
    >
  >,
];

export type Views = [
  Expect<Equal<keyof Remote<Chat>, 'hello' | 'add' | 'lines' | 'room' | 'news' | 'house'>>,
  Expect<Equal<Remote<Chat>['add'], (_a: number, _b?: number) => Promise<number>>>,
  Expect<Equal<Remote<Chat>['room'], Remote<Room>>>,
  Expect<Equal<keyof Handlers<Chat>, 'notify' | 'echo' | 'log' | 'forget' | 'ticks' | 'ping' | 'room' | 'house'>>,
  Expect<Equal<keyof Handlers<Chat>['house'], 'hall' | 'attic'>>,
  Expect<Equal<Extract<keyof Gather<Chat>, 'hello' | 'add' | 'lines'>, 'add'>>,
  Expect<Equal<Awaited<Gathering<number>>, Gathered<number>[]>>,
  Expect<Equal<Gather<Chat>['add'], (_a: number, _b?: number) => Gathering<number>>>,
];

/** As in the pages: the types are inferred. */
export async function use(here: Here, peer: Peer, sender: Sender): Promise<void> {
  const heard: string[] = [];
  here.notify.connect((_sender, { text }) => heard.push(text));
  here.notify.connect(async (_sender, { text }) => void heard.push(text));
  here.echo.connect(async (from, { text }) => `${from.peer.id} ${text.toUpperCase()}`);
  here.forget.connect((_sender, args) => void args?.all);
  here.log.connect((_sender, ...lines) => heard.push(...lines));
  here.ticks.connect(async function* (_sender, { n }) {
    for (let k = 0; k < n; k++) yield new Date();
  });
  here.house.attic.join.connect((_sender, { nick }) => nick.length);
  const off = here.ping.connect(() => 'pong');
  off();
  here.ping.disconnect(() => 'pong');
  here.notify.passSecurityInfo().connect((_sender, { text }, securityInfo) => heard.push(text, String(securityInfo)));
  here.notify
    .passSecurityInfo()
    .passSecurityInfo(false)
    .connect((_sender, { text }) => heard.push(text));

  for (const receivers of [null, 'an id', peer, sender, ['an id', peer, sender]] as const) {
    here.hello(receivers, { who: 'x' });
    here.to(receivers).hello({ who: 'x' });
  }
  const sum: number = await here.to(peer, { timeout: 5 }).add(1);
  for await (const line of here.remote.lines(sum)) heard.push(line);
  for (const answer of await here.gather(null).add(1)) {
    if (answer.status === 'fulfilled') heard.push(answer.value.toFixed());
    else heard.push(answer.peer.id, answer.reason.message);
  }
  here
    .implement({
      notify: (_sender, { text }) => heard.push(text),
      ping: () => 'pong',
      echo: (_sender, { text }) => text,
      log() {},
      forget: async () => {},
      ticks: (_sender, { n }) => Array.from({ length: n }, () => new Date()),
      room: { join: (_sender, { nick }) => nick.length },
      house: { hall: { join: async () => 1 }, attic: { join: () => 2 } },
    })
    .on('connect', (joined) => joined.close());
}

/** Handlers can be an instance of a class. */
class RoomHandlers implements Handlers<Room> {
  private readonly nicks = new Set<string>();
  join(_sender: Sender, { nick }: { nick: string }): number {
    return this.nicks.add(nick).size;
  }
}
export const room = (here: Here): Here['room'] => here.room.implement(new RoomHandlers());

export const sides = async (): Promise<Side<Chat>[]> => [
  Chat.create(),
  Chat.create({ timeout: 1 }),
  await Chat.serve('tcp://127.0.0.1:0', { codec: 'jrpc' }),
  await Chat.connect(['tcp://127.0.0.1:1', { url: 'memory:a', name: 'b' }]),
  await Chat.create().open(),
];
