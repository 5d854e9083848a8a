import {
  type Handlers,
  type Inverted,
  incoming,
  namespace,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  UsageError,
} from 'obverse';
import { describe, expect, it } from 'vitest';
import { talk } from './talk.js';

class Room extends RemoteAPI {
  @incoming({ hasReply: true }) enter(_sender: Sender, _args: { name: string }): Reply<number> {}
  @outgoing left(_receivers: Receivers, _args: { name: string }): void {}
}
class Chat extends RemoteAPI {
  readonly room = namespace(Room);
  @incoming note(_sender: Sender, _args: { text: string }): void {}
  @incoming({ hasReply: true }) count(_sender: Sender): Reply<number> {}
  @outgoing said(_receivers: Receivers, _args: { text: string }): void {}
}

describe('implement', () => {
  it('connects an object of functions, and returns the side', async () => {
    await using sides = await talk(Chat);
    const notes: string[] = [];
    const side = sides.here.implement({
      // The result of a notification's handler is ignored.
      note: (_sender, { text }) => notes.push(text),
      count: async () => notes.length,
      room: { enter: (_sender, { name }) => name.length },
    });
    expect(side).toBe(sides.here);
    sides.there.note(null, { text: 'one' });
    expect(await sides.there.remote.count()).toBe(1);
    expect(await sides.there.remote.room.enter({ name: 'ann' })).toBe(3);
    expect(sides.here.unhandledCalls()).toEqual([]);
  });

  it('connects the functions themselves, so that they can be disconnected', async () => {
    await using sides = await talk(Chat);
    const handlers: Handlers<Chat> = { note() {}, count: () => 1, room: { enter: () => 2 } };
    sides.here.implement(handlers);
    sides.here.count.disconnect(handlers.count);
    expect(sides.here.unhandledCalls()).toEqual(['count']);
  });

  it('connects an instance of a class, which is `this` in its methods', async () => {
    class RoomHandlers implements Handlers<Room> {
      readonly #names: string[] = [];
      enter(_sender: Sender, { name }: { name: string }): number {
        return this.#names.push(name);
      }
    }
    class Kept {
      protected readonly notes: string[] = [];
      note(_sender: Sender, { text }: { text: string }): void {
        this.notes.push(text);
      }
    }
    class ChatHandlers extends Kept implements Handlers<Chat> {
      readonly room = new RoomHandlers();
      readonly count = (): number => this.notes.length;
      helper(): void {}
    }
    await using sides = await talk(Chat);
    sides.here.implement(new ChatHandlers());
    sides.there.note(null, { text: 'one' });
    expect(await sides.there.remote.count()).toBe(1);
    expect(await sides.there.remote.room.enter({ name: 'ann' })).toBe(1);
    expect(await sides.there.remote.room.enter({ name: 'bob' })).toBe(2);
  });

  it('connects a module, or an object without a prototype', async () => {
    await using sides = await talk(Chat);
    const handlers = Object.assign(Object.create(null), { count: () => 5 });
    sides.here.implement(handlers);
    expect(await sides.there.remote.count()).toBe(5);
    expect(() => sides.here.implement(Object.assign(Object.create(null), { cuont: () => 5 }))).toThrow(
      new UsageError('cuont is not an incoming method of this side'),
    );
  });

  it('accepts the incoming methods of the inverted side', async () => {
    await using sides = await talk(Chat);
    const handlers: Handlers<Inverted<Chat>> = { said() {}, room: { left() {} } };
    expect(sides.there.implement(handlers)).toBe(sides.there);
    expect(() => sides.there.implement({ ...handlers, note() {} } as never)).toThrow(
      /^note is outgoing on this side.* To handle it, use the class itself, Chat, and not Chat\.invert\(\)$/,
    );
  });

  it('connects nothing if one name is wrong', async () => {
    await using sides = await talk(Chat);
    expect(() => sides.here.implement({ count: () => 1, said() {} } as never)).toThrow(
      /^said is outgoing on this side.* To handle it, use the inverted class, Chat\.invert\(\)$/,
    );
    expect(() => sides.here.implement({ count: () => 1, room: { entr: () => 1 } } as never)).toThrow(UsageError);
    expect(() => sides.here.implement({ note() {}, count: 5 } as never)).toThrow(/a handler must be a function, not 5/);
    expect(sides.here.unhandledCalls()).toEqual(['note', 'count', 'room.enter']);
  });

  it('requires an object', async () => {
    await using sides = await talk(Chat);
    for (const wrong of [undefined, null, 5, () => 1]) {
      expect(() => sides.here.implement(wrong as never)).toThrow(/^the handlers of a side must be an object, not /);
    }
  });
});
