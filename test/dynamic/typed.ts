import type {
  APIClass,
  Arguments,
  Handler,
  Incoming,
  Inverted,
  Items,
  Mounted,
  Peer,
  Sender,
  Side,
  UntypedAPI,
  UntypedMounted,
  UntypedSide,
  WildCall,
} from 'obverse';
import { namespace, RemoteAPI, specFrom } from 'obverse';
import type { Equal, Expect } from '../types/equal.js';
import { Chat, type Room, Stats } from './sides.js';

/*
 * The types of handlers by path, of mounted sides, of calls by path and of specs from data: checked by the compiler only,
 * nothing here runs.
 */
type Here = Side<Chat>;
type There = Side<Inverted<Chat>>;

type Mounting = Mounted<Stats>;
type MountedThere = Mounted<Inverted<Stats>>;
export type Mounts = [
  Expect<Equal<Mounting['count'], Incoming<Stats['count']>>>,
  Expect<Equal<ReturnType<MountedThere['count']>, Promise<number>>>,
  Expect<Equal<ReturnType<MountedThere['remote']['daily']['size']>, Promise<number>>>,
  Expect<Equal<Mounting['peers'], ReadonlyMap<string, Peer>>>,
  // It is opened and closed with the side on which it is mounted.
  Expect<Equal<Extract<keyof Mounting, 'open' | 'close' | 'changeTransport' | symbol>, never>>,
  Expect<Equal<Extract<keyof Here['room'], 'mount' | 'setHandler' | 'callPath'>, 'mount' | 'setHandler' | 'callPath'>>,
];

export async function handlers(here: Here, there: There): Promise<void> {
  here.setHandler('hello', (sender, args) => {
    type _ = [Expect<Equal<typeof sender, Sender>>, Expect<Equal<typeof args, { name: string }>>];
    return args.name;
  });
  here.setHandler('room.join', (_sender, { name }) => name.length);
  here.room.setHandler('attic.size', async () => 1);
  here.room.attic.setHandler('size', () => 1);
  here.setHandler('ticks', function* (_sender, { n }) {
    yield n;
  });
  there.setHandler('add', (_sender, a, b) => a + b);
  there.setHandler('room.said', (_sender, { text }) => void text.length);
  here.setHandler('hello', null);
  // @ts-expect-error It returns a text.
  here.setHandler('hello', () => 7);
  // @ts-expect-error Its argument has no age.
  here.room.setHandler('join', (_sender, { age }) => age);
  // @ts-expect-error A namespace of the path.
  here.setHandler('room.attic.size', () => 'much');
  // @ts-expect-error undefined is not a handler.
  here.setHandler('hello', undefined);

  // Methods that are not declared, or not in this direction, may be anything.
  here.setHandler('nowhere.to', (sender, a: number, b?: string) => `${sender.id} ${a} ${b}`);
  here.setHandler('add', (_sender, a, b) => a + b);
  const path: string = 'hello';
  here.setHandler(path, (_sender, ...args) => args.length);

  for (const wild of ['*', 'room.*', 'room.**', '*.join'] as const)
    here.setHandler(wild, (sender, args, call) => {
      type _ = [
        Expect<Equal<typeof sender, Sender>>,
        Expect<Equal<typeof args, Arguments>>,
        Expect<Equal<typeof call, WildCall>>,
      ];
      return there.callPath(call.path, args);
    });
  // @ts-expect-error The arguments of a wildcard are in one list or object.
  here.setHandler('*', (_sender, a: number, b: number) => a + b);
}

