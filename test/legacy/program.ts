/**
 * A conversation that uses everything a spec can have, with the same meaning in both dialects of decorators. It is
 * compiled and run in each of them, by each compiler, and prints what it finds.
 */
import {
  declareMethods,
  incoming,
  namespace,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  UsageError,
} from 'obverse';

class Room extends RemoteAPI {
  visits = 0;
  /** The validator of this namespace applies only to this namespace. */
  @incoming({ hasReply: true }) enter(_sender: Sender, _args: { name: string }): Reply<number> {
    this.visits++;
  }
  @outgoing left(_receivers: Receivers, _args: { name: string }): void {}
}

class Base extends RemoteAPI {
  @incoming({ hasReply: true, name: 'ping!' }) ping(_sender: Sender): Reply<string> {}
  @incoming({ hasReply: true, timeout: 5_000 }) whoami(_sender: Sender): Reply<string> {}
  @outgoing told(_receivers: Receivers, _args: { text: string }): void {}
}

class Chat extends Base {
  readonly hall = namespace(Room);
  readonly attic = namespace(Room, { name: 'roof' });
  readonly longest = 10;
  #said = 0;

  @incoming() note(_sender: Sender, _args: { text: string }): void {}
  override whoami(_sender: Sender): Reply<string> {}
  @outgoing({ hasReply: true, params: ['a', 'b'] }) add(_receivers: Receivers, _a: number, _b = 1): Reply<number> {}
  @outgoing({ hasReply: true, allowPositionalArgs: true }) join(_to: Receivers, ..._texts: string[]): Reply<string> {}
  @incoming({ hasReply: true }) pick<K extends string>(
    _sender: Sender,
    _args: { key: K },
  ): Reply<{ [P in K]: number }> {}
  @outgoing say(this: Chat, _receivers: Receivers, args: { text: string }): void {
    if (args.text.length > this.longest) throw new RangeError(`at most ${this.longest} letters`);
    this.#said++;
  }
  twice(_receivers: Receivers, _args: { text: string }): Reply<string>;
  twice(_receivers: Receivers, _args: { number: number }): Reply<number>;
  @outgoing({ hasReply: true }) twice(_receivers: Receivers, _args: object): Reply<string | number> {}
  get said(): number {
    return this.#said;
  }
}

class Plain extends RemoteAPI {
  ask(_sender: Sender, _args: { n: number }): Reply<number> {}
}
declareMethods(Plain, { ask: incoming({ hasReply: true }) });

class Primitive extends RemoteAPI {
  // @ts-expect-error a single value that is not an object needs a name
  @incoming text(_sender: Sender, _text: string): void {}
}

function refused(make: () => unknown): string {
  try {
    make();
    return '';
  } catch (error) {
    return error instanceof UsageError ? error.message : String(error);
  }
}

const found: Record<string, unknown> = {};
{
  await using here = await Chat.serve('memory:program');
  await using there = await Chat.invert().connect('memory:program');
  const notes: string[] = [];
  here.note.connect((_sender, { text }) => notes.push(text));
  here.implement({
    note() {},
    ping: () => 'pong',
    whoami: (sender) => sender.id,
    pick: (_sender, { key }) => ({ [key]: key.length }),
    hall: { enter: (_sender, { name }) => name.length },
    attic: { enter: async (_sender, { name }) => -name.length },
  });
  there.implement({
    add: (_sender, a, b) => a + (b ?? 100),
    join: (_sender, ...texts) => texts.join('+'),
    say: (_sender, { text }) => notes.push(text),
    told: (_sender, { text }) => notes.push(text),
    twice: (_sender, { number }) => number * 2,
    hall: { left() {} },
    attic: { left() {} },
  });
  there.note(null, { text: 'a note' });
  found.ping = await there.remote.ping();
  found.whoami = typeof (await there.remote.whoami());
  found.pick = await there.remote.pick({ key: 'abc' });
  found.rooms = [await there.remote.hall.enter({ name: 'ann' }), await there.attic.enter(null, { name: 'ann' })];
  found.visits = [here, there].map((side) => {
    const { hall, attic } = side as unknown as { hall: Room; attic: Room };
    return [hall.visits, attic.visits];
  });
  found.add = [await here.add(null, 1, 2), await here.remote.add(1)];
  found.join = await here.remote.join('a', 'b', 'c');
  found.twice = await here.remote.twice({ number: 21 });
  here.say(null, { text: 'short' });
  here.told(null, { text: 'told' });
  found.tooLong = refused(() => here.say(null, { text: 'rather too long' }));
  await here.remote.add(0, 0);
  found.notes = notes;
  found.said = (here as unknown as Chat).said;
}
found.plain = Plain.describe();
found.primitive = refused(() => Primitive.create());
found.table = Chat.describe().map(({ method, direction, kind }) => `${method} ${direction} ${kind}`);
console.log(JSON.stringify(found));
