import {
  incoming,
  isOneOf,
  namespace,
  outgoing,
  type Receivers,
  RemoteAPI,
  RemoteError,
  type Reply,
  RpcError,
  type Sender,
  UsageError,
} from 'obverse';
import { describe, expect, it } from 'vitest';
import { failure } from '../support/core-waiting.js';
import type { Equal, Expect } from '../types/equal.js';
import { ways } from './shelf.js';

class NotFound extends Error {
  constructor(readonly what: string) {
    super(`no ${what}`);
  }
}
class Full extends RpcError {
  constructor(readonly seats: number) {
    super(`all ${seats} seats are taken`, 4_001);
  }
}
const joinErrors = [NotFound, Full] as const;

class Lost extends NotFound {}

class Room extends RemoteAPI {
  @incoming({ hasReply: true, errors: [Full] }) sit(_sender: Sender): Reply<null> {}
  @outgoing({ hasReply: true, errors: [Lost] }) find(_to: Receivers, _args: { what: string }): Reply<null> {}
}
class Chat extends RemoteAPI {
  @incoming({ hasReply: true, errors: joinErrors }) join(_sender: Sender, _args: { room: string }): Reply<number> {}
  readonly room = namespace(Room);
}

describe('the errors of a method', () => {
  it.each(ways)('arrive as instances of their classes, and narrow in catch, over $codec', async ({ at, codec }) => {
    await using chat = await Chat.serve(at(), { codec, errors: 'hidden', logger: null });
    chat.join.connect((_sender, { room }) => {
      if (room === 'full') throw new Full(3);
      throw new NotFound(room);
    });
    await using visitor = await Chat.invert().connect(chat.address, { codec });
    const told: unknown[] = [];
    for (const room of ['full', 'attic']) {
      try {
        await visitor.remote.join({ room });
      } catch (error) {
        if (!isOneOf(error, joinErrors)) throw error;
        type _Both = Expect<Equal<typeof error, NotFound | Full>>;
        told.push(error instanceof Full ? error.seats : error.what);
      }
    }
    expect(told).toEqual([3, 'attic']);
  });

  it('apply in both directions, and in namespaces', async () => {
    await using chat = await Chat.serve('memory:namespaces', { logger: null });
    chat.room.sit.connect(() => {
      throw new Full(1);
    });
    await using visitor = await Chat.invert().connect('memory:namespaces');
    visitor.room.find.connect((_sender, { what }) => {
      throw new Lost(what);
    });
    expect(await failure(visitor.room.remote.sit())).toBeInstanceOf(Full);
    const lost = await failure<Lost>(chat.room.remote.find({ what: 'ann' }));
    expect(lost).toBeInstanceOf(Lost);
    expect(lost.what).toBe('ann');
  });

  it('add to those of the side, under the names of the method', async () => {
    const errorClasses = { 'chat.NotFound': NotFound };
    await using chat = await Chat.serve('memory:beside', { errorClasses, logger: null });
    chat.join.connect(() => {
      throw new NotFound('x');
    });
    await using visitor = await Chat.invert().connect('memory:beside', { errorClasses });
    await using other = await Chat.invert().connect('memory:beside');
    expect(await failure(visitor.remote.join({ room: '' }))).toBeInstanceOf(NotFound);
    expect(await failure(other.remote.join({ room: '' }))).toMatchObject({ remoteName: 'chat.NotFound' });
  });

  it('are refused if two have the same name', () => {
    const Other = { NotFound: class NotFound extends Error {} }.NotFound;
    class Twice extends RemoteAPI {
      @incoming({ hasReply: true, errors: [NotFound] }) a(_sender: Sender): Reply<null> {}
      @incoming({ hasReply: true, errors: [Other] }) b(_sender: Sender): Reply<null> {}
    }
    expect(() => Twice.create()).toThrow(UsageError);
    expect(() => Twice.create()).toThrow('the option "errors" of b: two classes have the name NotFound');
    expect(() => Chat.create({ errorClasses: [Other] })).toThrow(
      'the option "errors" of join: two classes have the name',
    );
    expect(() => Twice.create({ errorClasses: { NotFound, 'b.NotFound': Other } })).not.toThrow();
  });

  it('are refused if they are not error classes', () => {
    class Wrong extends RemoteAPI {
      @incoming({ hasReply: true, errors: [class Plain {} as never] }) a(_sender: Sender): Reply<null> {}
    }
    expect(() => Wrong.create()).toThrow('the option "errors" of a: expected classes that extend Error');
  });
});

describe('isOneOf', () => {
  it('is true for instances only', () => {
    expect(isOneOf(new NotFound('x'), joinErrors)).toBe(true);
    expect(isOneOf(new (class extends NotFound {})('x'), joinErrors)).toBe(true);
    for (const none of [new RemoteError('x', 1, undefined, 'NotFound'), new Error('NotFound'), undefined, NotFound])
      expect(isOneOf(none, joinErrors)).toBe(false);
    expect(isOneOf(new NotFound('x'), [])).toBe(false);
  });

  it('accepts an inline list', () => {
    const error: unknown = new Full(2);
    expect(isOneOf(error, [NotFound, Full]) && 'seats' in error && error.seats).toBe(2);
    if (isOneOf(error, [Full])) {
      type _One = Expect<Equal<typeof error, Full>>;
    }
  });
});