export async function mounting(here: Here, there: There): Promise<void> {
  const stats = here.mount('stats', Stats);
  const far = there.mount('stats', Stats.invert(), { defaults: { timeout: 1 } });
  type _ = [Expect<Equal<typeof stats, Mounted<Stats>>>, Expect<Equal<typeof far, Mounted<Inverted<Stats>>>>];
  stats.count.connect((_sender, { of }) => of.length);
  const count: number = await far.remote.count({ of: 'a' });
  stats.changed(null, { to: count });
  stats.mount('deeper', Chat).hello.connect(() => 'hello');
  // @ts-expect-error The handler of daily is missing.
  stats.implement({ count: () => 1 });
  // @ts-expect-error It has no transport of its own.
  stats.close();
  // @ts-expect-error Options of objects are not those of specs.
  here.mount('a', Stats, { methods: [] });

  const stop: () => void = here.mount('calc', { add: (_sender: Sender, a: number, b: number) => a + b });
  here.mount('map', new Map(), { methods: ['get'] });
  stop();
  const was: boolean = here.unmount('calc');
  // @ts-expect-error A text cannot be mounted.
  here.mount('a', 'text');
  const at: string | undefined = here.pathOf(stats.count);
  const what: object | undefined = here.resolvePath(at ?? `${was}`);
  void what;
}

export async function calls(here: Here): Promise<void> {
  const unknown = await here.callPath('x');
  const sum = await here.callPath<number>('x', [1], { to: null, timeout: 1, onProgress: (value) => value });
  const items = here.streamPath<string>('x', { a: 1 });
  const nothing = here.notifyPath('x', []);
  type _ = [
    Expect<Equal<typeof unknown, unknown>>,
    Expect<Equal<typeof sum, number>>,
    Expect<Equal<typeof items, Items<string>>>,
    Expect<Equal<typeof nothing, void>>,
  ];
  // @ts-expect-error Arguments are a list, or an object with their names.
  here.callPath('x', 1);
  // @ts-expect-error Misspelt.
  here.callPath('x', [], { timeot: 1 });
}

export async function fromData(data: string): Promise<void> {
  const Typed = specFrom<Chat>(data);
  const side = await Typed.serve('memory:x');
  const other = Typed.invert();
  const room = specFrom<Room>(data, { name: 'Room' });
  type _ = [
    Expect<Equal<typeof side, Side<Chat>>>,
    Expect<Equal<typeof other, APIClass<Inverted<Chat>>>>,
    Expect<Equal<ReturnType<typeof namespace<Room>>, Room>>,
  ];
  class Outer extends RemoteAPI {
    readonly room = namespace(room);
  }
  const outer = await Outer.serve('memory:y');
  outer.room.join.connect((_sender, { name }) => name.length);
  // @ts-expect-error It returns a number.
  outer.room.join.connect(() => 'much');
  const mounted: Mounted<Chat> = side.mount('more', Typed);
  const far: Mounted<Inverted<Chat>> = side.mount('far', other);

  const Untyped = specFrom(Chat.describe());
  const any = await Untyped.connect('memory:x');
  const inverse: UntypedAPI = Untyped.invert();
  const within: UntypedMounted = mounted.mount('x', Untyped);
  const turned: UntypedMounted = far.mount('x', inverse);
  type __ = [
    Expect<Equal<typeof any, UntypedSide>>,
    // The members of a side keep their types.
    Expect<Equal<(typeof any)['peers'], ReadonlyMap<string, Peer>>>,
    Expect<Equal<ReturnType<(typeof any)['close']>, Promise<void>>>,
  ];
  any.implement({ hello: (_sender, { name }) => name, room: { join: async () => 1 } });
  any.hello.connect((_sender: Sender, { name }: { name: string }) => name);
  await any.remote.add(1, 2);
  await any.to(null, { timeout: 1 }).room.said({ text: '' });
  const [answer] = await any.gather(null).add(1, 2);
  within.on('connect', (peer) => peer.id);
  turned.setHandler('hello', (_sender, { name }) => name);
  void answer?.status;
  await (await any.open()).hello;
  // @ts-expect-error Methods are handled by functions.
  any.implement({ hello: 7 });
  // @ts-expect-error A description is a list, or JSON.
  specFrom({});
}

export type Handling = Handler<Chat['hello']>;
