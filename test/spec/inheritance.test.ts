import { incoming, namespace, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Side } from 'obverse';
import { describe, expect, it } from 'vitest';
import { talk } from './talk.js';

const log: string[] = [];

class Base extends RemoteAPI {
  @incoming({ hasReply: true, timeout: 5_000, summary: 'Asks.' }) ask(
    _sender: Sender,
    _args: { n: number },
  ): Reply<number> {
    log.push('Base.ask');
  }
  @outgoing said(_receivers: Receivers, _args: { text: string }): void {
    log.push('Base.said');
  }
  @incoming kept(_sender: Sender): void {
    log.push('Base.kept');
  }
}

class Derived extends Base {
  override ask(sender: Sender, args: { n: number }): Reply<number> {
    log.push('Derived.ask');
    if (args.n < 0) return;
    super.ask(sender, args);
  }
  @outgoing({ name: 'spoken', deprecated: true }) override said(receivers: Receivers, args: { text: string }): void {
    log.push('Derived.said');
    super.said(receivers, args);
  }
  @incoming more(_sender: Sender): void {}
}

class Third extends Derived {
  override said(_receivers: Receivers, _args: { text: string }): void {
    log.push('Third.said');
  }
}

describe('a decorator', () => {
  it('is inherited by an override without one', () => {
    expect(Derived.describe().find(({ path }) => path === 'ask')).toEqual({
      path: 'ask',
      method: 'ask',
      direction: 'incoming',
      kind: 'request',
      timeout: 5_000,
      summary: 'Asks.',
    });
  });

  it('of an override replaces the inherited one, and is inherited in turn', () => {
    const said = { path: 'said', direction: 'outgoing', kind: 'notification' };
    expect(Base.describe()).toContainEqual({ ...said, method: 'said' });
    expect(Derived.describe()).toContainEqual({ ...said, method: 'spoken', deprecated: true });
    expect(Third.describe()).toContainEqual({ ...said, method: 'spoken', deprecated: true });
  });

  it('can reverse the direction of a method', () => {
    class Turned extends Base {
      @outgoing override kept(_receivers: Receivers): void {}
    }
    expect(Turned.describe()).toContainEqual({
      path: 'kept',
      method: 'kept',
      direction: 'outgoing',
      kind: 'notification',
    });
  });

  it('keeps the order of the classes, the farthest first', () => {
    expect(Third.describe().map(({ path }) => path)).toEqual(['ask', 'said', 'kept', 'more']);
  });
});

describe('an override', () => {
  it('is the body, and can call the inherited body', async () => {
    await using sides = await talk(Derived);
    log.length = 0;
    sides.here.ask.connect((_sender, { n }) => n + 1);
    expect(await sides.there.ask(null, { n: 1 })).toBe(2);
    expect(log.splice(0)).toEqual(['Derived.ask', 'Base.ask']);
    expect(await sides.there.ask(null, { n: -1 })).toBe(0);
    expect(log.splice(0)).toEqual(['Derived.ask']);
    sides.here.said(null, { text: 'x' });
    expect(log.splice(0)).toEqual(['Derived.said', 'Base.said']);
  });

  it('of an override is the body', async () => {
    await using sides = await talk(Third);
    log.length = 0;
    const heard: string[] = [];
    sides.there.said.connect((_sender, { text }) => heard.push(text));
    sides.here.kept.connect(() => log.push('handler'));
    sides.here.said(null, { text: 'x' });
    sides.here.ask.connect(() => 1);
    await sides.there.ask(null, { n: -1 });
    sides.there.kept(null);
    await sides.settled();
    expect(log).toEqual(['Third.said', 'Derived.ask', 'Base.kept', 'handler']);
    expect(heard).toEqual(['x']);
  });

  it('does not change the class that it extends', async () => {
    Third.describe();
    await using sides = await talk(Base);
    log.length = 0;
    sides.here.said(null, { text: 'x' });
    expect(log).toEqual(['Base.said']);
  });
});

describe('a namespace', () => {
  class Room extends RemoteAPI {
    @incoming({ hasReply: true }) join(_sender: Sender): Reply<string> {}
  }
  class Hall extends Room {
    @incoming({ hasReply: true }) leave(_sender: Sender): Reply<string> {}
  }
  class House extends RemoteAPI {
    readonly room: Room = namespace(Room);
  }
  class Palace extends House {
    override readonly room: Hall = namespace(Hall);
  }

  it('is inherited, and can be overridden', async () => {
    class Hut extends House {}
    expect(Hut.describe().map(({ method }) => method)).toEqual(['room.join']);
    expect(Palace.describe().map(({ method }) => method)).toEqual(['room.join', 'room.leave']);
    await using sides = await talk(Palace);
    sides.here.room.implement({ join: () => 'in', leave: () => 'out' });
    expect([await sides.there.room.join(null), await sides.there.remote.room.leave()]).toEqual(['in', 'out']);
  });
});

describe('a member without a decorator', () => {
  class Chat extends RemoteAPI {
    #count = 0;
    @outgoing said(_receivers: Receivers, args: { text: string }): void {
      this.refuse(args.text);
      this.#count++;
    }
    refuse(text: string): void {
      if (text === '') throw new RangeError('say something');
    }
    get count(): number {
      return this.#count;
    }
  }

  it('can be used by the bodies on both sides, and cannot be called by the peer', async () => {
    await using sides = await talk(Chat);
    const own = sides.here as Side<Chat> & Pick<Chat, 'refuse' | 'count'>;
    sides.here.said(null, { text: 'x' });
    expect(own.count).toBe(1);
    expect(() => own.refuse('')).toThrow(new RangeError('say something'));
    expect((sides.there as unknown as Chat).count).toBe(0);
    const { remote } = sides.there as unknown as { remote: { refuse?: unknown } };
    expect(remote.refuse).toBeUndefined();
  });
});
